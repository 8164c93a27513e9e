// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"math/rand"
	"strings"

	"github.com/hashicorp/hcl"
	"github.com/hashicorp/hcl/hcl/printer"
)

type generator struct {
	*rand.Rand
	seeds []string
}

func (g *generator) one(of []string) string {
	return of[g.Intn(len(of))]
}

var keys = []string{
	"a", "b", "a", "b", "A", "foo", "foo-bar", "a.b", "_x", "é", "É", "K",
	"\u212a", "\"a\"", "\"b\"", "\"A\"", "\"\"", "\"x y\"", "\"\\u0061\"",
	"\"${a}\"", "\"\\x80\"", "\"\\x81\"", "true1", "x2", "ſ", "s", "\"S\"",
}

var numbers = []string{
	"0", "1", "-1", "01", "07", "08", "018", "0x1F", "0X", "0xg", "1.5",
	"1.", ".5", "-.5", "-0", "-0.0", "1e3", "1E+3", "1e-7", "1e21", "1e20",
	"123456789012345680000.0", "1e", "1e+", "1.e2", ".5e", ".5e1", "0e1", "00",
	"0.1", "9223372036854775807", "9223372036854775808", "1e400", "1e-400",
	"-9223372036854775808", "5.684341886080802e-14", "100000.0", "0.000001",
	"0.0000001", "1234.5678", "4.9e-324", "00.5", "019.5", "0b1", "0o7", "1_0",
	"2.2250738585072014e-308", "1.7976931348623157e308", "-", "+1", "1a",
}

var strs = []string{
	`"x"`, `"1"`, `"0x1f"`, `"1_000"`, `"0b11"`, `"-5"`, `"+5"`, `"08"`, `""`, `"<&>"`,
	`"\n\t\\\""`, `"\a\b\f\v\r"`, `"\x41\x80"`, `"\101"`, `"\377"`, `"\400"`,
	`"\u00e9"`, `"\ud83d\ude00"`, `"\U0001F600"`, `"\U00110000"`, `"\UFFFFFFFF"`,
	`"\u2028"`, `"\u00zz"`, `"\x4"`, `"\q"`, `"\/"`, `"\'"`, `"'"`, `"${x}"`,
	`"${f("a")}"`, `"a${b{c}d}e"`, `"${"`, `"$${x}"`, `"$"`, `"{"`, `"}"`,
	`"${a\"b}"`, "\"${a\nb}\"", "\"a\nb\"", "\"\t\"", "\"é\u2028\ufffd\"",
	"\"${\ufffd}\"", "\"\x01\x7f\"", `"${\x}"`, `"\08"`, `"\1"`, "\"\xff\"",
	"<<E\nx\ny\nE\n", "<<-E\n  x\n   y\n  E\n", "<<-E\n x\n   E\n",
	"<<E\n  E\n", "<<-E\n\tE\n", "<<E\nE\n", "<<-E\nE\n", "<<-E\nx\nE", "<<E\nx\nE",
	"<<E\r\nx\r\nE\r\n", "<<E\nx\nE\r\n", "<<E\nx\nE\r\r\n", "<<E\r\r\nx\r\r\nE\r\r\n",
	"<<-é1\n x\n é1\n", "<<\nx\n\n", "<<-\nx\n-\n", "< E", "<<E x\nE\n", "<<E\nEE\nE\n",
	"<<-E\n  x\n\n  E\n", "<<-E\n\v\f E\n", "<<\r\nx\r\n", "<<\r\r\nx\n\r\r\n",
}

var spaces = []string{
	" ", " ", " ", "", "\n", "\n", "\t", "\r", "\r\n", "\r\r\n", "# c\n", "// c\r\n",
	"/* c */", "/* c\n*/", "/**/", "/*/", "#\xff\n", "\v", "\u00a0", "/", "# c",
}

var soup = []string{
	"=", "=", "{", "}", "[", "]", ",", ",", ":", ".", "-", "+", ";", "null",
	"true", "false", "\x00", "\ufeff", "\ue123", "\xff", "<", "\"", "$", "'", "\\",
}

func (g *generator) space() string {
	if g.Intn(4) > 0 {
		return " "
	}
	return g.one(spaces[:len(spaces)-g.Intn(2)*7])
}

func (g *generator) value(depth int) string {
	switch n := g.Intn(10); {
	case n < 2:
		return g.one(numbers)
	case n < 5:
		return g.one(strs)
	case n == 5:
		return g.one([]string{"true", "false", "null"})
	case n < 8 && depth > 0:
		return g.list(depth - 1)
	case depth > 0:
		return "{" + g.items(depth-1) + "}"
	}
	return g.one([]string{"1", "\"x\"", "2.5", "true"})
}

func (g *generator) list(depth int) string {
	var b strings.Builder
	b.WriteString("[")
	for n := g.Intn(4); n > 0; n-- {
		b.WriteString(g.space() + g.value(depth) + g.space())
		if g.Intn(8) > 0 {
			b.WriteString(",")
		}
	}
	return b.String() + "]"
}

