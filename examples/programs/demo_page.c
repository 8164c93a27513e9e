/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo_page.c - the page: templates, and the loops over what there are many of
 *
 * Every value goes through page_fill().  The page is whole without the script,
 * which only keeps it fresh.
 */
#include <string.h>

#include "programs/demo.h"
#include "programs/page.h"
#include "programs/shown.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,"
    " initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>{{service_name}}: {{status}}</title>\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
    "<script src=\"/script.js\" defer></script>\n</head>\n<body>\n"
    "<header>\n<h1>{{service_name}}</h1>\n"
    "<p id=\"live\" class=\"muted\">as of {{timestamp}}</p>\n</header>\n"
    "<main>\n";

static const char status_card[] =
    "<section id=\"status\">\n"
    "<h2>Attestation <span class=\"badge {{status}}\">{{status}}</span></h2>\n"
    "<p class=\"id\">{{spiffe_id}}</p>\n";

static const char plain_card[] =
    "<section id=\"status\">\n"
    "<h2>Identity <span class=\"badge\">the sidecar's</span></h2>\n"
    "<p>{{identity}}</p>\n</section>\n";

static const char stream_rows[] =
    "<dl>\n<dt>Workload API</dt><dd>connected: {{connected}}, since"
    " {{since}}</dd>\n<dt>Last update</dt><dd>{{updated}}"
    " (number {{updates}})</dd>\n";

static const char error_row[] =
    "<dt>Last error</dt><dd class=\"bad\">{{error}}</dd>\n";

static const char svid_card[] =
    "<section>\n<h2>X.509-SVID</h2>\n"
    "<p class=\"id\">{{spiffe_id}}</p>\n";

static const char bar[] =
    "<p><progress class=\"life\" max=\"{{life_s}}\" value=\"{{left_s}}\""
    " data-from=\"{{not_before_s}}\" data-to=\"{{not_after_s}}\""
    " aria-label=\"validity left\"></progress>"
    " <span class=\"left\">{{left_s}} s left of {{life_s}} s</span></p>\n";

static const char certificate_rows[] =
    "<dl>\n<dt>Subject</dt><dd>{{subject}}</dd>\n"
    "<dt>Issuer</dt><dd>{{issuer}}</dd>\n"
    "<dt>Serial</dt><dd><code>{{serial}}</code></dd>\n"
    "<dt>Valid from</dt><dd>{{not_before}}</dd>\n"
    "<dt>Valid until</dt><dd>{{not_after}}</dd>\n"
    "<dt>Key</dt><dd>{{key}}</dd>\n"
    "<dt>Signed with</dt><dd>{{signature}}</dd>\n"
    "<dt>SHA-256</dt><dd><code>{{sha256}}</code></dd>\n</dl>\n"
    "<details><summary>PEM</summary><pre>{{pem}}</pre></details>\n";

static const char jwt_card[] =
    "<section id=\"jwt\">\n<h2>JWT-SVID</h2>\n"
    "<p class=\"muted\">Decoded. The token itself is a bearer's secret and is"
    " not shown.</p>\n";

static const char jwt_rows[] =
    "<dl>\n<dt>Subject</dt><dd>{{spiffe_id}}</dd>\n"
    "<dt>Audience</dt><dd>{{audience}}</dd>\n"
    "<dt>Expires</dt><dd>{{expires}}</dd>\n</dl>\n"
    "<h3>Header</h3><pre>{{header}}</pre>\n"
    "<h3>Claims</h3><pre>{{claims}}</pre>\n";

static const char metadata_rows[] =
    "<p class=\"muted\">{{note}}</p>\n<dl>\n"
    "<dt>Task</dt><dd>{{task_arn}}</dd>\n"
    "<dt>Cluster</dt><dd>{{cluster}}</dd>\n"
    "<dt>Task definition</dt><dd>{{family}}:{{revision}}</dd>\n"
    "<dt>Service</dt><dd>{{service}}</dd>\n"
    "<dt>Zone</dt><dd>{{availability_zone}}</dd>\n"
    "<dt>Launch type</dt><dd>{{launch_type}} {{platform_version}}</dd>\n"
    "<dt>Status</dt><dd>{{known_status}}, wanted {{desired_status}}</dd>\n"
    "<dt>Tags</dt><dd>{{tags}}</dd>\n</dl>\n";

