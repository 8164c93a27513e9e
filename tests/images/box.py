# SPDX-License-Identifier: Apache-2.0
"""Images, containers and a network of one run, and how they end.

All have the prefix of the run, or its label, and nothing else is touched.
"""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import tarfile
from collections import namedtuple

from lab import Failure, expect, wait

# What an operator may take from a container, and should.
HARDENED = ("--read-only", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges")
# The engine's own, in every container.
OF_ENGINE = {".dockerenv", "dev/console", "etc/hostname", "etc/hosts",
             "etc/mtab", "etc/resolv.conf"}

File = namedtuple("File", "uid gid mode target text sum")


def docker(*argv, ok=True, seconds=120, data=None):
    """Run it to its end; its output and errors together."""
    done = subprocess.run(
        ("docker",) + argv, input=data, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=seconds, check=False,
        stdin=subprocess.DEVNULL if data is None else None)
    done.stdout = done.stdout.decode(errors="replace")
    expect(not ok or done.returncode == 0,
           f"\"docker {' '.join(argv)}\" ended with {done.returncode}:"
           f" {done.stdout[-3000:]}")
    return done


def read_entry(tar, entry):
    text, summed = b"", hashlib.sha256()
    if entry.isfile():
        content = tar.extractfile(entry)
        while part := content.read(1 << 20):
            summed.update(part)
            text = part if entry.size < 65536 else b""
    return File(entry.uid, entry.gid, entry.mode & 0o7777, entry.linkname,
                text, summed.hexdigest())


class Container:
    """One that was started, and may have ended."""

    def __init__(self, name):
        self.name = name

    def state(self):
        return json.loads(docker("inspect", "-f", "{{json .State}}",
                                 self.name).stdout)

    def logs(self):
        return docker("logs", self.name).stdout

    def said(self, pattern):
        """The first line of its log that matches, or None."""
        return next((line for line in self.logs().splitlines()
                     if re.search(pattern, line)), None)

    def errors(self):
        """The first lines of its log that tell of an error, or its end."""
        lines = self.logs().splitlines()
        found = [line for line in lines if "level=error" in line][:3]
        return "\n".join(line[:1000] for line in found or lines[-10:])

    def exec(self, *argv, ok=True):
        return docker("exec", self.name, *argv, ok=ok)

    def runs(self):
        state = self.state()
        expect(state["Running"],
               f"{self.name} ended with {state['ExitCode']}: {self.errors()}")
        return True

    def wait_ended(self):
        """Its exit status."""
        wait(lambda: not self.state()["Running"], f"{self.name} to end")
        return self.state()["ExitCode"]

    def stop(self):
        docker("stop", "-t", "20", self.name)
        return self.state()["ExitCode"]


class Box:
    """Everything of one run."""

    def __init__(self, folder):
        self.dir = folder
        self.prefix = f"saf-images-{os.getpid()}"
        self.label = f"spire-aws-fargate.images={self.prefix}"
        self.count, self.known = 0, {}
        docker("network", "create", "--label", self.label, self.prefix)

    def image(self, name):
        return f"{self.prefix}/{name}"

    def build(self, name, dockerfile, context, target=None, **args):
        """The image's name."""
        words = ["build", "--label", self.label, "-t", self.image(name)]
        for key, value in args.items():
            words += ["--build-arg", f"{key}={value}"]
        if target:
            words += ["--target", target]
        docker(*words, "-f", dockerfile, context, seconds=600)
        return self.image(name)

    def config(self, image):
        return json.loads(docker("image", "inspect", "-f", "{{json .Config}}",
                                 image).stdout)

    def size(self, image):
        """In bytes."""
        return int(docker("image", "inspect", "-f", "{{.Size}}",
                          image).stdout)

    def run(self, image, *argv, options=(), alias=None):
        """Start a container that goes on."""
        self.count += 1
        name = f"{self.prefix}-{self.count}"
        names = ("--network-alias", alias) if alias else ()
        docker("run", "-d", "--name", name, "--label", self.label,
               "--network", self.prefix, *names, *options, image, *argv)
        return Container(name)

    def run_to_end(self, image, *argv, options=(), ok=True):
        return docker("run", "--rm", "--label", self.label, "--network",
                      "none", *options, image, *argv, ok=ok)

    def volume(self, name):
        volume = f"{self.prefix}-{name}"
        docker("volume", "create", "--label", self.label, volume)
        return volume

    def files(self, image):
        """The files and links in it, by their paths; the text of small ones."""
        if image in self.known:
            return self.known[image]
        # An image without a command wants one; it is never run.
        made = docker("create", "--label", self.label, image,
                      "none").stdout.strip()
        found = {}
        with subprocess.Popen(["docker", "export", made],
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as export, \
                tarfile.open(fileobj=export.stdout, mode="r|") as tar:
            for entry in tar:
                if not entry.isdir() and entry.name not in OF_ENGINE:
                    found[entry.name] = read_entry(tar, entry)
        docker("rm", made)
        self.known[image] = found
        return found

    def left(self):
        """What the engine still has of this run, by kind."""
        mine = f"label={self.label}"
        ask = {"container": ("ps", "-aq", "--filter", mine),
               "volume": ("volume", "ls", "-q", "--filter", mine),
               "network": ("network", "ls", "-q", "--filter", mine),
               "image": ("image", "ls", "-q", "--filter", mine)}
        return {kind: found for kind, argv in ask.items()
                if (found := docker(*argv).stdout.split())}

    def end_containers(self):
        mine = f"label={self.label}"
        found = docker("ps", "-aq", "--filter", mine).stdout.split()
        if found:
            docker("rm", "-f", "-v", *found)
        found = docker("volume", "ls", "-q", "--filter", mine).stdout.split()
        if found:
            docker("volume", "rm", *found)

    def end(self):
        self.end_containers()
        for kind, found in self.left().items():
            # The newest come first: none is removed before those made of it.
            for one in dict.fromkeys(found):
                with contextlib.suppress(Failure):
                    docker(kind, "rm",
                           *(("-f",) if kind == "image" else ()), one)
