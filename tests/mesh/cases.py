# SPDX-License-Identifier: Apache-2.0
"""What must hold of examples/fargate-envoy-spire."""

import contextlib
import glob
import json
import os
import re
import signal
import ssl
import subprocess
import time
import xml.etree.ElementTree

from documented import ID, Documented
from lab import (PORTS_EACH, ROOT, Loop, check_compose, compose_has_tasks,
                 entries, expect, processes_of, wait)
from mesh import (DOMAIN, NAME, Impostor, Mesh, Relay, alive, context, refusal,
                  tls_ask)
from readme import follow_readme

GROUPS = ("examples", "envoy", "monitoring")
SERVICES = 14


def mesh(bench, **how):
    return Mesh(bench.build, **how)


@contextlib.contextmanager
def shared(bench):
    """One that is up, and well again after the case; of a failed one, never.
    """
    if bench.shared is None:
        bench.shared = mesh(bench)
        bench.shared.up()
    it, bench.shared = bench.shared, None
    with contextlib.ExitStack() as stack:
        stack.push(it)
        yield it
        it.local("status")
        stack.pop_all()
        bench.shared = it


def finish(bench):
    """The end of the one that was shared."""
    if bench.shared:
        with bench.shared:
            pass


def starts_quickly(bench):
    """Up in under 60 s and 2 GB, again at once, down with nothing left."""
    with mesh(bench) as it:
        it.local("down")
        expect(it.local("status", ok=False).returncode != 0,
               "status says that all is well when nothing is up")
        took = it.up()
        bench.note(f"up in {took:.1f} s, {it.memory():.0f} MB")
        expect(took < 60, f"up took {took:.1f} s")
        expect(it.memory() < 2048, f"it takes {it.memory():.0f} MB")
        said = it.local("up")
        expect("up already" in said.stderr, f"the second up: {said.stderr}")
        shown = it.local("status").stdout.splitlines()
        expect(len(shown) == SERVICES and
               all(re.search(r"\bhealthy\b", line) for line in shown),
               f"status: {shown}")
        tried = it.local("test")
        expect(re.search(r"^\d+ passed, 0 failed$", tried.stdout, re.M),
               tried.stdout)
        expect(len(processes_of(it.state)) >= SERVICES,
               "hardly a process shows in /proc")


def repairs_itself(bench):
    """Whoever does not run is started by another up; entries stay the same."""
    with shared(bench) as it:
        before = entries(it)
        for name in ("spire-server-a", "agent-api", "demo-app", "envoy-cli",
                     "envoy-servers"):
            it.local("stop", name)
        expect(it.local("status", ok=False).returncode != 0,
               "status says that all is well")
        # Through the other server, entries show all the same.
        expect(entries(it) == before, "the servers know different entries")
        it.local("up")
        it.local("status")
        it.run("./setup-spire.sh")
        expect(entries(it) == before, "setup-spire.sh made other entries")
        it.caller(by="WEB")
        it.caller(by="CLI")


def gives_up_cleanly(bench):
    """Interrupted or misconfigured: no trace."""
    with mesh(bench) as it:
        child = subprocess.Popen(
            ["./run-local.sh", "up"], cwd=it.here, env=it.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(f"{it.state}/pids/agent-web"),
             "an agent to start")
        child.terminate()
        expect(child.wait(60) == 143, f"it ended with {child.returncode}")
        expect(not os.path.exists(it.state), "interrupted, it left its folder")
        expect(not processes_of(it.state),
               f"left running: {processes_of(it.state)}")
    with mesh(bench, MAX_CONNECTION_AGE="nonsense") as it:
        done = it.local("up", ok=False)
        expect(done.returncode == 1 and "envoy" in done.stderr,
               f"nonsense: {done.returncode}, {done.stderr}")
        expect(not os.path.exists(it.state), "failed, it left its folder")


