# SPDX-License-Identifier: Apache-2.0
"""What must hold of examples/fargate-spire-mock."""

import contextlib
import json
import os
import re
import socket
import subprocess
import time

from browser import Browser
from lab import (ROOT, Example, Loop, check_compose, compose_has_tasks,
                 entries, expect, find_key, outage, processes_of, wait)
from readme import follow_readme

NAME = "fargate-spire-mock"
GROUPS = ("browser",)
DOMAIN = "spiffe://example.org"


def example(bench, **how):
    return Example(NAME, bench.build, **how)


def starts_quickly(bench):
    """Up in under 30 s, again at once, down with nothing left."""
    with example(bench) as it:
        it.local("down")
        expect(it.local("status", ok=False).returncode != 0,
               "status says that all is well when nothing is up")
        took = it.up()
        bench.note(f"up in {took:.1f} s")
        expect(took < 30, f"up took {took:.1f} s")
        said = it.local("up")
        expect("up already" in said.stderr, f"the second up: {said.stderr}")
        shown = it.local("status").stdout.splitlines()
        expect(len(shown) == 8 and
               all(re.search(r"\bhealthy\b", line) for line in shown),
               f"status: {shown}")
        tried = it.local("test")
        expect(re.search(r"^\d+ passed, 0 failed$", tried.stdout, re.M),
               tried.stdout)
        expect(processes_of(it.state), "no process shows in /proc")


def repairs_itself(bench):
    """Whoever does not run is started by another up; entries stay the same."""
    with example(bench) as it:
        it.up()
        before = entries(it)
        for name in ("agent-api", "demo-app", "aws-mock"):
            it.local("stop", name)
        expect(it.local("status", ok=False).returncode != 0,
               "status says that all is well")
        it.local("up")
        it.local("status")
        it.run("./setup-spire.sh")
        expect(entries(it) == before, "setup-spire.sh made other entries")
        expect(it.call()["ok"], "the button does not work")
        refused = it.local("stop", "nobody", ok=False)
        expect(refused.returncode != 0, "it stopped nobody")


def gives_up_cleanly(bench):
    """Interrupted, misconfigured, or in somebody else's folder: no trace."""
    with example(bench) as it:
        child = subprocess.Popen(
            ["./run-local.sh", "up"], cwd=it.here, env=it.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(f"{it.state}/pids/spire-server"),
             "the server to start")
        child.terminate()
        expect(child.wait(60) == 143, f"it ended with {child.returncode}")
        expect(not os.path.exists(it.state), "interrupted, it left its folder")
        expect(not processes_of(it.state),
               f"left running: {processes_of(it.state)}")
    with example(bench, SVID_TTL="nonsense") as it:
        done = it.local("up", ok=False)
        expect(done.returncode == 1 and "nonsense" in done.stderr,
               f"SVID_TTL=nonsense: {done.returncode}, {done.stderr}")
        expect(not os.path.exists(it.state), "failed, it left its folder")
    if os.getuid() == 0:
        with example(bench) as it:
            os.mkdir(it.state)
            os.chown(it.state, 65534, 65534)
            for verb in ("up", "down"):
                done = it.local(verb, ok=False)
                expect(done.returncode == 1 and "not a folder" in done.stderr,
                       f"{verb} in the folder of another: {done.stderr}")
            os.rmdir(it.state)


def two_at_a_time(bench):
    """Two that start it at once: one does, and the other waits."""
    with example(bench) as it:
        both = [subprocess.Popen(
            ["./run-local.sh", "up"], cwd=it.here, env=it.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE) for _ in range(2)]
        said = sorted(child.communicate(timeout=120)[1] for child in both)
        expect([child.returncode for child in both] == [0, 0], f"{said}")
        expect(sum("up already" in text for text in said) == 1, f"{said}")
        it.local("status")


def finds_other_ports(bench):
    """Where the usual ports are taken, it chooses others."""
    with contextlib.ExitStack() as taken:
        for port in (8080, 8081, 8082, 8090):
            one = taken.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # then it is taken anyway
                one.bind(("127.0.0.1", port))
                one.listen()
        with example(bench, usual_ports=True) as it:
            it.up()
            expect(it.call()["ok"], "the button does not work")


def works_for_a_user(bench):
    """Without root: PostgreSQL, SPIRE and all as an ordinary user."""
    if os.getuid() != 0:
        return  # then every other case shows it
    user = "nobody"
    with example(bench, user=user, HOME="/tmp") as it:
        # Where somebody else can get at it.
        os.chmod(it.dir, 0o755)
        bench.copy_programs(it.dir)
        it.env.update(EXAMPLE_BUILD_DIR=f"{it.dir}/build", HOME=f"{it.dir}/h",
                      SPIRE_BIN_DIR=f"{it.dir}/spire",
                      EXAMPLE_STATE_DIR=f"{it.dir}/h/s")
        it.state = f"{it.dir}/h/s"
        os.mkdir(f"{it.dir}/h")
        subprocess.run(["chown", user, f"{it.dir}/h"], check=True)
        it.up()
        tried = it.local("test")
        expect(" 0 failed" in tried.stdout, tried.stdout)
        it.local("down")


