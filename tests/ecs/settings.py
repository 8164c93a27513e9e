# SPDX-License-Identifier: Apache-2.0
"""Settings of SPIRE, the plugins and Envoy, read by those they are for."""

import hashlib
import json
import os
import re

import yaml

import cfn
import rules
from documents import WORKLOADS, definition
from lab import case, equal, expand, free_port, none, read, wait_for

ROLE = {"spire-server": "server", "spire-agent": "agent"}


def secrets_of(c):
    """Something that is there in their place."""
    return {s["name"]: "s3cret" for s in c.get("secrets", [])}


def spire_containers():
    """(task definition, side, {variable: value}) of each that runs SPIRE."""
    for name in cfn.TASK_DEFINITIONS:
        for c in definition(name)["containerDefinitions"]:
            for program, side in ROLE.items():
                if rules.runs(c, program):
                    values = {e["name"]: e["value"]
                              for e in c.get("environment", [])}
                    yield name, side, {**values, **secrets_of(c)}


def configuration(side):
    return read("examples", "ecs", side + ".conf")


def without_comments(text):
    return "\n".join(line for line in text.splitlines()
                     if not line.lstrip().startswith("#"))


def effective(lab, side, text):
    """{key: value} as --check-config prints them."""
    printed = lab.run(lab.plugins[side], "--check-config",
                      lab.file(side + ".conf", text))
    return dict(re.findall(r"^\s*(\w+) = (.*?)\s*(?:#.*)?$", printed, re.M))


@case
def every_variable_is_given_and_none_in_vain(_lab):
    for name, side, values in spire_containers():
        wanted = set(re.findall(r"\$\{(\w+)\}",
                                without_comments(configuration(side))))
        equal((name, set(values)), (name, wanted))


@case
def the_server_plugin_takes_its_settings(lab):
    seen = 0
    for name, side, values in spire_containers():
        if side != "server":
            continue
        got = effective(lab, side, expand(configuration(side), values))
        equal(got["verification"], '"full"')
        equal(got["allowed_accounts"], '["123456789012"]')
        equal(got["allowed_clusters"], '["my-cluster"]')
        equal(got["allowed_regions"], '["us-east-1"]')
        equal(got["allowed_task_roles"],
              '["api-service", "cli-client", "demo-app"]')
        equal(got["exec_policy"], '"deny"')
        assert ".taskID" in got["agent_path_template"], (name, got)
        seen += 1
    equal(seen, 2)


@case
def the_agent_plugin_takes_its_settings(lab):
    seen = 0
    for _name, side, values in spire_containers():
        if side != "agent":
            continue
        got = effective(lab, side, expand(configuration(side), values))
        equal(got["cluster"], '"my-cluster"')
        equal(got["region"], '"us-east-1"')
        seen += 1
    equal(seen, len(WORKLOADS))


@case
def settings_that_are_offered_in_comments_are_taken(lab):
    """The lines that server.conf and README.md tell one to put in."""
    values = next(v for _n, side, v in spire_containers() if side == "server")
    text = re.sub(r"^(\s*)# (\w+ = )", r"\1\2", configuration("server"),
                  flags=re.M)
    got = effective(lab, "server", expand(text, values))
    equal(got["client_ip"], '"required"')
    equal(got["assume_role"], '"spire-reader"')


def blocks(text):
    """(side, text) of each of our plugins' blocks, wherever it stands."""
    for found in re.finditer(r'NodeAttestor "aws_fargate_task" \{', text):
        depth, at = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        block = text[found.start():at]
        yield ("server" if "server-nodeattestor" in block else "agent"), block


def all_texts():
    for folder, _folders, names in os.walk(cfn.ECS):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as f:
                yield path, f.read()


@case
def no_other_settings_of_the_plugins_hide_anywhere(lab):
    """Templates and pages too: what is there has to be taken."""
    values = {"agent": {}, "server": {}}
    for _name, side, given in spire_containers():
        values[side].update(given)
    seen = 0
    for path, text in all_texts():
        for side, block in blocks(text):
            effective(lab, side, "plugins {\n" +
                      expand(block, values[side]) + "\n}\n")
            seen += 1
        assert "plugin_data" not in text or list(blocks(text)), path
    assert seen >= 2, seen