def callers_are_named(bench):
    """Each by its Envoy, and by nothing that it says of itself."""
    with shared(bench) as it:
        for by, name in (("WEB", "demo-app"), ("CLI", "cli-client")):
            expect(it.caller(by=by)[1] == f"{DOMAIN}/{name}",
                   f"by {by}: {it.caller(by=by)}")
        said = json.loads(it.local("spire-cli", "-query", "-json", "-endpoint",
                                   it["CLI_EGRESS_URL"] + "/attestation"
                                   ).stdout)
        expect(DOMAIN + "/cli-client" in json.dumps(said), f"{said}")
        said = it.call()
        expect(said["ok"] and DOMAIN + "/demo-app" in json.dumps(said),
               f"the button: {said}")
        line = wait(lambda: next((
            one for one in it.lines("envoy-api")
            if one["peer"] == DOMAIN + "/cli-client"
            and one["path"] == "/attestation"), None),
            "the access log to tell of it", 20)
        expect((line["status"], line["tls"], line["protocol"]) ==
               (200, "TLSv1.3", "HTTP/2"), f"{line}")
        # Each SVID is in the hands of its Envoy only.
        for task, uid, name in (("web", "ENVOY_WEB_UID", "demo-app"),
                                ("api", "ENVOY_API_UID", "api-service"),
                                ("cli", "ENVOY_CLI_UID", "cli-client")):
            got = identities(it, f"{task}:{it[uid]}")
            expect(got == [f"{DOMAIN}/{name}"], f"Envoy of {task}: {got}")
            if os.getuid() == 0:
                got = identities(it, task)
                expect(not got, f"the program in {task} can have {got}")
                others = [identities(it, f"{other}:{it[uid]}")
                          for other in ("web", "api", "cli") if other != task]
                expect(not any(others), f"elsewhere, its uid has {others}")


def identities(it, where):
    done = it.local("run", where, "spire-agent", "api", "fetch", "x509",
                    ok=False)
    return re.findall(r"^SPIFFE ID:\s*(\S+)", done.stdout, re.M)


def strangers_are_refused(bench):
    """Which alert, or which status, for each way of being nobody."""
    with shared(bench) as it:
        port = int(it["API_PORT"])
        web = it.mint("demo-app")
        for path, status in (("/attestation", 200), ("/operator/health", 403)):
            got = tls_ask(port, context(web), path)
            expect(got[0] == status, f"as demo-app, {path}: {got}")
        got = tls_ask(port, context(it.mint("cli-client")), "/operator/health")
        expect(got[0] == 200, f"as cli-client: {got}")
        short = it.mint("demo-app", "1s")
        wait(lambda: subprocess.run(
            ["openssl", "x509", "-noout", "-checkend", "0", "-in", short[0]],
            check=False, stdout=subprocess.DEVNULL).returncode != 0,
            "a certificate to expire")
        before = it.stat("API", "listener.*.ssl.fail_verify_no_cert")
        for who, ctx, alert in (
                ("no certificate", context(),
                 "TLSV13_ALERT_CERTIFICATE_REQUIRED"),
                ("an ID of our trust domain that is not known",
                 context(it.mint("stranger")),
                 "SSLV3_ALERT_CERTIFICATE_UNKNOWN"),
                ("demo-app's ID with something behind it",
                 context(it.mint("demo-app/x")),
                 "SSLV3_ALERT_CERTIFICATE_UNKNOWN"),
                ("demo-app's ID from nobody", context(forge(it, "demo-app")),
                 "SSLV3_ALERT_CERTIFICATE_UNKNOWN"),
                ("demo-app's ID, expired", context(short),
                 "SSLV3_ALERT_CERTIFICATE_UNKNOWN"),
                ("TLS 1.2", context(web, ssl.TLSVersion.TLSv1_2),
                 "TLSV1_ALERT_PROTOCOL_VERSION")):
            got = refusal(port, ctx)
            bench.note(f"{who}: {got}")
            expect(got == alert, f"{who}: {got}, not {alert}")
        expect(it.stat("API", "listener.*.ssl.fail_verify_no_cert") > before,
               "the figures of Envoy do not tell of it")
        # It hangs up on plain HTTP, without a word.
        status, said = it.get(f"http://127.0.0.1:{port}/health")
        expect(status == 0, f"plain HTTP: {status} {said}")
        bench.note(f"plain HTTP: {said}")


