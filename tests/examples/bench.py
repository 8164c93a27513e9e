# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of an example, and says how each went."""

import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from lab import OPEN, ROOT, Failure

PROGRAMS = ("src/server/aws-fargate-server-nodeattestor",
            "src/agent/aws-fargate-nodeattestor", "src/mock/fargate-mock",
            "examples/programs/demo-app", "examples/programs/api-service",
            "examples/programs/spire-cli", "examples/programs/http-load")


def arguments():
    p = argparse.ArgumentParser(description="Try the examples.")
    p.add_argument("--build", metavar="DIR", default=".",
                   help="the build tree [.]")
    p.add_argument("--pictures", metavar="DIR", default="pictures",
                   help="where pictures of the page go [pictures]")
    p.add_argument("--only", metavar="TEXT", default="",
                   help="only cases with TEXT in their name")
    return p.parse_args()


class Bench:
    """What a case is given, and what it has to tell."""

    def __init__(self, build, pictures, spire):
        self.build, self.pictures, self.spire = build, pictures, spire
        self.notes = threading.local()
        self.shared = None

    def note(self, text):
        self.notes.all = getattr(self.notes, "all", []) + [text]

    def picture(self, browser, name):
        os.makedirs(self.pictures, exist_ok=True)
        browser.picture(os.path.join(self.pictures, name))

    def copy_programs(self, folder):
        """build/ and spire/, for a user who cannot get at ours."""
        for name in PROGRAMS:
            to = os.path.join(folder, "build", name)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy(os.path.join(self.build, name), to)
        os.makedirs(os.path.join(folder, "spire"))
        for name in ("spire-server", "spire-agent"):
            shutil.copy(os.path.join(self.spire, name),
                        os.path.join(folder, "spire", name))


def run_case(title, function, bench):
    """True if it passed."""
    began = time.monotonic()
    bench.notes.all = []
    why = None
    try:
        function(bench)
    except Failure as e:
        why = str(e)
    except Exception as e:  # pylint: disable=broad-except
        why = f"{type(e).__name__}: {e}"
    said = [f"{'FAIL' if why else 'PASS'}: {title}"
            f" ({time.monotonic() - began:.1f} s)"]
    said += bench.notes.all + ([why] if why else [])
    print("\n".join(said).replace("\n", "\n    "), flush=True)
    return not why


def on_signal(number, _):
    """Leave nothing running, whatever the cases are at."""
    for one in list(OPEN):
        try:
            one.end()
        except Exception as e:  # pylint: disable=broad-except
            print(e, file=sys.stderr)
    os._exit(128 + number)


def main(cases):
    """cases: ALL, and of them ALONE, those that want all of the machine, and
    LONG, those that mostly wait; finish, which ends what cases have shared;
    GROUPS of scripts/deps.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    args = arguments()
    build = os.path.abspath(args.build)
    for name in PROGRAMS:
        if not os.access(os.path.join(build, name), os.X_OK):
            sys.exit(f"{build} has no {name}: configure with"
                     " --enable-examples, or name the build tree by --build")
    scripts = os.path.join(ROOT, "scripts")
    if subprocess.run([f"{scripts}/deps", *cases.GROUPS],
                      check=False).returncode != 0:
        sys.exit("not everything is here that the examples need; see above")
    spire = subprocess.run([f"{scripts}/spire"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()[-1]
    bench = Bench(build, os.path.abspath(args.pictures), spire)
    todo = [one for one in cases.ALL if args.only in one[0]]
    alone = [one for one in todo if one[1] in cases.ALONE]
    passed = sum(run_case(*one, bench) for one in alone)
    # Those that wait run beside the others, which come one after another.
    long = [one for one in todo if one[1] in cases.LONG]
    with concurrent.futures.ThreadPoolExecutor(len(long) or 1) as pool:
        waiting = [pool.submit(run_case, *one, bench) for one in long]
        todo.append(("nothing is left", cases.finish))
        passed += sum(run_case(*one, bench) for one in todo
                      if one not in long + alone)
        passed += sum(one.result() for one in waiting)
    failed = len(todo) - passed
    print(f"{passed} passed, {failed} failed")
    # A filter that matches nothing is a mistake.
    return 1 if failed or passed < 2 else 0

