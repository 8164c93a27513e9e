// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"unicode"
)

// printTable lays rows out as C, in lines of at most 79 columns.
func printTable(head string, rows []string) {
	line := "\t"
	fmt.Printf("static const struct %s[] = {\n", head)
	for _, row := range rows {
		if len(line)+7+len(row) > 78 {
			fmt.Println(strings.TrimRight(line, " "))
			line = "\t"
		}
		line += row + ", "
	}
	fmt.Printf("%s\n};\n\n", strings.TrimRight(line, " "))
}

// printRanges tells which runes beyond ASCII satisfy is.
func printRanges(name string, is func(rune) bool) {
	var rows []string
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !is(r) {
			continue
		}
		first := r
		for r < unicode.MaxRune && is(r+1) {
			r++
		}
		rows = append(rows, fmt.Sprintf("{ 0x%04x, 0x%04x }", first, r))
	}
	printTable("range "+name, rows)
}

// folded gives the least rune that strings.EqualFold holds equal to r.
func folded(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f < least {
			least = f
		}
	}
	return least
}

// printFolds tells which runs of runes fold by the same distance; a run steps
// by one or two.
func printFolds() {
	var rows []string
	for r := rune(0); r <= unicode.MaxRune; r++ {
		delta := r - folded(r)
		if delta == 0 {
			continue
		}
		same := func(r rune) bool {
			return r <= unicode.MaxRune && r-folded(r) == delta
		}
		last, step := r, rune(1)
		if !same(r+1) && same(r+2) {
			step = 2
		}
		for same(last+step) && (step == 1 || !same(last+1)) {
			last += step
		}
		rows = append(rows,
			fmt.Sprintf("{ 0x%04x, 0x%04x, %d, %d }", r, last, step, delta))
		r = last
	}
	printTable("fold folds", rows)
}

func printTables() {
	fmt.Printf("/* Unicode %s */\n", unicode.Version)
	printRanges("letters", unicode.IsLetter)
	printRanges("digits", unicode.IsDigit)
	printFolds()
}