def forge(it, name):
    """A certificate with that ID, signed by itself."""
    cert, key = f"{it.dir}/forged.pem", f"{it.dir}/forged.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/O=x",
         "-addext", f"subjectAltName=URI:{DOMAIN}/{name}", "-keyout", key,
         "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def routes_and_headers_hold(bench):
    """What a caller may not ask, and what it may not say of itself."""
    with shared(bench) as it:
        forged = {"x-forwarded-client-cert":
                  f"By={DOMAIN}/api-service;URI={DOMAIN}/cli-client"}
        for by, path, status in (
                ("WEB", "/attestation", 200), ("WEB", "/health", 200),
                ("WEB", "/attestation?x=/operator/", 200),
                ("WEB", "/operator/health", 403),
                ("WEB", "//operator/health", 403),
                ("WEB", "/health/../operator/health", 403),
                ("WEB", "/operator%2Fhealth", 400),
                ("WEB", "/%6fperator/health", 403),
                ("WEB", "/attestation/", 403), ("WEB", "/", 403),
                ("CLI", "/attestation", 200), ("CLI", "/health", 200),
                ("CLI", "/operator/health", 200), ("CLI", "/", 403),
                ("CLI", "/operator/other", 404)):
            for headers in ({}, forged):
                got = it.ask(path, by, headers)
                expect(got[0] == status, f"{by} {path} {headers}: {got}")
                expect(status != 403 or got[1] == "RBAC: access denied",
                       f"{by} {path}: {got}")
        expect(it.caller(by="WEB", headers=forged)[1] == DOMAIN + "/demo-app",
               "a header has made demo-app somebody else")
        # The same from one that has no Envoy before it.
        cert = context(it.mint("demo-app"))
        for header in (forged, {"X-Forwarded-Client-Cert": "x"}):
            status, text = tls_ask(int(it["API_PORT"]), cert, "/attestation",
                                   header)
            expect(status == 200 and json.loads(text)["data"]["caller"] ==
                   DOMAIN + "/demo-app", f"{header}: {status} {text}")
            got = tls_ask(int(it["API_PORT"]), cert, "/operator/health",
                          header)
            expect(got[0] == 403, f"{header}: {got}")
        # And who gets at the program itself is nobody.
        status, said = it.get(f"http://{it['API_SERVICE_LISTEN']}/attestation")
        expect(status == 403, f"without its Envoy: {status} {said}")


def nothing_is_readable(bench):
    """Between the Envoys; behind them, all of it is."""
    with shared(bench) as it:
        secrets = [b"x-saf-mark", b"between-you-and-me", b"/attestation",
                   b"example.org", b"spiffe", b"HTTP/", b"service_name"]
        headers = {"x-saf-mark": "between-you-and-me"}
        with Relay(int(it["API_PORT"])) as relay, \
                it.led("web", relay.port):
            for _ in range(20):
                it.caller(by="WEB", headers=headers)
            heard = bytes(relay.heard)
        # The same ears, where there is no TLS.
        with Relay(int(it["WEB_EGRESS_PORT"])) as relay:
            it.caller(headers=headers, port=relay.port)
            plain = bytes(relay.heard)
        for one in secrets:
            expect(one in plain, f"{one} is not heard in plain HTTP either")
            expect(one not in heard, f"{one} can be read between the Envoys")
        expect(len(heard) > 5000 and heard[0] == 22, f"{heard[:80]}")
        bench.note(f"{len(heard)} bytes between the Envoys, of 20 requests")


def impostor_gets_nothing(bench):
    """An SVID of the trust domain is not enough to answer for another."""
    with shared(bench) as it:
        with Impostor(it.mint("stranger")) as impostor, \
                it.led("web", impostor.port):
            status, said = it.ask()
            expect(status == 503, f"{status} {said}")
            line = wait(lambda: next((
                one for one in it.lines("envoy-web")
                if one["status"] == 503), None), "the access log", 20)
            expect("SAN" in (line["failure"] or ""), f"{line}")
            bench.note(line["failure"])
            expect(it.stat("WEB", "cluster.api-service.ssl.fail_verify_san"),
                   "the figures of Envoy do not tell of it")
        it.caller(by="CLI")


