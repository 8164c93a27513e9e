# SPDX-License-Identifier: Apache-2.0
"""The scripts of examples/ecs with a SPIRE that runs here."""

import contextlib
import json
import os
import re
import subprocess

import cfn
import rules
from documents import definition
from lab import case, equal, free_port, read, wait_for

SERVER = """
server {{
    bind_address = "127.0.0.1"
    bind_port = {port}
    socket_path = "{dir}/server.sock"
    data_dir = "{dir}/server"
    trust_domain = "example.org"
    log_format = "json"
}}
plugins {{
    DataStore "sql" {{ plugin_data {{
        database_type = "sqlite3"
        connection_string = "{dir}/db"
    }} }}
    KeyManager "memory" {{ plugin_data {{}} }}
    UpstreamAuthority "disk" {{ plugin_data {{
        cert_file_path = "{dir}/issuing.pem"
        key_file_path = "{dir}/issuing.key"
        bundle_file_path = "{dir}/root.pem"
    }} }}
    NodeAttestor "aws_fargate_task" {{
        plugin_cmd = "{plugin}"
        plugin_data {{
            verification = "metadata"
            allowed_accounts = ["999999999999"]
        }}
    }}
}}
"""
AGENT = """
agent {{
    data_dir = "{dir}/agent"
    server_address = "127.0.0.1"
    server_port = {port}
    socket_path = "{dir}/agent.sock"
    trust_domain = "example.org"
    trust_bundle_path = "{dir}/bundle.pem"
}}
plugins {{
    KeyManager "memory" {{ plugin_data {{}} }}
    WorkloadAttestor "unix" {{ plugin_data {{}} }}
    NodeAttestor "aws_fargate_task" {{
        plugin_cmd = "{plugin}"
        plugin_data {{ metadata_endpoint = "{mock}/v4/metadata" }}
    }}
}}
"""


def script(name):
    return os.path.join(cfn.ECS, name)


def write_bundle(lab, text):
    return lab.tried(script("write-trust-bundle.sh"), lab.file("bundle.pem"),
                     TRUST_BUNDLE=text)


def make_ca(lab):
    if not os.path.exists(lab.file("root.pem")):
        lab.run(script("make-ca.sh"), "example.org", lab.dir)


@contextlib.contextmanager
def server(lab):
    """A SPIRE server under the CA that make-ca.sh makes; its socket, its log
    and its port."""
    make_ca(lab)
    port = free_port()
    path = lab.file("test-server.conf", SERVER.format(
        port=port, dir=lab.dir, plugin=lab.plugins["server"]))
    with lab.running("server", f"{lab.spire}/spire-server", "run", "-config",
                     path) as (process, log):
        def healthy():
            assert process.poll() is None, read(log)
            return lab.tried("spire-server", "healthcheck", "-socketPath",
                             lab.file("server.sock")).returncode == 0
        wait_for("the SPIRE server", healthy)
        yield lab.file("server.sock"), log, port


@case
def the_ca_has_an_issuer_below_an_offline_root(lab):
    make_ca(lab)
    lab.run("openssl", "verify", "-CAfile", "root.pem", "issuing.pem")
    for name in ("root.key", "issuing.key"):
        equal(os.stat(lab.file(name)).st_mode & 0o777, 0o600)
    again = lab.tried(script("make-ca.sh"), "example.org", lab.dir)
    equal(again.returncode, 1)
    assert "is there already" in again.stderr, again


@case
def a_new_issuer_needs_no_new_root(lab):
    folder = lab.file("again")
    os.mkdir(folder)
    lab.run(script("make-ca.sh"), "example.org", folder)
    root = read(folder, "root.pem")
    old = read(folder, "issuing.pem")
    for name in ("issuing.key", "issuing.pem"):
        os.unlink(os.path.join(folder, name))
    lab.run(script("make-ca.sh"), "example.org", folder)
    equal(read(folder, "root.pem"), root)
    assert read(folder, "issuing.pem") != old
    lab.run("openssl", "verify", "-CAfile", f"{folder}/root.pem",
            f"{folder}/issuing.pem")


@case
def the_trust_bundle_is_written_or_the_task_ends(lab):
    make_ca(lab)
    root = read(lab.file("root.pem"))
    equal(write_bundle(lab, root).returncode, 0)
    equal(read(lab.file("bundle.pem")).strip(), root.strip())
    for text, words in (("", "is empty"), ("{}", "is not PEM"),
                        (read(lab.file("root.key")) + root, "private key")):
        done = write_bundle(lab, text)
        equal(done.returncode, 1)
        assert words in done.stderr, done


def entries(lab, socket):
    shown = json.loads(lab.run("spire-server", "entry", "show", "-output",
                               "json", "-socketPath", socket))
    return {e["id"]: (
        e["parent_id"]["path"], e["spiffe_id"]["path"],
        sorted(f"{s['type']}:{s['value']}" for s in e["selectors"]))
        for e in shown["entries"]}


