# SPDX-License-Identifier: Apache-2.0
"""The "console" blocks of a README: commands, and what they show."""

import os
import re

from lab import expect


def parts(text):
    """A README's text without, and of, its section "In containers"."""
    found = re.search(r"^## In containers\n.*?(?=^## )", text, re.M | re.S)
    return text.replace(found.group(), ""), found.group()


def outputs(text):
    """The commands of a README's "console" blocks, each with what it shows."""
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, shown = [], part.split("\n")
            while True:
                command.append(shown.pop(0))
                if not command[-1].endswith("\\"):
                    break
            yield "\n".join(command), "\n".join(shown).strip("\n")


def matches(shown, got):
    """"..." in what is shown stands for anything."""
    pattern = ".*".join(re.escape(part) for part in shown.split("..."))
    # Blanks at the ends of lines mean nothing.
    got = "\n".join(line.rstrip() for line in got.strip("\n").split("\n"))
    return re.fullmatch(pattern, got, re.S) is not None


def follow_readme(bench, it, ports):
    """All of it in its order; ports: the usual one of each setting."""
    def here(command):
        """With the ports that were free, as the README says."""
        for name, usual in ports.items():
            if name in it.values:
                command = re.sub(rf"\b{usual}\b",
                                 it[name].rsplit(":", 1)[-1], command)
        return command.replace(usual_state, it.state)

    def there(text):
        """The other way round, and the folder by its usual name."""
        for name, usual in ports.items():
            if name in it.values:
                text = re.sub(rf"\b{it[name].rsplit(':', 1)[-1]}\b", usual,
                              text)
        return text.replace(it.state, usual_state)

    usual_state = f"/tmp/{it.name}-0"
    with open(os.path.join(it.here, "README.md"), encoding="utf-8") as f:
        ours, _ = parts(f.read())
    steps = list(outputs(ours))
    expect(len(steps) > 10, "the README has hardly a command")
    for command, shown in steps:
        if os.getuid() != 0 and ":100" in command:
            bench.note(f"only root can try: {command}")
            continue
        done = it.run("bash", "-c", "exec 2>&1\n" + here(command), ok=False,
                      seconds=300)
        if "run-local.sh up" in command:
            it.values = dict(line.split("=", 1) for line in it.local(
                "env").stdout.splitlines())
        got = there(done.stdout)
        expect(matches(shown, got),
               f"README: \"{command}\" should show:\n{shown}\n"
               f"but ended with {done.returncode}:\n{got}")
    bench.note(f"{len(steps)} commands")
    expect(not os.path.exists(it.state), "the README leaves it up")
