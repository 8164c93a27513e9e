# SPDX-License-Identifier: Apache-2.0
"""An example that is up: its own folder and ports, and its commands.

Nothing here sleeps for a guessed time: wait() polls a condition.  Failed
expectations raise Failure.
"""

import contextlib
import glob
import http.client
import json
import os
import pwd
import random
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


# What has to be ended when we are told to end: of each, end() is called.
OPEN = set()


class Failure(Exception):
    """What was expected, and what was there instead."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def wait(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def processes_of(folder):
    """Who runs a program from there, or was told of it, or works in it."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        with contextlib.suppress(OSError):
            with open(path + "/cmdline", "rb") as f:
                words = f.read().replace(b"\0", b" ").decode(errors="replace")
            with open(path + "/environ", "rb") as f:
                told = f.read().decode(errors="replace")
            said = " ".join([words, os.readlink(path + "/exe"),
                             os.readlink(path + "/cwd"), told])
            if folder in said and int(path[6:]) != os.getpid():
                found.append(f"{path[6:]} {words}")
    return found


# Ports that nobody gets by chance, for any number of examples at a time.
PORTS_EACH = 40
FIRST_PORTS = list(range(10240, 32000, PORTS_EACH))
random.shuffle(FIRST_PORTS)


class Example:
    """One of the examples, by its run-local.sh."""

    def __init__(self, name, build, usual_ports=False, user=None, **env):
        self.name = name
        self.here = os.path.join(ROOT, "examples", name)
        # Sockets live below, and their paths have 107 bytes at most.
        self.dir = tempfile.mkdtemp(prefix="saf-ex-", dir="/tmp")
        # As root, PostgreSQL and the applications are other users.
        os.chmod(self.dir, 0o711)
        self.state = os.path.join(self.dir, "s")
        self.user = user
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("ECS_", "AWS_", "EXAMPLE_"))
                    and not k.lower().endswith("_proxy")}
        self.env.update(EXAMPLE_STATE_DIR=self.state, EXAMPLE_BUILD_DIR=build,
                        **env)
        if not usual_ports:
            self.env["EXAMPLE_PORTS"] = str(FIRST_PORTS.pop())
        self.values = {}
        OPEN.add(self)

    def __enter__(self):
        return self

    def end(self):
        done = self.run("./run-local.sh", "down", ok=False)
        left = processes_of(self.dir)
        folder = os.path.exists(self.state)
        shutil.rmtree(self.dir, ignore_errors=True)
        OPEN.discard(self)
        return done, left, folder

    def __exit__(self, kind, *_):
        why = self.explain() if kind else ""
        done, left, folder = self.end()
        if why:
            print(why, flush=True)
            return False
        expect(done.returncode == 0, f"down failed: {done.stderr}")
        expect(not left, f"left running: {left}")
        expect(not folder, "down left its folder")
        return False

    def words(self, argv):
        if self.user is None:
            return argv
        return ("setpriv", f"--reuid={self.user}", "--clear-groups",
                f"--regid={pwd.getpwnam(self.user).pw_gid}") + argv

    def run(self, *argv, ok=True, seconds=120):
        """Run in the example's folder; a Failure if ok and it fails."""
        done = subprocess.run(
            self.words(argv), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=seconds, cwd=self.here, env=self.env, check=False)
        expect(not ok or done.returncode == 0,
               f"\"{' '.join(argv)}\" ended with {done.returncode}:"
               f" {done.stdout}{done.stderr}")
        return done

    def local(self, *argv, ok=True):
        return self.run("./run-local.sh", *argv, ok=ok)

    def up(self):
        """Seconds that it took."""
        began = time.monotonic()
        self.local("up")
        took = time.monotonic() - began
        self.values = dict(line.split("=", 1) for line in
                           self.local("env").stdout.splitlines())
        return took

    def __getitem__(self, name):
        """One of its settings."""
        return self.values[name]

    def get(self, url, method="GET"):
        """Status and document; 0 and the reason if nothing came."""
        request = urllib.request.Request(
            url, method=method, data=b"" if method == "POST" else None,
            headers={"Accept": "application/json"})
        try:
            with NO_PROXY.open(request, timeout=30) as f:
                return f.status, json.load(f)
        except urllib.error.HTTPError as e:
            return e.code, json.load(e)
        except (OSError, http.client.HTTPException) as e:
            return 0, str(e)

    def health(self, url=None):
        """The status of /health: "ok", "degraded" or "down"."""
        status, said = self.get((url or self["DEMO_APP_URL"]) + "/health")
        return said["status"] if status else said

    def call(self):
        """The page's button: what came of it."""
        _, said = self.get(self["DEMO_APP_URL"] + "/api-call", "POST")
        return said if isinstance(said, dict) else {"ok": False,
                                                    "error": said}

    def svid(self):
        """demo-app's certificate, as /json shows it."""
        return self.get(self["DEMO_APP_URL"] + "/json")[1]["x509_svids"][0]

    def explain(self):
        """The lines of all logs that a person would look for."""
        out = []
        for path in sorted(glob.glob(f"{self.state}/log/*.log")):
            with open(path, encoding="utf-8", errors="replace") as f:
                lines = f.read().splitlines()
            loud = [line for line in lines if re.search(
                r"level=(error|warning|fatal)|ERROR|FATAL|^[^t{]", line)]
            out.append(f"--- {os.path.basename(path)}, the last of"
                       f" {len(lines)} lines, warnings and errors first")
            out += loud[-8:] + ["..."] + lines[-4:]
        return "\n".join(out)


