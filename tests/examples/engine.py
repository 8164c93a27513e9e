# SPDX-License-Identifier: Apache-2.0
"""A container engine: the one that answers, or one of our own for a while.

Ours runs in namespaces of its own, with a network that slirp4netns connects:
its bridges, rules, mounts and processes show nowhere else, and all of them end
with it.  What it writes is in one folder.
"""

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lab import Failure, wait

SLIRP_DNS = "10.0.2.3"


class Missing(Exception):
    """Why no container can run here, and what would help."""


def answers():
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(
            ["docker", "info"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False).returncode == 0
    return False


def need_own():
    """Refuses where an engine of our own cannot run."""
    if os.getuid() != 0:
        raise Missing("no container engine answers: start one, join its"
                      " group \"docker\", or run this as root, which starts"
                      " one for itself")
    for program in ("dockerd", "containerd", "slirp4netns", "unshare", "ip"):
        if not shutil.which(program):
            raise Missing(f"no container engine answers, and there is no"
                          f" {program} to start one: scripts/deps containers")
    if not os.path.exists("/dev/net/tun"):
        raise Missing("no container engine answers, and one of our own needs"
                      " /dev/net/tun: modprobe tun")


def namespace(pid):
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/net")
    return None


def run_beside(argv):
    """Run argv in new namespaces that an engine can be started in.

    Adds "--engine FOLDER" to it, and returns its exit status; then all that
    ran there has ended, and the folder is gone.
    """
    folder = tempfile.mkdtemp(prefix="saf-engine-", dir="/var/tmp")
    children = []

    def end():
        # With unshare ends all that it has begun.
        for child in children:
            if child.poll() is None:
                child.kill()
                child.wait()
        remove(folder)

    def on_signal(number, _):
        # Not here: the one that waits holds the lock that end() wants.
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        inner = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
             "--mount-proc", sys.executable] + argv + ["--engine", folder],
            start_new_session=True)
        children.append(inner)
        wait(lambda: inner.poll() is not None or
             namespace(inner.pid) not in (None, namespace("self")),
             "a network namespace", 20)
        with open(f"{folder}/slirp.log", "wb") as log:
            children.append(subprocess.Popen(
                ["slirp4netns", "--configure", "--mtu=65520",
                 "--disable-host-loopback", str(inner.pid), "tap0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True))
        return inner.wait()
    finally:
        end()


def remove(folder):
    # A control group is empty once its processes have ended.
    for top in glob.glob(f"/sys/fs/cgroup/**/{os.path.basename(folder)}",
                         recursive=True):
        for path, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(path)
    shutil.rmtree(folder, ignore_errors=True)


def has_route():
    with open("/proc/net/route", encoding="ascii") as f:
        return any(line.split()[1] == "00000000" for line in f)


def hide(folder):
    """Nothing of the host's in /run is there for us, and names resolve."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    conf = os.path.realpath("/etc/resolv.conf")
    if conf.startswith("/run/"):
        os.makedirs(os.path.dirname(conf), exist_ok=True)
    with open(f"{folder}/resolv.conf", "w", encoding="ascii") as f:
        f.write(f"nameserver {SLIRP_DNS}\n")
    if not os.path.exists(conf):
        with open(conf, "w", encoding="ascii"):
            pass
    subprocess.run(["mount", "--bind", f.name, conf], check=True)


class Own:
    """Our engine, within the namespaces of run_beside()."""

    def __init__(self, folder):
        self.folder = folder
        self.log = os.path.join(folder, "dockerd.log")
        self.process = None

    def __enter__(self):
        try:
            wait(has_route, "slirp4netns to connect the network", 20)
            hide(self.folder)
            self.start()
        except (Failure, OSError, subprocess.CalledProcessError) as e:
            with contextlib.suppress(OSError):
                with open(f"{self.folder}/slirp.log", encoding="utf-8",
                          errors="replace") as f:
                    print(f.read(), file=sys.stderr)
            self.__exit__()
            raise Missing("no container engine answers, and one of our own"
                          f" does not start: {e}; install and start one:"
                          " scripts/deps containers") from e
        return self

    def start(self):
        socket = f"unix://{self.folder}/docker.sock"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--host", socket, "--dns", SLIRP_DNS,
                 "--data-root", f"{self.folder}/data",
                 "--exec-root", f"{self.folder}/exec",
                 "--pidfile", f"{self.folder}/pid",
                 "--cgroup-parent", "/" + os.path.basename(self.folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        os.environ["DOCKER_HOST"] = socket
        os.environ.pop("DOCKER_CONTEXT", None)
        wait(lambda: answers() or self.process.poll() is not None,
             "dockerd to answer", 60)
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                said = [line for line in f.read().splitlines()
                        if "level=info" not in line] or ["nothing"]
            raise Failure(f"dockerd ended, and said: {said[-1]}")

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        return False


@contextlib.contextmanager
def whichever(folder):
    """The one that runs, or where folder is given, our own in it."""
    if not folder:
        yield None
        return
    began = time.monotonic()
    with Own(folder) as own:
        print(f"a container engine of our own, in"
              f" {time.monotonic() - began:.1f} s", flush=True)
        yield own
