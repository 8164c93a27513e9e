// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// dumper is a running hcl-dump --batch.
type dumper struct {
	in  io.Writer
	out *bufio.Reader
}

func startDumper(path string) *dumper {
	cmd := exec.Command(path, "--batch")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	fail(err)
	out, err := cmd.StdoutPipe()
	fail(err)
	fail(cmd.Start())
	return &dumper{in, bufio.NewReaderSize(out, 1<<20)}
}

func (d *dumper) decode(text string) string {
	_, err := fmt.Fprintf(d.in, "%d\n%s", len(text), text)
	fail(err)
	line, err := d.out.ReadString('\n')
	if err != nil {
		fmt.Fprintf(os.Stderr, "hcl-dump died of %q\n", text)
	}
	fail(err)
	return strings.TrimSuffix(line, "\n")
}

var ofBounds = regexp.MustCompile(`^error: \d+:\d+: expected (at most \d+ ` +
	`(objects and lists|keys)|a configuration of at most)`)
var ofString = regexp.MustCompile(`^error: \d+:\d+: found .* in this string$`)
var ofShape = regexp.MustCompile(`^error: \d+:\d+: `)

// verdict is "" if both agree, else the name of a known deviation, or what
// the Go module said.
func (d *dumper) verdict(text string) (string, string) {
	got := d.decode(text)
	want, err := decode(text)
	isError := strings.HasPrefix(got, "error: ")
	if isError && !ofShape.MatchString(got) {
		return "an error without a position", got
	}
	switch {
	case err != nil && isError, err == nil && got == want:
		return "", got
	case err == nil && ofBounds.MatchString(got):
		return "bounds", got
	case err == nil && ofString.MatchString(got):
		if _, err = decode(text + "\n1"); err != nil {
			return "panics once its key has a value", got
		}
		return want, got
	case err == nil:
		return want, got
	}
	ended, endedErr := decode(text + "\n")
	if strings.Contains(err.Error(), "heredoc not terminated") &&
		endedErr == nil && ended == got {
		return "heredoc at the end", got
	}
	return err.Error(), got
}

func isKnown(verdict string) bool {
	switch verdict {
	case "", "bounds", "heredoc at the end", "panics once its key has a value":
		return true
	}
	return false
}

// shrink cuts pieces out of text as long as the two still differ.
func (d *dumper) shrink(text string) string {
	for size := len(text) / 2; size > 0; {
		cut := false
		for i := 0; i+size <= len(text); i++ {
			shorter := text[:i] + text[i+size:]
			if v, _ := d.verdict(shorter); !isKnown(v) {
				text, cut = shorter, true
				break
			}
		}
		if !cut {
			size /= 2
		} else if size > len(text) {
			size = len(text)
		}
	}
	return text
}

func compare(path string, seconds int, caseFiles []string) {
	d := startDumper(path)
	var seeds []string
	for _, file := range caseFiles {
		_, err := readCases(file, func(c testCase, _ int) {
			seeds = append(seeds, c.text)
		})
		fail(err)
	}
	seed := time.Now().UnixNano()
	g := &generator{rand.New(rand.NewSource(seed)), seeds}
	fmt.Printf("seed %d, %d texts to begin with\n", seed, len(seeds))

	counts := map[string]int{}
	total, accepted := 0, 0
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	for total < len(seeds) || time.Now().Before(end) {
		text := ""
		if total < len(seeds) {
			text = seeds[total]
		} else {
			text = g.text()
		}
		total++
		verdict, got := d.verdict(text)
		if !strings.HasPrefix(got, "error") {
			accepted++
		}
		if !isKnown(verdict) {
			text = d.shrink(text)
			verdict, got = d.verdict(text)
			fmt.Printf("text  %q\n  go   %s\n  ours %s\n", text, verdict, got)
			verdict = "DIFFERENT"
		}
		counts[verdict]++
		if counts["DIFFERENT"] > 20 {
			break
		}
	}
	fmt.Printf("%d texts, %d accepted\n", total, accepted)
	for verdict, n := range counts {
		if verdict == "" {
			verdict = "same"
		}
		fmt.Printf("%9d %s\n", n, verdict)
	}
	if counts["DIFFERENT"] > 0 {
		os.Exit(1)
	}
}