@case
def broken_settings_are_seen(lab):
    for side, values in {s: v for _n, s, v in spire_containers()}.items():
        text = configuration(side).replace("region", "regoin")
        if side == "server":
            text = text.replace("allowed_regoins", "allowed_regiens")
        done = lab.tried(lab.plugins[side], "--check-config",
                         lab.file("broken.conf", expand(text, values)))
        equal(done.returncode, 1)
        assert "unknown configurations detected" in done.stderr, done.stderr


def here(lab, side, text, values):
    """As it is in the image, but for where the plugin is."""
    with open(lab.plugins[side], "rb") as f:
        values["PLUGIN_SHA256"] = hashlib.sha256(f.read()).hexdigest()
    return re.sub(r"/opt/spire/plugins/[a-z-]+", lab.plugins[side],
                  expand(text, values))


@case
def spire_takes_its_settings(lab):
    for _name, side, values in spire_containers():
        path = lab.file(side + ".conf",
                        here(lab, side, configuration(side), values))
        said = lab.run(f"spire-{side}", "validate", "-config", path)
        assert "is valid" in said, said


@case
def spire_starts_no_plugin_but_that_of_the_task_definition(lab):
    values = next(v for _n, side, v in spire_containers() if side == "server")
    text = here(lab, "server", configuration("server"), values)
    path = lab.file("server.conf", text.replace(values["PLUGIN_SHA256"],
                                                "0" * 64))
    done = lab.tried("spire-server", "validate", "-config", path)
    assert "checksums did not match" in done.stderr + done.stdout, done


#
# Envoy
#


def envoy_configuration():
    return yaml.safe_load(read("examples", "ecs", "envoy.yaml"))