def readme_is_true(bench):
    """Every command of the README, in its order, shows what it says."""
    with example(bench, usual_ports=True) as it:
        follow_readme(bench, it, {
            "DEMO_APP_LISTEN": "8080", "SPIRE_SERVER_PORT": "8081",
            "API_SERVICE_LISTEN": "8082", "AWS_MOCK_URL": "8090"})


def page_lives(bench):
    """The page in a browser: button, bar, rotation without reload, looks."""
    with example(bench, SVID_TTL="60s") as it:
        it.up()
        with Browser(f"{it.dir}/browser") as browser:
            open_page(browser, it["DEMO_APP_URL"] + "/")
            press_button(browser)
            watch_bar(browser)
            take_pictures(bench, browser)
            watch_rotation(it, browser)
            watch_agent(it, browser)
            said = [line for line in browser.complaints()
                    if "/events" not in line]
            expect(not said, f"the console says: {said}")


def open_page(browser, url):
    browser.open(url)
    browser.run("window.mark = 'never reloaded'")
    wait(lambda: browser.text("#status .badge") == "ok", "the page to say ok")
    expect(DOMAIN + "/demo-app" in browser.text("#svid .id"),
           "the page does not show the identity")


def press_button(browser):
    browser.click("#call button")
    wait(lambda: "api-service" in (browser.text("#call .badge.ok") or "") or
         "TLSv1.3" in (browser.text("#call") or ""),
         "the answer of api-service to show", 30)
    expect(DOMAIN + "/api-service" in browser.text("#call"),
           "the page does not say who answered")


def bar(browser):
    return browser.run("const p = document.querySelector('progress.life');"
                       " return [p.value, p.max]")


def watch_bar(browser):
    """It shrinks as time goes by."""
    before, of = bar(browser)
    expect(0 < before <= of, f"the bar shows {before} of {of}")
    wait(lambda: before - bar(browser)[0] >= 2, "the bar to shrink", 20)


def take_pictures(bench, browser):
    bench.picture(browser, "page.png")
    browser.dark(True)
    colour = browser.run("return getComputedStyle(document.body)"
                         ".backgroundColor")
    bench.picture(browser, "page-dark.png")
    browser.dark(False)
    expect(colour != browser.run("return getComputedStyle(document.body)"
                                 ".backgroundColor"),
           "dark is no other than light")
    browser.width(360)
    wide = browser.run("return document.documentElement.scrollWidth")
    bench.picture(browser, "page-narrow.png")
    browser.width(1000)
    expect(wide <= 360, f"on 360 pixels the page is {wide} wide")


def see_rotation(browser, seconds):
    """The new certificate shows by itself; what is said of it."""
    def shown():
        return browser.text("#svid dl")
    before = shown()
    wait(lambda: shown() not in (before, None), "the rotation to show",
         seconds)
    expect(browser.run("return window.mark") == "never reloaded",
           "the page was loaded again")
    return shown()


def watch_rotation(it, browser):
    shown = see_rotation(browser, 60)
    expect(it.svid()["serial"] in shown, "the page shows another serial")


def watch_agent(it, browser):
    """That the agent is gone, and is back, shows by itself."""
    it.local("stop", "agent-web")
    wait(lambda: browser.text("#status .badge") == "degraded",
         "the page to say degraded", 30)
    it.local("start", "agent-web")
    wait(lambda: browser.text("#status .badge") == "ok",
         "the page to say ok again", 60)


