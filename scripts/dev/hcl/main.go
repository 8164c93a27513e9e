// SPDX-License-Identifier: Apache-2.0

// What hashicorp/hcl makes of a text, for the tests of our own reader.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/hashicorp/hcl"
)

// decode gives the JSON of text's value.  A panic is an error like another.
func decode(text string) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	var value map[string]interface{}
	if err = hcl.Decode(&value, text); err != nil {
		return "", err
	}
	bytes, err := json.Marshal(value)
	return string(bytes), err
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "hcl-oracle:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, `usage: hcl-oracle golden CASES...
       hcl-oracle compare HCL-DUMP SECONDS [CASES...]
       hcl-oracle show [FILE]
       hcl-oracle tables`)
	os.Exit(2)
}

func show(path string) {
	text, err := os.ReadFile(path)
	fail(err)
	out, err := decode(string(text))
	fail(err)
	fmt.Println(out)
}

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	args := os.Args[2:]
	switch {
	case os.Args[1] == "golden" && len(args) > 0:
		for _, path := range args {
			fail(refresh(path))
		}
	case os.Args[1] == "compare" && len(args) >= 2:
		seconds, err := strconv.Atoi(args[1])
		fail(err)
		compare(args[0], seconds, args[2:])
	case os.Args[1] == "show" && len(args) < 2:
		show(append(args, "/dev/stdin")[0])
	case os.Args[1] == "tables":
		printTables()
	default:
		usage()
	}
}