def all_of(node, key):
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from all_of(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from all_of(value, key)


def envoy_problems(e):
    for context in all_of(e, "common_tls_context"):
        combined = context.get("combined_validation_context", {})
        matchers = combined.get("default_validation_context", {}).get(
            "match_typed_subject_alt_names", [])
        if not matchers or any(m["san_type"] != "URI" or
                               "exact" not in m["matcher"] for m in matchers):
            yield "whoever is in the trust domain is taken for the peer"
    for listener in e["static_resources"]["listeners"]:
        address = listener["address"]["socket_address"]["address"]
        requires = list(all_of(listener, "require_client_certificate"))
        if address != "127.0.0.1" and requires != [True]:
            yield f"{listener['name']} lets in who has no certificate"
    if e["admin"]["address"]["socket_address"]["address"] != "127.0.0.1":
        yield "the administration is reached from elsewhere"
    if "node" not in e:
        yield "SDS wants a node"


def envoy_says(lab, text):
    return lab.tried(lab.envoy, "--mode", "validate", "-c",
                     lab.file("e.yaml", text))


@case
def envoy_takes_its_configuration(lab):
    text = read("examples", "ecs", "envoy.yaml")
    done = envoy_says(lab, text)
    equal((done.returncode, done.stderr[-400:] if done.returncode else ""),
          (0, ""))
    none(envoy_problems(envoy_configuration()))


@case
def envoy_is_what_the_task_definition_takes_it_for(_lab):
    """Ports, addresses and identities that more than one file has."""
    d = rules.containers_of(definition("demo-app-envoy"))
    e = envoy_configuration()["static_resources"]
    listens = {x["name"]: x["address"]["socket_address"]
               for x in e["listeners"]}
    equal([p["containerPort"] for p in d["envoy"]["portMappings"]],
          [listens["ingress"]["port_value"]])
    values = {x["name"]: x["value"] for x in d["demo-app"]["environment"]}
    equal(values["WEB_EGRESS_URL"],
          "http://127.0.0.1:%d" % listens["egress"]["port_value"])
    ends = {c["name"]: next(all_of(c, "address")) for c in e["clusters"]}
    equal(values["DEMO_APP_LISTEN"], "%(address)s:%(port_value)s" %
          ends["app"]["socket_address"])
    equal(ends["spire_agent"]["pipe"]["path"],
          rules.SOCKET_FOLDER + "/api.sock")
    command = " ".join(d["envoy"]["healthCheck"]["command"])
    admin = envoy_configuration()["admin"]["address"]["socket_address"]
    assert f"/127.0.0.1/{admin['port_value']};" in command, command
    namespace = cfn.Template("base").parameters["Namespace"]["Default"]
    api = ends["api-service"]["socket_address"]
    equal(api["address"], "api-service." + namespace)
    endpoint = rules.containers_of(definition("cli-client"))["cli-client"]
    assert f"https://{api['address']}:{api['port_value']}/attestation" in \
        endpoint["command"], endpoint["command"]


@case
def the_health_of_envoy_is_asked_as_it_answers(lab):
    """Fails before it is ready, and does not wait for an identity."""
    e = envoy_configuration()
    ports = {}
    for address in all_of(e, "socket_address"):
        if address["address"] in ("127.0.0.1", "0.0.0.0"):
            address["address"] = "127.0.0.1"
            ports[address["port_value"]] = address["port_value"] = free_port()
    for config in all_of(e, "sds_config"):
        config["initial_fetch_timeout"] = "1s"
    next(c for c in e["static_resources"]["clusters"]
         if c["name"] == "api-service")["type"] = "STATIC"
    next(a for a in all_of(e, "socket_address")
         if a["address"] == "api-service.apps.internal"
         )["address"] = "127.0.0.1"
    check = rules.containers_of(definition("demo-app-envoy"))["envoy"][
        "healthCheck"]["command"][1:]
    check[-1] = check[-1].replace("9901", str(ports[9901]))
    assert lab.tried(*check).returncode != 0
    with lab.running("envoy", lab.envoy, "-c",
                     lab.file("e.yaml", json.dumps(e)),
                     "--disable-hot-restart", "--concurrency", "1"):
        wait_for("Envoy's health",
                 lambda: lab.tried(*check).returncode == 0)


@case
def broken_envoys_are_seen(lab):
    text = read("examples", "ecs", "envoy.yaml")
    equal(envoy_says(lab, text.replace("cluster: app,", "cluster: ap,")
                     ).returncode, 1)
    for old, new in (("require_client_certificate: true",
                      "require_client_certificate: false"),
                     ("matcher: { exact: spiffe://example.org/cli-client }",
                      "matcher: { prefix: spiffe://example.org/ }"),
                     ("address: 127.0.0.1, port_value: 9901",
                      "address: 0.0.0.0, port_value: 9901")):
        assert old in text, old
        assert list(envoy_problems(yaml.safe_load(text.replace(old, new)))), \
            old


#
# Images
#


@case
def images_hold_what_their_containers_run(_lab):
    """Each COPY has a source, and each program and setting is copied."""
    text = read("examples", "ecs", "Dockerfile").replace("\\\n", " ")
    stages = dict(re.findall(r"^FROM \S+ AS ([\w-]+)\n((?:(?!FROM).*\n?)*)",
                             text, re.M))
    for source in re.findall(r"^COPY .*", text, re.M):
        assert source.startswith("COPY --from=") or source == "COPY . /src" \
            or source.split()[1].startswith(("examples/", "scripts")), source
    for source in re.findall(r"examples/\S+", text):
        assert source.endswith("/rds-ca.pem") or \
            os.path.exists(os.path.join(cfn.ROOT, source)), source
    for stage, names in {
            "spire-server": ("spire-server", "server.conf", "rds-ca.pem",
                             "aws-fargate-server-nodeattestor",
                             "apply-entries.sh", "entries.sh"),
            "spire-agent": ("spire-agent", "agent.conf",
                            "aws-fargate-nodeattestor",
                            "write-trust-bundle.sh"),
            "envoy": ("envoy.yaml",)}.items():
        for name in names:
            assert re.search(rf"/{re.escape(name)}\s", stages[stage]), \
                (stage, name)