static const char call_form[] =
    "<section id=\"call\">\n<h2>API service</h2>\n"
    "<dl>\n<dt>URL</dt><dd>{{url}}</dd>\n"
    "<dt>Expected</dt><dd class=\"id\">{{expected_peer}}</dd>\n</dl>\n"
    "<form method=\"post\" action=\"/api-call\">"
    "<button>Call API service (mTLS)</button></form>\n";

static const char call_rows[] =
    "<dl>\n<dt>Peer</dt><dd class=\"id\">{{peer}}</dd>\n"
    "<dt>TLS</dt><dd>{{tls_version}}, {{cipher}}</dd>\n"
    "<dt>Kept connection</dt><dd>{{kept_connection}}</dd>\n"
    "<dt>Duration</dt><dd>{{duration_us}} &micro;s</dd>\n"
    "<dt>Status</dt><dd>{{status}}</dd>\n</dl>\n";

static const char plain_call_form[] =
    "<section id=\"call\">\n<h2>API service</h2>\n"
    "<dl>\n<dt>URL</dt><dd>{{url}}, the sidecar's</dd>\n</dl>\n"
    "<form method=\"post\" action=\"/api-call\">"
    "<button>Call API service (by the sidecar)</button></form>\n";

static const char plain_call_rows[] =
    "<dl>\n<dt>Seen as</dt><dd class=\"id\">{{seen_as}}</dd>\n"
    "<dt>Kept connection</dt><dd>{{kept_connection}}, to the sidecar</dd>\n"
    "<dt>Duration</dt><dd>{{duration_us}} &micro;s</dd>\n"
    "<dt>Status</dt><dd>{{status}}</dd>\n</dl>\n";

static void
fill_bar(struct buf *out, struct json_object *svid, int64_t now)
{
	int64_t from = shown_get_int(svid, "not_before_s");
	int64_t to = shown_get_int(svid, "not_after_s");
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return;
	shown_add_int(o, "not_before_s", from);
	shown_add_int(o, "not_after_s", to);
	shown_add_int(o, "life_s", to > from ? to - from : 1);
	shown_add_int(o, "left_s", to > now ? to - now : 0);
	page_fill(out, bar, o);
	json_object_put(o);
}

static void
fill_status(struct buf *out, struct json_object *facts)
{
	struct json_object *stream = shown_at(facts, "workload_api");

	page_fill(out, status_card, facts);
	page_fill(out, stream_rows, stream);
	if (shown_at(stream, "error") != NULL)
		page_fill(out, error_row, stream);
	buf_add_text(out, "</dl>\n</section>\n");
}

static void
fill_svids(struct buf *out, struct json_object *facts)
{
	struct json_object *all = shown_at(facts, "x509_svids");
	size_t i, n = shown_count(all);

	buf_add_text(out, "<div id=\"svid\">\n");
	for (i = 0; i < n; i++) {
		struct json_object *svid = json_object_array_get_idx(all, i);

		page_fill(out, svid_card, svid);
		fill_bar(out, svid, shown_get_int(facts, "timestamp_s"));
		page_fill(out, certificate_rows, svid);
		buf_add_text(out, "</section>\n");
	}
	if (n == 0)
		buf_add_text(out,
		    "<section>\n<h2>X.509-SVID</h2>\n<p>None: is there an"
		    " entry for this workload?</p>\n</section>\n");
	buf_add_text(out, "</div>\n");
}

