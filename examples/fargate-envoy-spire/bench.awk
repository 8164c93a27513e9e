# SPDX-License-Identifier: Apache-2.0
#
# bench.awk - from bench.sh's figures to tables, bars, and a plot in svg
#
# A line is NAME=VALUE words, either of a measurement (way, cell) or of a
# process (memory).  Times come in microseconds, CPU of servers in ticks.

function median(way, cell, name,   list, n, i, k, v, at) {
	n = split(values[way, cell, name], list, " ")
	for (i = 2; i <= n; i++) {
		v = list[i] + 0
		for (k = i - 1; k > 0 && list[k] + 0 > v; k--)
			list[k + 1] = list[k]
		list[k + 1] = v
	}
	at = int((n + 1) / 2)
	return n % 2 ? list[at] + 0 : (list[at] + list[at + 1]) / 2
}

# Microseconds for each request, the warm-up's too.
function cpu(way, cell, who) {
	return sum[way, cell, who] * (who == "cpu" ? 1 : 1000000 / hertz) / \
		sum[way, cell, "all"]
}

function cpu_of_all(way, cell) {
	return cpu(way, cell, "cpu") + cpu(way, cell, "out") + \
		cpu(way, cell, "in") + cpu(way, cell, "api")
}

function figure(way, cell, what) {
	return what == "cpu" ? cpu_of_all(way, cell) / 1000 : \
		median(way, cell, what) / 1000
}

function some(n) {
	return n == 0 ? "-" : sprintf("%.0f", n)
}

function table_of(cell,   i, w) {
	printf "\n%s\n\n", cell_words[cell]
	printf "| %-24s | %10s | %7s | %7s | %6s | %6s | %9s | %8s | %5s |\n",
		"", "requests/s", "p50 ms", "p99 ms", "CPU us", "caller",
		"Envoy out", "Envoy in", "API"
	printf "|%s|%s:|%s:|%s:|%s:|%s:|%s:|%s:|%s:|\n", dashes(26),
		dashes(11), dashes(8), dashes(8), dashes(7), dashes(7),
		dashes(10), dashes(9), dashes(6)
	for (i = 1; i <= ways; i++) {
		w = way_name[i]
		printf "| %-24s | %10.0f | %7.3f | %7.3f | %6.0f | %6s |" \
			" %9s | %8s | %5s |\n", way_words[w],
			median(w, cell, "rate"), figure(w, cell, "p50"),
			figure(w, cell, "p99"), cpu_of_all(w, cell),
			some(cpu(w, cell, "cpu")), some(cpu(w, cell, "out")),
			some(cpu(w, cell, "in")), some(cpu(w, cell, "api"))
	}
}

function dashes(n,   s) {
	s = sprintf("%*s", n, "")
	gsub(/ /, "-", s)
	return s
}

function bar(n,   s) {
	s = sprintf("%*s", n, "")
	gsub(/ /, "#", s)
	return s
}

function highest(cell, what,   i, v, top) {
	for (i = 1; i <= ways; i++) {
		v = figure(way_name[i], cell, what)
		if (v > top)
			top = v
	}
	return top > 0 ? top : 1
}

function bars(p,   i, v, top) {
	top = highest(panel_cell[p], panel_what[p])
	printf "\n%s\n", panel_words[p]
	for (i = 1; i <= ways; i++) {
		v = figure(way_name[i], panel_cell[p], panel_what[p])
		printf "  %-5s %s %.3f\n", way_name[i],
			bar(int(v / top * 50 + 0.5)), v
	}
}

function difference(words, cell, a, b) {
	printf "| %-46s | %+8.3f | %+8.0f |\n", words,
		figure(a, cell, "p50") - figure(b, cell, "p50"),
		cpu_of_all(a, cell) - cpu_of_all(b, cell)
}

function comes_to() {
	printf "\nWhat comes on top, of each request\n\n"
	printf "| %-46s | %8s | %8s |\n", "", "p50 ms", "CPU us"
	printf "|%s|%s:|%s:|\n", dashes(48), dashes(9), dashes(9)
	difference("TLS in the programs, kept", "kept-1", "mtls", "plain")
	difference("two sidecars without TLS, kept", "kept-1", "twin", "plain")
	difference("TLS between the sidecars, kept", "kept-1", "mesh", "twin")
	difference("the mesh, kept", "kept-1", "mesh", "plain")
	difference("a handshake of the programs", "cold-1", "mtls", "plain")
	difference("a handshake of the sidecars", "cold-1", "mesh", "twin")
}

