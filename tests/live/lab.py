# SPDX-License-Identifier: Apache-2.0
"""Servers to talk to, and cases that are counted."""

import atexit
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SCENARIO = os.path.join(ROOT, "tests", "data", "mock", "full.conf")

CASES = []


def case(function):
    """A function of one argument, the lab, that passes if it returns."""
    CASES.append(function)
    return function


def run_all(lab):
    failed = 0
    for function in CASES:
        name = function.__name__.replace("_", " ")
        try:
            function(lab)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL: {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            print(f"PASS: {name}")
    print(f"{len(CASES) - failed} passed, {failed} failed", flush=True)
    return failed == 0


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


class Lab:
    """What a build has, and the servers that run."""

    def __init__(self, build):
        self.build = build
        self.mock = None   # its URL
        self.moto = None
        self.dir = tempfile.TemporaryDirectory(prefix="live-")

    def start(self, command, ready, env=None):
        """The URL that a line of its output names."""
        log = tempfile.TemporaryFile("w+", dir=self.dir.name)
        p = subprocess.Popen(command, stdout=log, stderr=log,
                             stdin=subprocess.DEVNULL,
                             env={**os.environ, **(env or {})})
        atexit.register(stop, p)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            text = os.pread(log.fileno(), 65536, 0).decode()
            found = re.search(ready, text)
            if found:
                return found.group(1)
            assert p.poll() is None, f"{command[0]} ended: {text}"
            time.sleep(0.05)
        raise AssertionError(f"{command[0]} does not get ready: {text}")

    def start_mock(self):
        self.mock = self.start(
            [f"{self.build}/src/mock/fargate-mock", "--port", "0",
             "--scenario", SCENARIO],
            r"listening on (http://\S+)")

    def task_environment(self, task):
        """What the mock says that a container of the task has."""
        url, port = self.mock.rsplit(":", 1)
        out = subprocess.run(
            [f"{self.build}/src/mock/fargate-mock", "--env", task,
             "--listen", url.split("//")[1], "--port", port,
             "--scenario", SCENARIO],
            check=True, capture_output=True, text=True).stdout
        return dict(line.split("=", 1) for line in out.splitlines())

    def start_moto(self):
        self.moto = self.start(
            [os.path.join(os.path.dirname(sys.executable), "moto_server"),
             "-H", "127.0.0.1", "-p", "0"],
            r"Running on (http://\S+)", {"PYTHONUNBUFFERED": "1"})

    def sign(self, url, keys, service, region, headers, body):
        """The headers of a POST that tests/tools/sigv4-sign signed."""
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        host = url.split("//")[1].rstrip("/")
        context = {"credentials": {"access_key_id": keys[0],
                                   "secret_access_key": keys[1]},
                   "region": region, "service": service,
                   "timestamp": date}
        if keys[2]:
            context["credentials"]["token"] = keys[2]
        sent = {"Host": host, **headers}
        request = "POST / HTTP/1.1\n" + "".join(
            f"{k}:{v}\n" for k, v in sent.items()) + "\n" + body
        files = []
        for text in (json.dumps(context), request):
            with tempfile.NamedTemporaryFile(
                    "w", dir=self.dir.name, delete=False) as f:
                f.write(text)
                files.append(f.name)
        out = subprocess.run(
            [f"{self.build}/tests/tools/sigv4-sign", *files], check=True,
            capture_output=True, text=True).stdout
        sent["X-Amz-Date"] = date.replace("-", "").replace(":", "")
        if keys[2]:
            sent["X-Amz-Security-Token"] = keys[2]
        sent["Authorization"] = \
            out.split("--- authorization\n")[1].splitlines()[0]
        return sent


def stop(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def post(url, headers, body, method="POST", path="/"):
    """Status, headers and body."""
    host = url.split("//")[1].rstrip("/")
    c = http.client.HTTPConnection(host, timeout=30)
    c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        c.putheader(name, value)
    if "Host" not in headers:
        c.putheader("Host", host)
    c.putheader("Content-Length", str(len(body)))
    c.endheaders(body.encode())
    r = c.getresponse()
    text = r.read().decode()
    c.close()
    return r.status, r.headers, text