/* An object as JSON, indented, for a <pre>. */
static void
add_pretty(struct json_object *to, const char *key, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(
	    o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

	shown_add(to, key, text);
}

static void
fill_jwt(struct buf *out, struct json_object *facts)
{
	struct json_object *jwt = shown_at(facts, "jwt_svid");
	struct json_object *o = json_object_new_object();

	page_fill(out, jwt_card, facts);
	if (o != NULL && shown_at(jwt, "claims") != NULL) {
		shown_add(o, "spiffe_id", shown_get(jwt, "spiffe_id"));
		shown_add(o, "audience", shown_get(jwt, "audience"));
		shown_add(o, "expires", shown_get(jwt, "expires"));
		add_pretty(o, "header", shown_at(jwt, "header"));
		add_pretty(o, "claims", shown_at(jwt, "claims"));
		page_fill(out, jwt_rows, o);
	} else if (shown_at(jwt, "error") != NULL)
		page_fill(out, "<p class=\"bad\">{{error}}</p>\n", jwt);
	else
		buf_add_text(out, "<p>None yet.</p>\n");
	json_object_put(o);
	buf_add_text(out, "</section>\n");
}

static void
fill_authorities(struct buf *out, struct json_object *all)
{
	size_t i;

	for (i = 0; i < shown_count(all); i++)
		page_fill(out, certificate_rows,
		    json_object_array_get_idx(all, i));
}

static void
fill_bundles(struct buf *out, struct json_object *facts)
{
	struct json_object *all = shown_at(facts, "trust_bundles");
	size_t i;

	buf_add_text(out, "<section id=\"bundle\">\n<h2>Trust bundle</h2>\n");
	for (i = 0; i < shown_count(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		page_fill(out, "<h3>{{trust_domain}}</h3>\n", one);
		fill_authorities(out, shown_at(one, "authorities"));
	}
	if (shown_count(all) == 0)
		buf_add_text(out, "<p>None: nobody can be believed.</p>\n");
	buf_add_text(out, "</section>\n");
}

static void
fill_containers(struct buf *out, struct json_object *all)
{
	size_t i;

	if (!json_object_is_type(all, json_type_array))
		return;
	buf_add_text(out, "<h3>Containers</h3>\n<ul>\n");
	for (i = 0; i < shown_count(all); i++)
		page_fill(out, "<li>{{name}}: <code>{{image}}</code></li>\n",
		    json_object_array_get_idx(all, i));
	buf_add_text(out, "</ul>\n");
}

static void
fill_selectors(struct buf *out, struct json_object *facts)
{
	struct json_object *all =
	    shown_at(shown_at(facts, "ecs_metadata"), "selectors");
	size_t i;

	buf_add_text(out, "<section id=\"selectors\">\n<h2>Selectors</h2>\n");
	if (json_object_is_type(all, json_type_array)) {
		buf_add_text(out, "<ul>\n");
		for (i = 0; i < shown_count(all); i++) {
			buf_add_text(out, "<li><code>");
			page_text(out, str_of(json_object_get_string(
					   json_object_array_get_idx(all, i))));
			buf_add_text(out, "</code></li>\n");
		}
		buf_add_text(out, "</ul>\n");
	} else
		buf_add_text(out, "<p>None known: no metadata.</p>\n");
	if (shown_at(facts, "entry_create") != NULL)
		page_fill(out,
		    "<h3>Entries for tasks of this family</h3>\n"
		    "<pre class=\"copy\">{{entry_create}}</pre>\n",
		    facts);
	buf_add_text(out, "</section>\n");
}

static void
fill_metadata(struct buf *out, struct json_object *facts)
{
	struct json_object *metadata = shown_at(facts, "ecs_metadata");

	buf_add_text(out, "<section id=\"metadata\">\n<h2>ECS metadata</h2>\n");
	if (metadata == NULL)
		buf_add_text(out,
		    "<p>None: ECS_CONTAINER_METADATA_URI_V4 is not set, or"
		    " its answer has not come yet.</p>\n");
	else if (shown_at(metadata, "error") != NULL)
		page_fill(out, "<p class=\"bad\">{{error}}</p>\n", metadata);
	else {
		page_fill(out, metadata_rows, metadata);
		fill_containers(out, shown_at(metadata, "containers"));
	}
	buf_add_text(out, "</section>\n");
}

static bool
is_plain(struct json_object *facts)
{
	return strcmp(shown_get(facts, "mode"), "plain") == 0;
}

static void
fill_call(struct buf *out, struct json_object *facts, struct json_object *call)
{
	struct json_object *o = json_object_new_object();

	page_fill(out, is_plain(facts) ? plain_call_form : call_form,
	    shown_at(facts, "api"));
	if (call != NULL && o != NULL) {
		if (shown_at(call, "error") != NULL)
			page_fill(out,
			    "<p class=\"bad\" role=\"alert\">{{error}}</p>\n",
			    call);
		page_fill(out, is_plain(facts) ? plain_call_rows : call_rows,
		    call);
		if (shown_at(call, "answer") != NULL) {
			add_pretty(o, "answer", shown_at(call, "answer"));
			page_fill(out,
			    "<h3>Answer</h3><pre>{{answer}}</pre>\n", o);
		}
	}
	json_object_put(o);
	buf_add_text(out, "</section>\n");
}

void
demo_page(struct buf *out, struct json_object *facts, struct json_object *call)
{
	page_fill(out, head, facts);
	if (is_plain(facts)) {
		page_fill(out, plain_card, facts);
		fill_call(out, facts, call);
	} else {
		fill_status(out, facts);
		fill_call(out, facts, call);
		fill_svids(out, facts);
		fill_jwt(out, facts);
		fill_bundles(out, facts);
	}
	fill_metadata(out, facts);
	fill_selectors(out, facts);
	buf_add_text(out,
	    "</main>\n<footer class=\"muted\"><a href=\"/json\">JSON</a>"
	    " <a href=\"/health\">Health</a></footer>\n</body>\n</html>\n");
}

const char demo_style[] =
    ":root{--back:#f6f7f9;--card:#fff;--text:#1c2430;--muted:#5c6675;"
    "--line:#dde2e9;--ok:#14803c;--warn:#9a5b00;--bad:#b3261e;"
    "--accent:#1f5fd1}\n"
    "@media (prefers-color-scheme:dark){:root{--back:#12161c;--card:#1b2129;"
    "--text:#e6eaf0;--muted:#9aa5b4;--line:#2d3641;--ok:#4cc37a;"
    "--warn:#e0a243;--bad:#ff8a80;--accent:#7aa7ff}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--back);color:var(--text);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "header,footer,main{max-width:72rem;margin:0 auto;padding:1rem}\n"
    "header{display:flex;flex-wrap:wrap;gap:0 1rem;align-items:baseline}\n"
    "main{display:grid;gap:1rem;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}\n"
    "section{background:var(--card);border:1px solid var(--line);"
    "border-radius:.6rem;padding:1rem;min-width:0}#svid{display:contents}\n"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:0 0 .5rem}"
    "h3{font-size:1rem;margin:1rem 0 .25rem}\n"
    ".muted,dt{color:var(--muted)}.bad{color:var(--bad)}\n"
    ".id{font-weight:600;overflow-wrap:anywhere}\n"
    ".badge{padding:.1rem .6rem;border-radius:1rem;border:1px solid;"
    "font-size:.9rem}.badge.ok{color:var(--ok)}"
    ".badge.degraded{color:var(--warn)}.badge.down{color:var(--bad)}\n"
    "dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;"
    "gap:.15rem .8rem;margin:.5rem 0}dd{margin:0;overflow-wrap:anywhere}\n"
    "pre{overflow-x:auto;background:var(--back);padding:.6rem;"
    "border-radius:.4rem;font-size:.85rem}code,pre{font-family:ui-monospace,"
    "monospace}\n"
    "progress{width:100%;height:.8rem;accent-color:var(--ok)}"
    "progress.low{accent-color:var(--bad)}\n"
    "ul{padding-left:1.2rem;overflow-wrap:anywhere}\n"
    "button{font:inherit;padding:.5rem 1rem;border-radius:.4rem;"
    "border:1px solid var(--accent);background:var(--accent);"
    "color:var(--card);cursor:pointer}button:disabled{opacity:.5}\n"
    "a{color:var(--accent)}:focus-visible{outline:3px solid var(--accent);"
    "outline-offset:2px}\n";

const char demo_script[] =
    "'use strict';\n"
    "const parse = t => new DOMParser().parseFromString(t, 'text/html');\n"
    "function take(page, ids) {\n"
    "  for (const id of ids) {\n"
    "    const fresh = page.getElementById(id);\n"
    "    const old = document.getElementById(id);\n"
    "    if (!fresh || !old) continue;\n"
    "    const open = [...old.querySelectorAll('details')].map(d => d.open);\n"
    "    fresh.querySelectorAll('details')\n"
    "      .forEach((d, i) => { d.open = !!open[i]; });\n"
    "    old.replaceWith(fresh);\n"
    "  }\n"
    "  decorate();\n"
    "}\n"
    "async function refresh() {\n"
    "  const r = await fetch('/', { headers: { Accept: 'text/html' } });\n"
    "  const page = parse(await r.text());\n"
    "  document.title = page.title;\n"
    "  take(page, ['status', 'svid', 'jwt', 'bundle', 'metadata',\n"
    "    'selectors', 'live']);\n"
    "  tick();\n"
    "}\n"
    "function tick() {\n"
    "  const now = Date.now() / 1000;\n"
    "  for (const p of document.querySelectorAll('progress.life')) {\n"
    "    const from = Number(p.dataset.from), to = Number(p.dataset.to);\n"
    "    const left = Math.max(0, to - now), life = Math.max(1, to - from);\n"
    "    p.max = life;\n"
    "    p.value = left;\n"
    "    p.classList.toggle('low', left < life / 5);\n"
    "    p.nextElementSibling.textContent = Math.round(left) +\n"
    "      ' s left of ' + life + ' s';\n"
    "  }\n"
    "}\n"
    "function decorate() {\n"
    "  for (const pre of document.querySelectorAll('pre.copy')) {\n"
    "    if (pre.nextElementSibling &&\n"
    "        pre.nextElementSibling.tagName === 'BUTTON') continue;\n"
    "    const b = document.createElement('button');\n"
    "    b.textContent = 'Copy';\n"
    "    b.addEventListener('click', async () => {\n"
    "      getSelection().selectAllChildren(pre);\n"
    "      try {\n"
    "        await navigator.clipboard.writeText(pre.textContent);\n"
    "        b.textContent = 'Copied';\n"
    "      } catch (e) { b.textContent = 'Selected: copy it'; }\n"
    "    });\n"
    "    pre.after(b);\n"
    "  }\n"
    "}\n"
    "document.addEventListener('submit', async e => {\n"
    "  e.preventDefault();\n"
    "  const b = e.target.querySelector('button');\n"
    "  b.disabled = true;\n"
    "  try {\n"
    "    const r = await fetch('/api-call', { method: 'POST',\n"
    "      headers: { Accept: 'text/html' } });\n"
    "    if (r.ok) take(parse(await r.text()), ['call']);\n"
    "    else b.textContent = 'Busy: try again';\n"
    "  } catch (x) { b.textContent = 'demo-app does not answer'; }\n"
    "  b.disabled = false;\n"
    "});\n"
    "const live = text => {\n"
    "  document.getElementById('live').textContent = text;\n"
    "};\n"
    "const events = new EventSource('/events');\n"
    "events.addEventListener('update', () => refresh().catch(() => {}));\n"
    "events.onerror = () => live('demo-app does not answer; trying again');\n"
    "setInterval(tick, 1000);\n"
    "decorate();\n"
    "tick();\n";