function memory_table(   i) {
	printf "\nMemory\n\n| %-36s | %6s |\n|%s|%s:|\n", "", "Pss MB",
		dashes(38), dashes(7)
	for (i = 1; i <= memories; i++)
		printf "| %-36s | %6.1f |\n", memory_words[memory_name[i]],
			memory[memory_name[i]] / 1024
}

function panel_svg(p, y,   i, v, top, w) {
	top = highest(panel_cell[p], panel_what[p])
	printf "<text class=\"t\" x=\"10\" y=\"%d\">%s</text>\n", y,
		panel_words[p] >svg
	for (i = 1; i <= ways; i++) {
		w = way_name[i]
		v = figure(w, panel_cell[p], panel_what[p])
		printf "<text x=\"10\" y=\"%d\">%s</text>\n", y + i * 24,
			way_words[w] >svg
		printf "<rect class=\"%s\" x=\"190\" y=\"%d\" width=\"%.1f\"" \
			" height=\"16\" rx=\"2\"/>\n", w, y + i * 24 - 13,
			1 + v / top * 400 >svg
		printf "<text x=\"%.1f\" y=\"%d\">%.3f</text>\n",
			198 + v / top * 400, y + i * 24, v >svg
	}
}

function plot(   p) {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 680" \
		" %d\" role=\"img\" aria-labelledby=\"title\">\n",
		30 + panels * 140 >svg
	printf "<!-- SPDX-License-Identifier: Apache-2.0 -->\n" >svg
	printf "<title id=\"title\">What the sidecars cost</title>\n" >svg
	printf "<style>svg{background:#fff}text{font:13px sans-serif;" \
		"fill:#1c2430}.t{font-weight:bold}.plain{fill:#9aa5b4}" \
		".mtls{fill:#1f5fd1}.twin{fill:#e0a243}.mesh{fill:#b3261e}" \
		"</style>\n" >svg
	for (p = 1; p <= panels; p++)
		panel_svg(p, 30 + (p - 1) * 140)
	print "</svg>" >svg
	close(svg)
}

function panel(cell, what, words) {
	panels++
	panel_cell[panels] = cell
	panel_what[panels] = what
	panel_words[panels] = words
}

BEGIN {
	ways = split("plain mtls twin mesh", way_name, " ")
	way_words["plain"] = "plain HTTP"
	way_words["mtls"] = "mTLS in the programs"
	way_words["twin"] = "two Envoys without TLS"
	way_words["mesh"] = "two Envoys, mTLS: mesh"
	cells = split("kept-1 kept-32 cold-1", cell_name, " ")
	cell_words["kept-1"] = "One connection, kept"
	cell_words["kept-32"] = "32 connections, kept"
	cell_words["cold-1"] = "A new connection, and handshake, for each request"
	panel("kept-1", "p50",
		"Half of the answers within, ms: one connection, kept")
	panel("cold-1", "p50",
		"Half of the answers within, ms: each a new connection")
	panel("kept-32", "cpu",
		"CPU of a request, caller to API, ms: 32 connections, kept")
	memories = split("api-service bench-api envoy-web envoy-api" \
		" bench-out-twin bench-in-twin agent-web agent-api",
		memory_name, " ")
	memory_words["api-service"] = "api-service --plain"
	memory_words["bench-api"] = "api-service, mTLS by itself"
	memory_words["envoy-web"] = "Envoy of the task web"
	memory_words["envoy-api"] = "Envoy of the task api"
	memory_words["bench-out-twin"] = "the same without TLS, web"
	memory_words["bench-in-twin"] = "the same without TLS, api"
	memory_words["agent-web"] = "SPIRE agent of the task web"
	memory_words["agent-api"] = "SPIRE agent of the task api"
}

{
	for (i in word)
		delete word[i]
	for (i = 1; i <= NF; i++) {
		at = index($i, "=")
		word[substr($i, 1, at - 1)] = substr($i, at + 1)
	}
	if ("memory" in word) {
		memory[word["memory"]] = word["kb"]
		next
	}
	for (name in word) {
		key = word["way"] SUBSEP word["cell"] SUBSEP name
		values[key] = values[key] " " word[name]
		sum[key] += word[name]
	}
}

END {
	printf "Medians of %d rounds of %d s; %d cores, load average %s," \
		" access logs on\n", rounds, seconds, cores, load
	for (i = 1; i <= cells; i++)
		table_of(cell_name[i])
	comes_to()
	memory_table()
	for (p = 1; p <= panels; p++)
		bars(p)
	plot()
}
