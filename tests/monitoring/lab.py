# SPDX-License-Identifier: Apache-2.0
"""A Prometheus with the configuration of the mesh, and exporters for it.

An exporter says again what a real one has said, as of now: points in time move
along, and in a quiet mesh what succeeds goes on.
"""

import contextlib
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MONITORING = os.path.join(ROOT, "examples", "fargate-envoy-spire",
                          "monitoring")
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# Who is asked: the name of his port for targets.sh, his sample, and whether
# the trouble is that he is gone.
EXPORTERS = (("SPIRE_A_METRICS", "server-a", False),
             ("SPIRE_B_METRICS", "server-b", False),
             ("AGENT_WEB_METRICS", "agent-web", False),
             ("AGENT_API_METRICS", "agent-web", True),
             ("AGENT_CLI_METRICS", "agent-web", True),
             ("ENVOY_SERVERS_ADMIN", "envoy-servers", False),
             ("ENVOY_WEB_ADMIN", "envoy-web", False),
             ("ENVOY_API_ADMIN", "envoy-api", False),
             ("ENVOY_CLI_ADMIN", "envoy-cli", False))

SECONDS = re.compile(r"\w+_(expiration_unix_time_seconds|rotate_expiration)\b")
MILLISECONDS = re.compile(r"\w+_update_time\b")


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
        time.sleep(0.2)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def run(*argv, **more):
    """Output; a Failure if it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, check=False, **more)
    expect(done.returncode == 0, f"\"{' '.join(argv)}\" ended with"
           f" {done.returncode}: {done.stdout}")
    return done.stdout


class Exporter(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, sample, goes):
        self.sample, self.goes, self.when = sample, goes, "quiet"
        self.began = time.time()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def say(self):
        """None if he is gone."""
        if self.goes and self.when == "trouble":
            return None
        lines = read(HERE, "samples", self.when,
                     self.sample + ".prom").splitlines()
        later = int(time.time()) - int(lines[0].split()[2])
        return "\n".join(self.as_of_now(x, later) for x in lines[1:]) + "\n"

    def as_of_now(self, line, later):
        if line.startswith("#"):
            return line
        series, value = line.rsplit(" ", 1)
        if SECONDS.match(series):
            value = float(value) + later
        elif MILLISECONDS.match(series):
            value = float(value) + later * 1000
        elif self.when == "quiet" and 'status="OK"' in series:
            value = float(value) + int(time.time() - self.began)
        return f"{series} {value}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        envoy = self.server.sample.startswith("envoy")
        said = self.server.say()
        if self.path != ("/stats/prometheus" if envoy else "/metrics"):
            said = None
        self.send_response(404 if said is None else 200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write((said or "").encode())

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Prometheus:
    """With prometheus.yml and rules.yml as they are, only faster."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="saf-mon-", dir="/tmp")
        self.exporters = [Exporter(s, goes) for _, s, goes in EXPORTERS]
        self.url, self.process = "", None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)

    def on_signal(self, number, _):
        self.end()
        sys.exit(128 + number)

    def targets(self, folder):
        env = dict(os.environ)
        for (name, _, _), exporter in zip(EXPORTERS, self.exporters):
            env[name + "_PORT"] = str(exporter.server_port)
        run(os.path.join(MONITORING, "targets.sh"), folder, env=env)

    def start(self):
        config = read(MONITORING, "prometheus.yml")
        fast = re.sub(r"^(  (?:scrape|evaluation)_interval): 15s$", r"\1: 1s",
                      config, flags=re.M)
        fast = re.sub(r"^(  scrape_timeout): 10s$", r"\1: 1s", fast,
                      flags=re.M)
        expect(fast.count(": 1s\n") == 3, "prometheus.yml: no intervals")
        with open(self.dir + "/prometheus.yml", "w", encoding="utf-8") as f:
            f.write(fast)
        shutil.copy(os.path.join(MONITORING, "rules.yml"), self.dir)
        self.targets(self.dir + "/targets")
        # Somebody may take the port before Prometheus does.
        for _ in range(3):
            port = free_port()
            self.url = f"http://127.0.0.1:{port}"
            with open(self.dir + "/log", "wb") as log:
                self.process = subprocess.Popen(
                    ["prometheus", f"--config.file={self.dir}/prometheus.yml",
                     f"--storage.tsdb.path={self.dir}/data",
                     f"--web.listen-address=127.0.0.1:{port}",
                     "--log.level=warn"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    cwd=self.dir)
            if wait(lambda: self.is_ready() or self.process.poll() is not None,
                    "Prometheus") and self.process.poll() is None:
                return
        raise Failure("Prometheus does not start: " + read(self.dir, "log"))

    def is_ready(self):
        try:
            with NO_PROXY.open(self.url + "/-/ready", timeout=5) as f:
                return f.status == 200
        except OSError:
            return False

    def ask(self, path, **query):
        """What its API answers; a Failure if that is an error."""
        url = f"{self.url}/api/v1/{path}?" + urllib.parse.urlencode(query)
        try:
            with NO_PROXY.open(url, timeout=30) as f:
                return json.load(f)["data"]
        except urllib.error.HTTPError as e:
            raise Failure(f"{path} {query}: {e.read().decode()}") from e

    def rules(self):
        return [rule for group in self.ask("rules")["groups"]
                for rule in group["rules"]]

    def alerts(self):
        """Name and labels of those that are pending or fire."""
        return [dict(a["labels"], state=a["state"],
                     said="; ".join(a["annotations"].values()))
                for a in self.ask("alerts")["alerts"]]

    def trouble(self):
        for exporter in self.exporters:
            exporter.when = "trouble"

    def end(self):
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        for exporter in self.exporters:
            exporter.shutdown()
            exporter.server_close()
        shutil.rmtree(self.dir, ignore_errors=True)
