// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// A case file is a row of
//
//	--- name
//	the text, of which the last newline is not part, with %XX for bytes
//	+++ its value as JSON, or the word error
type testCase struct {
	name, text, want string
}

var escape = regexp.MustCompile(`%[0-9A-F]{2}`)

func unescape(s string) string {
	return escape.ReplaceAllStringFunc(s, func(x string) string {
		b, _ := strconv.ParseUint(x[1:], 16, 8)
		return string([]byte{byte(b)})
	})
}

// readCases calls each for every case; where gives the line of its "+++".
func readCases(path string, each func(c testCase, where int)) ([]string, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(bytes), "\n")
	var c testCase
	var body []string
	open := false
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "--- "):
			if open {
				return nil, fmt.Errorf("%s:%d: no +++ before", path, i+1)
			}
			open, body, c.name = true, nil, line[4:]
		case strings.HasPrefix(line, "+++") && open:
			open = false
			c.text = unescape(strings.Join(body, "\n"))
			c.want = strings.TrimPrefix(strings.TrimPrefix(line, "+++"), " ")
			each(c, i)
		case open:
			body = append(body, line)
		}
	}
	return lines, nil
}

// refresh writes what the Go module says into a case file.
func refresh(path string) error {
	wants := map[int]string{}
	names := map[string]bool{}
	lines, err := readCases(path, func(c testCase, where int) {
		out, err := decode(c.text)
		if err != nil {
			out = "error"
		}
		if names[c.name] {
			fmt.Fprintf(os.Stderr, "%s: two cases %q\n", path, c.name)
		}
		names[c.name] = true
		wants[where] = "+++ " + out
	})
	if err != nil {
		return err
	}
	for i, want := range wants {
		lines[i] = want
	}
	fmt.Printf("%s: %d cases\n", path, len(wants))
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644)
}