def envoys_take_their_files(bench):
    """By --mode validate, with a fault found first."""
    with shared(bench) as it:
        files = sorted(glob.glob(f"{it.state}/conf/envoy-*.yaml"))
        expect(len(files) == 4, f"{files}")

        def said(path):
            return subprocess.run(
                [f"{it.state}/bin/envoy", "--mode", "validate", "-c", path],
                check=False, text=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
        for path in files:
            done = said(path)
            expect(done.returncode == 0 and " OK" in done.stdout,
                   f"{path}: {done.stdout}")
            expect("deprecated" not in done.stdout.lower(), done.stdout)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            expect("$" not in text, f"{path} has something left to fill in")
            with open(f"{it.dir}/bad.yaml", "w", encoding="utf-8") as f:
                f.write(text.replace("connect_timeout", "conect_timeout"))
            expect(said(f"{it.dir}/bad.yaml").returncode != 0,
                   "it takes anything")
        # The admin's pages are nobody's but the task's.
        for path in files:
            with open(path, encoding="utf-8") as f:
                expect(re.search(r"^admin:\n  address: \{ socket_address:"
                                 r" \{ address: 127\.0\.0\.1,", f.read(),
                                 re.M), f"{path}: where is the admin?")


def figures_are_told(bench):
    """To Prometheus, by servers, agents and Envoys."""
    with shared(bench) as it:
        for setting, path, figure in (
                ("SPIRE_A_METRICS_PORT", "/metrics", "spire_server_"),
                ("SPIRE_B_METRICS_PORT", "/metrics", "spire_server_"),
                ("AGENT_WEB_METRICS_PORT", "/metrics", "spire_agent_"),
                ("AGENT_API_METRICS_PORT", "/metrics", "spire_agent_"),
                ("AGENT_CLI_METRICS_PORT", "/metrics", "spire_agent_"),
                ("ENVOY_SERVERS_ADMIN_PORT", "/stats/prometheus",
                 "envoy_cluster_membership_healthy"),
                ("ENVOY_WEB_ADMIN_PORT", "/stats/prometheus",
                 "envoy_cluster_ssl_handshake"),
                ("ENVOY_API_ADMIN_PORT", "/stats/prometheus",
                 "envoy_http_rbac_allowed"),
                ("ENVOY_CLI_ADMIN_PORT", "/stats/prometheus",
                 "envoy_sds_.*_update_success")):
            said = it.fetch(int(it[setting]), path)
            expect(re.search(rf"^{figure}", said, re.M),
                   f"{setting}{path} has no {figure}: {said[:300]}")
        said = "".join(it.fetch(int(it[f"SPIRE_{one}_METRICS_PORT"]),
                                "/metrics") for one in "AB")
        expect("aws_fargate_task" in said, "the plugin's figures are not told")


def prometheus_watches(bench):
    """It reaches all that it is to ask, and its rules work."""
    with shared(bench) as it:
        def ask(path):
            return json.loads(it.fetch(int(it["PROMETHEUS_PORT"]),
                                       f"/api/v1/{path}"))["data"]

        def all_asked():
            found = ask("targets")["activeTargets"]
            return len(found) == 9 and all(one["health"] == "up"
                                           for one in found)

        wait(all_asked, "Prometheus to reach all of it", 60)
        # Each group has been evaluated, without an error.
        wait(lambda: all(rule["health"] == "ok"
                         for group in ask("rules")["groups"]
                         for rule in group["rules"]),
             "its rules to work", 60)
        rules = [rule for group in ask("rules")["groups"]
                 for rule in group["rules"]]
        expect(len(rules) > 20, f"it has only {len(rules)} rules")


def has_new(loop, since):
    """More certificates of the caller than there were."""
    return len(loop.seen) > since


def rotation_drops_nothing(bench):
    """10 rotations of 60 s SVIDs on both sides, over connections of 20 s."""
    with mesh(bench, SVID_TTL="60s") as it:
        it.up()
        with Loop(lambda: it.hash_by("WEB")) as web, \
                Loop(lambda: it.hash_by("CLI")) as cli:
            for one in (web, cli):
                wait(lambda: len(one.seen) > 10, "10 rotations of a caller",
                     450)
            wait(lambda: len(answerers(it)) > 10,
                 "10 rotations of api-service", 120)
        for name, loop in (("demo-app", web), ("cli-client", cli)):
            bench.note(f"{name}: {loop.count} requests, {len(loop.failed)}"
                       f" failed, {len(loop.seen)} certificates")
            expect(not loop.failed, f"{name}: {loop.failed[:5]}")
            expect(loop.count > 1000, f"{name}: only {loop.count} requests")
        bench.note(f"api-service: {len(answerers(it))} certificates")
        tries = sum(one["attempts"] > 1 for one in it.lines("envoy-web"))
        bench.note(f"{tries} requests of demo-app needed a second attempt")
        failed = [one for name in ("envoy-web", "envoy-cli", "envoy-api")
                  for one in it.lines(name) if one["status"] != 200]
        expect(not failed, f"in the access logs: {failed[:3]}")


def answerers(it):
    """What tells apart the certificates that have answered demo-app."""
    return {one["peer_expires"] for one in it.lines("envoy-web")
            if one["status"] == 200}


def a_server_may_die(bench):
    """Each in its turn: agents move, rotate, attest; nobody is dropped."""
    with mesh(bench, SVID_TTL="60s") as it:
        it.up()
        with Loop(lambda: it.hash_by("WEB")) as web, \
                Loop(lambda: it.hash_by("CLI")) as cli:
            for victim, other in (("a", "b"), ("b", "a")):
                busy = agents_at(it, victim)
                it.kill(f"spire-server-{victim}")
                began = time.monotonic()
                # A new task attests, and what is new gets to the agents.
                it.local("restart", "agent-cli")
                attested = time.monotonic() - began
                it.local("spire-server", "entry", "create", "-entryID",
                         f"new-{victim}", "-parentID", DOMAIN +
                         "/aws_fargate_task/123456789012/my-cluster/demo-app",
                         "-spiffeID", f"{DOMAIN}/new-{victim}", "-selector",
                         f"unix:uid:{it['ENVOY_WEB_UID']}")
                wait(lambda: f"{DOMAIN}/new-{victim}" in identities(
                    it, f"web:{it['ENVOY_WEB_UID']}"),
                    "a new entry to reach an agent")
                moved = time.monotonic() - began
                for one in (web, cli):
                    before = len(one.seen)
                    wait(lambda: has_new(one, before), "a rotation", 90)
                it.local("start", f"spire-server-{victim}")
                bench.note(f"server {victim} killed ({busy} connections):"
                           f" attested after {attested:.1f} s, a new entry"
                           f" there after {moved:.1f} s")
                expect(agents_at(it, other) > 0, f"nobody is at {other}")
        for name, loop in (("demo-app", web), ("cli-client", cli)):
            bench.note(f"{name}: {loop.count} requests, {len(loop.failed)}"
                       f" failed, {len(loop.seen)} certificates")
            expect(not loop.failed, f"{name}: {loop.failed[:5]}")
        it.local("status")


def agents_at(it, server):
    """Connections that the balancer has to one of the servers."""
    port = it[f"SPIRE_{server.upper()}_PORT"]
    found = re.search(rf"^spire-server::127\.0\.0\.1:{port}::cx_active::(\d+)",
                      it.admin("SERVERS", "/clusters"), re.M)
    return int(found.group(1))


def the_database_may_die(bench):
    """Killed for 30 s: who has an identity goes on; then all goes on."""
    with mesh(bench, SVID_TTL="100s") as it:
        it.up()
        with Loop(lambda: it.hash_by("WEB")) as web, \
                Loop(lambda: it.hash_by("CLI")) as cli:
            # Its way of being killed without a remainder.
            it.kill("postgres", signal.SIGQUIT)
            end = time.monotonic() + 30
            wait(lambda: time.monotonic() > end, "30 s to go by", 60)
            expect(it.local("status", ok=False).returncode != 0,
                   "without a database, all is well")
            it.local("start", "postgres")
            began = time.monotonic()
            # A server looks at its health once a minute.
            wait(lambda: it.local("status", ok=False).returncode == 0,
                 "all to be well again", 150)
            bench.note(f"well {time.monotonic() - began:.1f} s after it")
            it.local("restart", "agent-cli")
            for one in (web, cli):
                before = len(one.seen)
                wait(lambda: has_new(one, before), "a rotation", 150)
        for name, loop in (("demo-app", web), ("cli-client", cli)):
            bench.note(f"{name}: {loop.count} requests, {len(loop.failed)}"
                       f" failed, {len(loop.seen)} certificates")
            expect(not loop.failed, f"{name}: {loop.failed[:5]}")


def a_stopped_task_is_out(bench):
    """Its agent is refused and ends; its last SVID was the last."""
    ttl, agent_ttl, age = 60, 30, 5
    with mesh(bench, SVID_TTL=f"{ttl}s", AGENT_TTL=f"{agent_ttl}s",
              MAX_CONNECTION_AGE=f"{age}s") as it:
        it.up()
        agent = it.pid("agent-web")
        tasks = it.get(it["AWS_MOCK_URL"] + "/mock/tasks")[1]
        task = next(one for one in tasks
                    if one["roleArn"].endswith("/demo-app"))
        with Loop(lambda: it.hash_by("CLI")) as cli:
            status, said = it.get(
                f"{it['AWS_MOCK_URL']}/mock/tasks/{task['id']}/stop", "POST")
            expect(status == 200, f"{status} {said}")
            began = time.monotonic()
            wait(lambda: not alive(agent), "its agent to end", agent_ttl + 10)
            refused = time.monotonic() - began
            last = time.monotonic()
            expect(it.ask()[0] == 200, "it failed before its time")
            wait(lambda: it.ask()[0] != 200, "its requests to fail",
                 ttl + age + 5)
            out = time.monotonic() - last
            status, said = it.ask()
            expect(status == 503, f"{status} {said}")
            # From then on; starting it again does not help.
            done = it.local("start", "agent-web", ok=False)
            expect(done.returncode != 0, "its agent came back")
            end = time.monotonic() + 10
            while time.monotonic() < end:
                got = it.ask()
                expect(got[0] == 503, f"it is back: {got}")
            bench.note(f"its agent ended after {refused:.1f} s, its requests"
                       f" failed {out:.1f} s later")
            expect(it.stat("API", "listener.*.ssl.fail_verify_error"),
                   "its certificate has not expired for api-service")
        with open(f"{it.state}/log/agent-web.log", encoding="utf-8") as f:
            expect("PermissionDenied" in f.read(), "why did its agent end?")
        expect(not cli.failed, f"another task: {cli.failed[:5]}")
        expect(len(cli.seen) > 1, "the other task did not rotate")


def bench_measures(bench):
    """What the sidecars cost; and nothing of it stays."""
    with shared(bench) as it:
        it.env.update(BENCH_SECONDS="1", BENCH_ROUNDS="1")
        before = set(os.listdir(f"{it.state}/pids"))
        said = it.local("bench").stdout
        rows = re.findall(r"^\| (plain|mTLS|two Envoys)\b.*\|$", said, re.M)
        expect(len(rows) == 12, said)
        kept, _, cold = (
            dict(re.findall(r"^\| (.{24}) \| +(\d+) \|", part, re.M))
            for part in said.split("requests/s")[1:4])
        for cell in (kept, cold):
            expect(len(cell) == 4 and all(int(n) > 0 for n in cell.values()),
                   said)
        # Figures may differ, but not so.
        expect(int(kept["plain HTTP".ljust(24)]) >
               int(kept["two Envoys, mTLS: mesh".ljust(24)]),
               f"two proxies are faster than none: {said}")
        image = xml.etree.ElementTree.parse(f"{it.state}/overhead.svg")
        expect(len(image.findall(".//{http://www.w3.org/2000/svg}rect")) == 12,
               "not every way is in the plot")
        child = subprocess.Popen(
            ["./run-local.sh", "bench"], cwd=it.here, env=it.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(f"{it.state}/bench/figures"),
             "a measurement")
        child.terminate()
        expect(child.wait(60) == 143, f"it ended with {child.returncode}")
        expect(set(os.listdir(f"{it.state}/pids")) == before and
               not os.path.exists(f"{it.state}/bench"), "it left files")
        left = [one for one in processes_of(it.state) if "/bench/" in one]
        expect(not left, f"left running: {left}")
        it.env["BENCH_SECONDS"] = "0"
        done = it.local("bench", ok=False)
        expect(done.returncode == 1 and "BENCH_SECONDS" in done.stderr,
               f"{done.returncode}, {done.stderr}")
        it.local("status")
        it.caller(by="WEB")
        del it.env["BENCH_SECONDS"], it.env["BENCH_ROUNDS"]


def works_for_a_user(bench):
    """Without root, as an ordinary user."""
    if os.getuid() != 0:
        return  # then every other case shows it
    user = "nobody"
    with mesh(bench, user=user, HOME="/tmp") as it:
        # Where somebody else can get at it.
        os.chmod(it.dir, 0o755)
        bench.copy_programs(it.dir)
        envoy = subprocess.run(
            ["../../scripts/envoy"], check=True, text=True, cwd=it.here,
            stdout=subprocess.PIPE).stdout.split()[-1]
        subprocess.run(["cp", envoy, f"{it.dir}/envoy"], check=True)
        it.env.update(EXAMPLE_BUILD_DIR=f"{it.dir}/build", HOME=f"{it.dir}/h",
                      SPIRE_BIN_DIR=f"{it.dir}/spire",
                      ENVOY_BIN=f"{it.dir}/envoy",
                      EXAMPLE_STATE_DIR=f"{it.dir}/h/s")
        it.state = f"{it.dir}/h/s"
        os.mkdir(f"{it.dir}/h")
        subprocess.run(["chown", user, f"{it.dir}/h"], check=True)
        it.up()
        tried = it.local("test")
        expect(" 0 failed" in tried.stdout, tried.stdout)
        it.local("down")


def documented_server_works(bench):
    """One server with "cluster" and "region", as the documentation has it."""
    with shared(bench) as it:
        # The last of the ports that are ours.
        port = int(it.env["EXAMPLE_PORTS"]) + PORTS_EACH - 1
        subprocess.run(
            ["psql", "-qX", "-h", it["DATABASE_HOST"], "-U", "postgres", "-c",
             "CREATE DATABASE documented OWNER spire"], check=True,
            env=dict(it.env, PGPASSWORD=it["DATABASE_PASSWORD"]))
        with Documented(it, port) as one:
            for name, program in (
                    ("server", "aws-fargate-server-nodeattestor"),
                    ("agent", "aws-fargate-nodeattestor")):
                done = one.checks(name, program)
                expect(done.returncode == 0 and
                       re.search(r"^cluster\W+test-cluster", done.stdout, re.M)
                       and re.search(r"^region\W+us-east-1", done.stdout,
                                     re.M), f"{name}: {done.stdout}")
            one.up()
            wait(lambda: ID in one.server("agent", "list", ok=False),
                 "the documented agent ID", 30)
            one.server("entry", "create", "-parentID", ID, "-spiffeID",
                       f"{DOMAIN}/demo-app", "-selector",
                       f"unix:uid:{os.getuid()}")
            wait(lambda: f"{DOMAIN}/demo-app" in one.fetch(),
                 "the documented identity", 60)


def containers_agree(bench):
    """The files for containers know what those for processes know."""
    here = os.path.join(ROOT, "examples", NAME)
    with open(f"{here}/containers.env", encoding="utf-8") as f:
        env = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", f.read(), re.M))
    with open(f"{here}/docker-compose.yml", encoding="utf-8") as f:
        compose = f.read()
    # The sums are made at the start; the rest stands in docker-compose.yml.
    told = set(env) | {"SERVER_PLUGIN_SHA256", "AGENT_PLUGIN_SHA256"}
    for name in ("DATABASE_PASSWORD", "SPIRE_NAME", "SPIRE_BIND_PORT",
                 "SPIRE_HEALTH_PORT", "SPIRE_METRICS_PORT"):
        expect(f"{name}: " in compose, f"docker-compose.yml has no {name}")
        told.add(name)
    files = sorted(name for name in os.listdir(here)
                   if name.endswith((".conf", ".yaml"))
                   and name != "scenario.conf")
    expect(len(files) == 10, f"{files}")
    for name in files:
        with open(f"{here}/{name}", encoding="utf-8") as f:
            wanted = set(re.findall(r"\$\{([A-Z0-9_]+)\}", f.read()))
        expect(wanted <= told,
               f"{name} wants {wanted - told}, not in containers.env")
    for name in files:
        if name.endswith(".yaml"):
            said = subprocess.run(
                ["awk", "-f", f"{here}/expand.awk", f"{here}/{name}"],
                check=True, text=True, stdout=subprocess.PIPE,
                env=dict(env, PATH=os.environ["PATH"])).stdout
            expect("${" not in said, f"{name}: {said}")
            refused = subprocess.run(
                ["awk", "-f", f"{here}/expand.awk", f"{here}/{name}"],
                check=False, text=True, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"]})
            expect(refused.returncode == 1 and "is not set" in refused.stderr,
                   f"{name} without settings: {refused.stderr}")
    compose_has_tasks(bench, here, compose)
    check_compose(bench, here)


def helpers_work(bench):
    """build-with-trust-bundle.sh and cleanup.sh, as processes."""
    with mesh(bench) as it:
        for script in ("build-with-trust-bundle.sh", "setup-spire.sh",
                       "cleanup.sh", "run-local.sh", "test.sh"):
            expect("usage: ./" + script in
                   it.run("./" + script, "--help").stdout,
                   f"{script} --help says nothing of its use")
            wrong = it.run("./" + script, "--nonsense", ok=False)
            expect(wrong.returncode == 2, f"{script} takes --nonsense")
        it.run("./build-with-trust-bundle.sh", "--local", "--no-start")
        expect(not os.path.exists(it.state), "--no-start started something")
        it.run("./build-with-trust-bundle.sh", "--local")
        it.local("status")
        # Without --local it would end what somebody has in containers.
        it.run("./cleanup.sh", "--local")
        expect(not os.path.exists(it.state), "cleanup.sh left the folder")
        nothing = it.run("./setup-spire.sh", ok=False)
        expect(nothing.returncode != 0, "setup-spire.sh found a server")


def readme_is_true(bench):
    """Every command of the README, in its order, shows what it says."""
    with mesh(bench, usual_ports=True) as it:
        follow_readme(bench, it, {
            "WEB_PORT": "8080", "SPIRE_SERVER_PORT": "8081",
            "SPIRE_A_PORT": "8181", "SPIRE_B_PORT": "8281",
            "API_PORT": "8083", "API_SERVICE_PORT": "8183",
            "DEMO_APP_PORT": "8180", "AWS_MOCK_URL": "8090",
            "WEB_EGRESS_PORT": "9101", "CLI_EGRESS_PORT": "9103",
            "ENVOY_WEB_ADMIN_PORT": "9901", "ENVOY_API_ADMIN_PORT": "9902",
            "ENVOY_CLI_ADMIN_PORT": "9903", "PROMETHEUS_PORT": "9090"})


ALL = [(" ".join(f.__name__.split("_")), f) for f in (
    starts_quickly, rotation_drops_nothing, a_server_may_die,
    the_database_may_die, a_stopped_task_is_out, callers_are_named,
    strangers_are_refused, routes_and_headers_hold, nothing_is_readable,
    impostor_gets_nothing, envoys_take_their_files, figures_are_told,
    prometheus_watches,
    bench_measures, documented_server_works, repairs_itself, gives_up_cleanly,
    works_for_a_user, readme_is_true, containers_agree, helpers_work)]
ALONE = (starts_quickly,)
LONG = (rotation_drops_nothing, a_server_may_die, the_database_may_die,
        a_stopped_task_is_out)
