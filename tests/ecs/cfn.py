# SPDX-License-Identifier: Apache-2.0
"""CloudFormation templates, read, and resolved with example values."""

import glob
import json
import os
import re

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ECS = os.path.join(ROOT, "examples", "ecs")

with open(os.path.join(HERE, "values.json"), encoding="ascii") as _f:
    VALUES = json.load(_f)


class Loader(yaml.SafeLoader):
    """Turns !Sub and its kin into {"Fn::Sub": ...}."""


def _intrinsic(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix:
            value}


Loader.add_multi_constructor("!", _intrinsic)


def paths():
    return sorted(glob.glob(os.path.join(ECS, "cloudformation", "*.yaml")))


class Template:
    """One template; what it does not say itself is in values.json."""

    def __init__(self, name):
        self.name = name
        self.path = os.path.join(ECS, "cloudformation", name + ".yaml")
        with open(self.path, encoding="ascii") as f:
            document = yaml.load(f, Loader)  # a SafeLoader
        self.parameters = document.get("Parameters", {})
        self.resources = document["Resources"]
        self.outputs = document.get("Outputs", {})
        self.known = {**VALUES["pseudo"], **VALUES["every"],
                      **VALUES.get(name, {})}

    def of_type(self, kind):
        """{name: its properties, resolved}."""
        return {name: self.properties(name)
                for name, r in self.resources.items() if r["Type"] == kind}

    def properties(self, name):
        return self.resolve(self.resources[name].get("Properties", {}))

    def resolve(self, node):
        if isinstance(node, list):
            return [self.resolve(n) for n in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (key, value), = node.items()
            if key == "Ref":
                return self.ref(value)
            if key.startswith("Fn::"):
                return self.call(key[4:], value)
        return {key: self.resolve(value) for key, value in node.items()}

    def call(self, function, value):
        if function == "Sub":
            return self.sub(value)
        if function == "GetAtt":
            return self.attribute(*value)
        if function == "Join":
            return value[0].join(self.resolve(value[1]))
        if function == "If":
            return self.resolve(value[1])
        return f"<{function}>"

    def sub(self, value):
        return re.sub(r"\$\{([^}]+)\}", lambda m: str(self.ref(m.group(1))),
                      value)

    def ref(self, name):
        if name in self.known:
            value = self.known[name]
        elif name in self.parameters:
            value = self.parameters[name].get("Default", f"<{name}>")
        else:
            return self.resource(name)
        kind = self.parameters.get(name, {}).get("Type", "")
        return value.split(",") if kind == "CommaDelimitedList" else value

    def resource(self, name):
        if name not in self.resources:
            return f"<{name}>"
        for key in ("LogGroupName", "RoleName", "ClusterName"):
            value = self.resources[name].get("Properties", {}).get(key)
            if value:
                return self.resolve(value)
        return f"<{name}>"

    def attribute(self, name, attribute):
        if f"{name}.{attribute}" in self.known:
            return self.known[f"{name}.{attribute}"]
        if self.resources[name]["Type"] == "AWS::IAM::Role":
            return (f"arn:{self.ref('AWS::Partition')}:iam::"
                    f"{self.ref('AWS::AccountId')}:role/{self.ref(name)}")
        return f"<{name}.{attribute}>"


def as_api(node, is_map=False):
    """PascalCase of CloudFormation to the camelCase of ECS's API."""
    if isinstance(node, list):
        return [as_api(n) for n in node]
    if not isinstance(node, dict):
        return node
    return {key if is_map else key[0].lower() + key[1:]:
            as_api(value, key == "Options") for key, value in node.items()}


TASK_DEFINITIONS = {
    "spire-server": ("spire-server", "ServerTaskDefinition"),
    "spire-admin": ("spire-server", "AdminTaskDefinition"),
    "api-service": ("workload", "ApiTaskDefinition"),
    "cli-client": ("workload", "CliTaskDefinition"),
    "demo-app-envoy": ("workload-envoy", "AppTaskDefinition"),
}

# Trust policies, and what may be done by whom.
POLICIES = {
    "task-trust": ("workload", "ApiTaskRole"),
    "server-verify-tasks": ("spire-server", "VerifyTasks"),
    "server-assume-readers": ("spire-server", "AssumeReaders"),
    "server-read-issuer": ("spire-server", "ReadIssuer"),
    "server-execution": ("spire-server", "StartServers"),
    "workload-execution": ("workload", "StartTasks"),
    "reader-trust": ("reader-role", "ReaderRole"),
    "reader-read-tasks": ("reader-role", "ReadTasks"),
}


def generated():
    """{path of a file that is made from the templates: its document}."""
    files = {}
    for name, (template, resource) in TASK_DEFINITIONS.items():
        files[os.path.join(ECS, "task-definitions", name + ".json")] = \
            as_api(Template(template).properties(resource))
    for name, (template, resource) in POLICIES.items():
        properties = Template(template).properties(resource)
        files[os.path.join(ECS, "policies", name + ".json")] = \
            properties.get("PolicyDocument") or \
            properties["AssumeRolePolicyDocument"]
    return files


def as_text(document):
    return json.dumps(document, indent=2) + "\n"