func (g *generator) items(depth int) string {
	var b strings.Builder
	for n := g.Intn(4); n > 0; n-- {
		b.WriteString(g.one(keys) + g.space())
		switch {
		case g.Intn(3) > 0 || depth == 0:
			b.WriteString("=" + g.space() + g.value(depth))
		default:
			for g.Intn(2) > 0 {
				b.WriteString(g.one(keys) + g.space())
			}
			b.WriteString("{" + g.items(depth-1) + "}")
		}
		b.WriteString(g.one([]string{"\n", "\n", "\n", " ", ", ", ",\n", "  # c\n"}))
	}
	return b.String()
}

func (g *generator) jsonKey() string {
	for {
		if k := g.one(keys); k[0] == '"' {
			return k
		}
	}
}

func (g *generator) jsonSpace() string {
	if g.Intn(6) > 0 {
		return ""
	}
	return g.one([]string{" ", "\n", "\t", "\r\n", "\r", "\v", "#", "/", "\u00a0"}[:5+g.Intn(2)*4])
}

func (g *generator) jsonValue(depth int) string {
	switch n := g.Intn(12); {
	case n < 2:
		return g.one(numbers)
	case n < 4:
		return g.one(strs[:40])
	case n == 4:
		return g.one([]string{"true", "false", "null", "nul"})
	case n < 7 && depth > 0:
		return g.jsonList(depth - 1)
	case depth > 0:
		return g.jsonObject(depth - 1)
	}
	return g.one([]string{"1", "\"x\"", "2.5", "true", "{}", "[]"})
}

func (g *generator) jsonList(depth int) string {
	var b strings.Builder
	b.WriteString("[")
	objects := g.Intn(2) > 0
	for n := g.Intn(4); n > 0; n-- {
		if objects {
			b.WriteString(g.jsonObject(depth))
		} else {
			b.WriteString(g.jsonValue(depth))
		}
		b.WriteString(g.jsonSpace())
		if g.Intn(8) > 0 && (n > 1 || g.Intn(6) == 0) {
			b.WriteString(",")
		}
	}
	return b.String() + "]"
}

func (g *generator) jsonObject(depth int) string {
	var b strings.Builder
	b.WriteString("{")
	objects := g.Intn(2) > 0
	for n := g.Intn(4); n > 0; n-- {
		b.WriteString(g.jsonKey() + g.jsonSpace())
		for g.Intn(20) == 0 {
			b.WriteString(g.jsonKey())
		}
		b.WriteString(":" + g.jsonSpace())
		if objects && depth > 0 {
			b.WriteString(g.jsonObject(depth - 1))
		} else {
			b.WriteString(g.jsonValue(depth))
		}
		b.WriteString(g.jsonSpace())
		if g.Intn(16) > 0 && (n > 1 || g.Intn(6) == 0) {
			b.WriteString(",")
		}
	}
	if g.Intn(24) == 0 {
		return b.String()
	}
	return b.String() + "}"
}

func (g *generator) fragment() string {
	switch g.Intn(5) {
	case 0:
		return g.one(keys)
	case 1:
		return g.one(numbers)
	case 2:
		return g.one(strs)
	case 3:
		return g.one(spaces)
	}
	return g.one(soup)
}

func (g *generator) mutate(text string) string {
	for n := 1 + g.Intn(3); n > 0; n-- {
		i := g.Intn(len(text) + 1)
		j := min(len(text), i+g.Intn(8))
		switch g.Intn(5) {
		case 0:
			text = text[:i] + text[j:]
		case 1:
			text = text[:i] + g.fragment() + text[i:]
		case 2:
			text = text[:i] + g.fragment() + text[j:]
		case 3:
			text = text[:j] + text[i:]
		case 4:
			k := g.Intn(len(text) + 1)
			text = text[:k] + text[i:j] + text[k:]
		}
	}
	return text
}

// printed gives text as SPIRE would hand it to a plugin, if it can be read.
func printed(text string) (out string) {
	defer func() {
		if recover() != nil {
			out = text
		}
	}()
	file, err := hcl.Parse(text)
	if err != nil {
		return text
	}
	var b bytes.Buffer
	if printer.DefaultConfig.Fprint(&b, file.Node) != nil {
		return text
	}
	return b.String()
}

func (g *generator) text() string {
	var text string
	depth := 2 + g.Intn(6)
	switch g.Intn(8) {
	case 0:
		if len(g.seeds) > 0 {
			text = g.mutate(g.one(g.seeds))
		}
	case 1:
		text = g.jsonObject(depth)
	case 2:
		text = g.mutate(g.jsonObject(depth))
	case 3:
		text = g.items(depth)
	case 4:
		text = g.mutate(g.items(depth))
	case 6:
		text = printed(g.items(depth))
	case 7:
		text = printed(g.jsonObject(depth))
	case 5:
		for n := g.Intn(12); n > 0; n-- {
			text += g.fragment() + g.one([]string{"", " "})
		}
	}
	if g.Intn(8) == 0 {
		text = strings.TrimRight(text, "\n")
	}
	return text
}