def apply(lab, socket, **changes):
    admin = rules.containers_of(definition("spire-admin"))["admin"]
    values = {e["name"]: e["value"] for e in admin["environment"]}
    values["SPIRE_SERVER_SOCKET"] = socket
    values.update(changes)
    return lab.tried(script("apply-entries.sh"), **values)


@case
def entries_are_applied_and_applied_again(lab):
    with server(lab) as (socket, _log, _port):
        bundle = lab.run("spire-server", "bundle", "show", "-socketPath",
                         socket)
        equal(bundle.split(), read(lab.file("root.pem")).split())

        first = apply(lab, socket)
        equal((first.stdout.count(": created\n"), first.returncode), (6, 0))
        made = entries(lab, socket)
        equal(len(made), 6)
        equal(made["123456789012-demo-app"], (
            "/aws_fargate_task/123456789012/my-cluster/demo-app",
            "/demo-app", ["unix:uid:10011"]))
        equal(made["node-123456789012-demo-app"], (
            "/spire/server",
            "/aws_fargate_task/123456789012/my-cluster/demo-app",
            ["aws_fargate_task:account:123456789012",
             "aws_fargate_task:cluster:my-cluster",
             "aws_fargate_task:exec:disabled",
             "aws_fargate_task:family:demo-app",
             "aws_fargate_task:overrides:none",
             "aws_fargate_task:task_role:123456789012/demo-app"]))

        again = apply(lab, socket)
        equal(again.stdout.count(": up to date\n"), 6)
        equal(entries(lab, socket), made)
        equal(apply(lab, socket, WORKLOADS="other:1:210987654321").returncode,
              0)
        equal(entries(lab, socket)["210987654321-other"][0],
              "/aws_fargate_task/210987654321/my-cluster/other")
        for bad in ("demo-app", "demo-app:root", "a:1:2", "a/b:1", "a:1::x"):
            done = apply(lab, socket, WORKLOADS=bad)
            equal((bad, done.returncode), (bad, 1))


def matches(pattern, line):
    """CloudWatch's filter for JSON, as far as the templates use it."""
    inner = re.fullmatch(r"\{ (.*) \}", pattern).group(1)
    expression = re.sub(
        r'\$\.(\w+) = (?:"([^"]*)"|(\*))',
        lambda m: f"({m.group(1)!r} in line)" if m.group(3) else
        f"(line.get({m.group(1)!r}) == {m.group(2)!r})", inner)
    expression = expression.replace("&&", "and").replace("||", "or")
    assert "$" not in expression, expression
    # pylint: disable=eval-used
    return bool(eval(expression, {"__builtins__": {}}, {"line": line}))


@case
def metric_filters_find_the_lines_that_spire_writes(lab):
    filters = {name: p for name, p in cfn.Template("spire-server").of_type(
        "AWS::Logs::MetricFilter").items()}
    with contextlib.ExitStack() as stack:
        _process, mock_log = stack.enter_context(lab.running(
            "mock", f"{lab.build}/src/mock/fargate-mock", "--port", "0"))
        mock = wait_for("the mock", lambda: re.search(
            r"listening on (http://\S+)", read(mock_log))).group(1)
        _socket, log, port = stack.enter_context(server(lab))
        equal(write_bundle(lab, read(lab.file("root.pem"))).returncode, 0)
        agent = lab.file("test-agent.conf", AGENT.format(
            port=port, dir=lab.dir, mock=mock, plugin=lab.plugins["agent"]))
        done = subprocess.run(
            [f"{lab.spire}/spire-agent", "run", "-config", agent],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False, env={**os.environ, "TMPDIR": lab.dir})
        assert "account ID 123456789012 is not allowed" in \
            done.stdout + done.stderr, done
        lines = [json.loads(x) for x in read(log).splitlines()
                 if x.startswith("{")]
    hits = {name: [x for x in lines if matches(p["FilterPattern"], x)]
            for name, p in filters.items()}
    equal({name: len(found) for name, found in hits.items()},
          {"Refusals": 1, "RefusalsByReason": 1, "AwsTroubles": 0})
    refusal, = hits["Refusals"]
    dimension, = filters["RefusalsByReason"]["MetricTransformations"][0][
        "Dimensions"]
    equal((dimension["Value"], refusal["reason"]), ("$.reason", "account"))
    assert matches(filters["AwsTroubles"]["FilterPattern"],
                   {**refusal, "reason": "aws_access"})
    page = read("man", "aws-fargate-server-nodeattestor.8")
    for reason in re.findall(r'reason = "(\w+)"',
                             filters["AwsTroubles"]["FilterPattern"]):
        assert re.search(rf"\b{reason}\b", page), reason