def entries(it):
    shown = json.loads(it.local("spire-server", "entry", "show", "-output",
                                "json").stdout)["entries"]
    # What each update counts up is not what it says.
    return {e["id"]: (e["parent_id"], e["spiffe_id"], e["selectors"])
            for e in shown}


def outage(it, name):
    """A while without it; agents then take half as long again to notice."""
    it.local("stop", name)
    end = time.monotonic() + 8
    wait(lambda: time.monotonic() > end, "the outage to end")
    it.local("start", name)


def find_key(value, key):
    """The first of that name, however deep."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        value = list(value.values())
    for one in value if isinstance(value, list) else []:
        found = find_key(one, key)
        if found is not None:
            return found
    return None


def compose_has_tasks(bench, here, compose):
    """What the mock says that a container of each task is given."""
    for task in ("web", "api", "cli"):
        said = subprocess.run(
            [f"{bench.build}/src/mock/fargate-mock", "--scenario",
             f"{here}/scenario.conf", "--env", task, "--listen",
             "169.254.170.2", "--port", "8090"],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        for line in said.splitlines():
            name, value = line.split("=", 1)
            if value.startswith("http"):
                expect(f"{name}: {value}\n" in compose,
                       f"docker-compose.yml has no {line}")


def check_compose(bench, here):
    """By Compose itself, where there is one."""
    for words in (["docker", "compose"], ["docker-compose"]):
        try:
            if subprocess.run(words + ["version"], check=False,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode != 0:
                continue
        except FileNotFoundError:
            continue
        done = subprocess.run(
            words + ["-f", f"{here}/docker-compose.yml", "config", "-q"],
            check=False, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, POSTGRES_PASSWORD="x"))
        expect(done.returncode == 0,
               f"{shlex.join(words)} config: {done.stdout}")
        bench.note(f"read by {shlex.join(words)}")
        return
    bench.note("there is no Compose here to read docker-compose.yml")


class Loop:
    """Calls something again and again on a thread of its own."""

    def __init__(self, call):
        self.call, self.count, self.failed, self.seen = call, 0, [], set()
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join(60)
        return False

    def work(self):
        while not self.ends.is_set():
            try:
                self.seen.add(self.call())
            except Exception as e:  # pylint: disable=broad-except
                self.failed.append(f"{time.strftime('%H:%M:%S')}"
                                   f" {type(e).__name__}: {e}")
            self.count += 1
            self.ends.wait(0.05)