def rotation_drops_nothing(bench):
    """10 rotations of 60 s SVIDs, SPIRE and its database restarted."""
    with example(bench, SVID_TTL="60s") as it:
        it.up()

        def kept():
            said = it.call()
            expect(said["ok"], f"demo-app: {said.get('error')}")
            return said["peer_expires"]

        def fresh():
            said = json.loads(it.local(
                "spire-cli", "-query", "-json", "-endpoint",
                it["API_SERVICE_URL"] + "/attestation").stdout)
            seen = find_key(said, "peer_expires")
            expect(seen, f"spire-cli: {said}")
            return seen

        own = set()
        with Loop(kept) as one, Loop(fresh) as other:
            for turn in range(1, 11):
                own.add(it.svid()["sha256"])
                wait(lambda: it.svid()["sha256"] not in own,
                     f"rotation {turn}", 60)
                if turn in (3, 6):
                    outage(it, "spire-server" if turn == 3 else "postgres")
            # api-service has a rhythm of its own.
            wait(lambda: len(other.seen) > 10, "its 10 rotations", 120)
        own.add(it.svid()["sha256"])
        # A kept connection sees fewer: it lives for most of a certificate.
        for name, loop, least in (("kept connection", one, 4),
                                  ("new connection each", other, 8)):
            bench.note(f"{name}: {loop.count} calls, {len(loop.failed)}"
                       f" failed, {len(loop.seen)} certificates of the peer")
            expect(not loop.failed, f"{name}: {loop.failed[:5]}")
            expect(loop.count > 100, f"{name}: only {loop.count} calls")
            expect(len(loop.seen) >= least,
                   f"{name}: {len(loop.seen)} certificates of the peer")
        expect(len(own) == 11, f"demo-app had {len(own)} certificates")


def agent_gone(bench):
    """They serve on what they have, say so, expire, and recover."""
    with example(bench, SVID_TTL="60s") as it:
        it.up()
        api = "http://" + it["API_SERVICE_HEALTH_LISTEN"]
        for agent, url in (("agent-web", it["DEMO_APP_URL"]),
                           ("agent-api", api)):
            it.local("stop", agent)
            wait(lambda: it.health(url) == "degraded",
                 f"{url} to say that its agent is gone", 20)
        # Both go on, on what they have.
        until = it.svid()["not_after_s"] - 15

        def call():
            said = it.call()
            expect(said["ok"], f"before it expired: {said.get('error')}")

        with Loop(call) as loop:
            wait(lambda: time.time() > until, "it to expire soon", 90)
        expect(not loop.failed, f"without an agent: {loop.failed[:5]}")
        expect(loop.count > 10, "there was no time to call")
        wait(lambda: it.health() == "down" and it.health(api) == "down",
             "both to say that they are down", 90)
        said = it.call()
        expect(not said["ok"] and said["error"],
               f"it called with what had expired: {said}")
        for agent in ("agent-web", "agent-api"):
            it.local("start", agent)
        wait(lambda: it.health() == "ok" and it.health(api) == "ok",
             "both to be well again", 60)
        wait(lambda: it.call()["ok"], "the call to work again", 30)
        bench.note(f"{loop.count} calls without an agent")


def containers_agree(bench):
    """The files for containers know what those for processes know."""
    here = os.path.join(ROOT, "examples", NAME)
    with open(os.path.join(here, "containers.env"), encoding="utf-8") as f:
        told = set(re.findall(r"^([A-Z0-9_]+)=", f.read(), re.M))
    # The database's password and the plugins' sums are made at the start.
    told |= {"DATABASE_PASSWORD", "SERVER_PLUGIN_SHA256",
             "AGENT_PLUGIN_SHA256"}
    for name in sorted(os.listdir(here)):
        if not name.endswith(".conf") or name == "scenario.conf":
            continue
        with open(os.path.join(here, name), encoding="utf-8") as f:
            wanted = set(re.findall(r"\$\{([A-Z0-9_]+)\}", f.read()))
        expect(wanted <= told,
               f"{name} wants {wanted - told}, not in containers.env")
    with open(os.path.join(here, "docker-compose.yml"),
              encoding="utf-8") as f:
        compose = f.read()
    compose_has_tasks(bench, here, compose)
    check_compose(bench, here)


def helpers_work(bench):
    """build-with-trust-bundle.sh and cleanup.sh, as processes."""
    with example(bench) as it:
        for script in ("build-with-trust-bundle.sh", "setup-spire.sh",
                       "cleanup.sh", "run-local.sh"):
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
        state = it.state
        for bad in ("relative", f"{state} x", f"{state}{'x' * 64}"):
            it.env["EXAMPLE_STATE_DIR"] = bad
            expect(it.local("up", ok=False).returncode == 1,
                   f"it came up in \"{bad}\"")
        it.env["EXAMPLE_STATE_DIR"] = state
        expect(not os.path.exists(it.state), "cleanup.sh left the folder")
        nothing = it.run("./setup-spire.sh", ok=False)
        expect(nothing.returncode != 0, "setup-spire.sh found a server")


ALL = [(" ".join(f.__name__.split("_")), f) for f in (
    rotation_drops_nothing, agent_gone, starts_quickly, repairs_itself,
    gives_up_cleanly, two_at_a_time, finds_other_ports, works_for_a_user,
    readme_is_true, page_lives, containers_agree, helpers_work)]
# These mostly wait: they run beside the others.
LONG = (rotation_drops_nothing, agent_gone)
ALONE = (starts_quickly,)


def finish(_):
    """Each case has ended what it began."""
