# SPDX-License-Identifier: Apache-2.0
"""Cases that are counted, and a SPIRE to try things with."""

import atexit
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import cfn

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


def none(found):
    found = list(found)
    assert not found, "\n".join(str(f) for f in found)


def expand(text, values):
    """As SPIRE's -expandEnv does; a name without a value is an error."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))",
                  lambda m: values[m.group(1) or m.group(2)], text)


def read(*path):
    with open(os.path.join(cfn.ROOT, *path), encoding="utf-8") as f:
        return f.read()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Lab:
    """What a build has, and a folder that is gone at the end."""

    def __init__(self, build):
        self.build = build
        self.spire, self.envoy = os.environ["SPIRE"], os.environ["ENVOY"]
        self.dir = tempfile.mkdtemp(prefix="ecs-")
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.plugins = {
            "server": f"{build}/src/server/aws-fargate-server-nodeattestor",
            "agent": f"{build}/src/agent/aws-fargate-nodeattestor"}

    def file(self, name, text=None):
        path = os.path.join(self.dir, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return path

    def run(self, *command, **variables):
        """What it prints; not to succeed is an error that says why."""
        done = self.tried(*command, **variables)
        assert done.returncode == 0, \
            f"{command}: {done.returncode}: {done.stderr}{done.stdout}"
        return done.stdout

    def tried(self, *command, **variables):
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False, cwd=self.dir,
            env={**os.environ, "TMPDIR": self.dir,
                 "PATH": f"{self.spire}:{os.environ['PATH']}", **variables})

    @contextlib.contextmanager
    def running(self, name, *command):
        log = self.file(name + ".log")
        with open(log, "w", encoding="utf-8") as f:
            # pylint: disable=consider-using-with
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                cwd=self.dir, env={**os.environ, "TMPDIR": self.dir})
        atexit.register(end, process)
        try:
            yield process, log
        finally:
            end(process)
