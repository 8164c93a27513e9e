# SPDX-License-Identifier: Apache-2.0
"""Templates, task definitions and policies, held to what AWS says of them."""

import copy
import glob
import json
import os
import re
import subprocess
import sys

import botocore.session
import botocore.validate

import cfn
import rules
from lab import case, equal, none, read

WORKLOADS = ("api-service", "cli-client", "demo-app-envoy")
TEMPLATES = [os.path.basename(p)[:-5] for p in cfn.paths()]


def document(folder, name):
    return json.loads(read("examples", "ecs", folder, name + ".json"))


def definition(name):
    return document("task-definitions", name)


def lint(*paths):
    """What cfn-lint has to say, hints included."""
    return subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "cfn-lint"),
         "--include-checks", "I", "--", *paths], capture_output=True,
        text=True, check=False).stdout


def told_by_botocore(service, operation, arguments):
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    report = botocore.validate.ParamValidator().validate(arguments, shape)
    return report.generate_report()


def enums(shape, value, path=""):
    """The validator does not look at these."""
    if shape.type_name == "structure":
        for name, v in value.items():
            yield from enums(shape.members[name], v, f"{path}.{name}")
    elif shape.type_name == "list":
        for v in value:
            yield from enums(shape.member, v, path + "[]")
    elif shape.type_name == "string" and getattr(shape, "enum", None) and \
            value not in shape.enum:
        yield f"{path}: {value} is none of {shape.enum}"


def refused_by_the_model(d):
    model = botocore.session.get_session().get_service_model("ecs")
    shape = model.operation_model("RegisterTaskDefinition").input_shape
    found = told_by_botocore("ecs", "RegisterTaskDefinition", d)
    return [found] if found else list(enums(shape, d))


@case
def templates_are_clean(_lab):
    equal(lint(*cfn.paths()), "")


@case
def files_are_what_the_templates_say(_lab):
    """If this fails: tests/ecs/run BUILD --write."""
    made = cfn.generated()
    for folder in ("task-definitions", "policies"):
        there = set(glob.glob(os.path.join(cfn.ECS, folder, "*")))
        equal(there, {p for p in made if f"/{folder}/" in p})
    for path, wanted in made.items():
        with open(path, encoding="ascii") as f:
            assert f.read() == cfn.as_text(wanted), \
                f"{path} is not what the template says"
        assert "<" not in json.dumps(wanted).replace("3<>", "").replace(
            "<&3", ""), f"{path}: a value is not known"


@case
def all_task_definitions_of_the_templates_are_there(_lab):
    found = {(t, name) for t in TEMPLATES for name in
             cfn.Template(t).of_type("AWS::ECS::TaskDefinition")}
    equal(found, set(cfn.TASK_DEFINITIONS.values()))


@case
def task_definitions_fit_the_model_of_ecs(_lab):
    for name in cfn.TASK_DEFINITIONS:
        none(refused_by_the_model(definition(name)))


@case
def task_definitions_fit_fargate(_lab):
    for name in cfn.TASK_DEFINITIONS:
        none(rules.problems(rules.TASK_RULES, definition(name)))


@case
def agents_start_first_and_alone(_lab):
    for name in WORKLOADS:
        none(rules.problems(rules.WORKLOAD_RULES, definition(name)))


@case
def the_agent_is_the_same_in_every_task(_lab):
    def agent(name):
        found = [c for c in definition(name)["containerDefinitions"]
                 if c["name"] in ("trust-bundle", "spire-agent")]
        for c in found:
            del c["logConfiguration"]["options"]["awslogs-group"]
        return found
    for name in WORKLOADS:
        equal(agent(name), agent(WORKLOADS[0]))


@case
def the_admin_task_has_the_settings_of_the_servers(_lab):
    def values(name):
        server = rules.containers_of(definition(name))["spire-server"]
        return {e["name"]: e["value"] for e in server["environment"]
                if e["name"] != "BIND_ADDRESS"}, server["secrets"]
    equal(values("spire-admin"), values("spire-server"))


@case
def names_of_workloads_are_their_families_roles_and_uids(_lab):
    """apply-entries.sh takes one name for all."""
    admin = rules.containers_of(definition("spire-admin"))["admin"]
    words = {e["name"]: e["value"] for e in admin["environment"]}["WORKLOADS"]
    listed = {}
    for word in words.split():
        name, uid = word.split(":")
        listed[name] = uid
    for name in WORKLOADS:
        d = definition(name)
        family = d["family"]
        equal(d["taskRoleArn"].rsplit("/", 1)[1], family)
        holders = [c for c in d["containerDefinitions"] if
                   rules.mount(c, rules.SOCKET_FOLDER) and
                   c is not rules.agent_of(d)]
        equal([c["user"].split(":")[0] for c in holders],
              [listed.pop(family)])
    equal(listed, {})


@case
def policies_fit_the_model_of_iam(_lab):
    for name in cfn.POLICIES:
        text = json.dumps(document("policies", name))
        if name.endswith("-trust"):
            assert len(text) <= 2048, f"{name} is too long"
            found = told_by_botocore("iam", "CreateRole", {
                "RoleName": "a", "AssumeRolePolicyDocument": text})
        else:
            assert len(text) <= 6144, f"{name} is too long"
            found = told_by_botocore("iam", "CreatePolicy", {
                "PolicyName": "a", "PolicyDocument": text})
        equal(found, "")


def policy_as_template(lab, policy):
    kind, key = "ManagedPolicy", "PolicyDocument"
    if "Principal" in policy["Statement"][0]:
        kind, key = "Role", "AssumeRolePolicyDocument"
    return lab.file("policy.json", json.dumps({
        "Resources": {"P": {"Type": "AWS::IAM::" + kind,
                            "Properties": {key: policy}}}}))


@case
def policies_name_actions_that_there_are(lab):
    for name in cfn.POLICIES:
        equal(lint(policy_as_template(lab, document("policies", name))), "")


@case
def policies_allow_no_more_than_is_needed(_lab):
    for name in cfn.POLICIES:
        none(rules.allows(document("policies", name)))
    none(rules.trust_of_a_task(document("policies", "task-trust")))


@case
def templates_keep_the_rules(_lab):
    for name in TEMPLATES:
        none(rules.problems(rules.TEMPLATE_RULES, cfn.Template(name)))


@case
def only_agents_reach_the_server_and_only_it_the_database(_lab):
    t = cfn.Template("spire-server")
    paths = set()
    for name, p in t.of_type("AWS::EC2::SecurityGroup").items():
        for rule in p.get("SecurityGroupIngress", []):
            equal(rule["FromPort"], rule["ToPort"])
            paths.add((rule["SourceSecurityGroupId"], rule["FromPort"],
                       f"<{name}>"))
    equal(paths, {
        ("<AgentSecurityGroup>", 8081, "<BalancerSecurityGroup>"),
        ("<BalancerSecurityGroup>", 8081, "<ServerSecurityGroup>"),
        ("<ServerSecurityGroup>", 5432, "<DatabaseSecurityGroup>")})
    out = {(p["GroupId"], p["FromPort"], p["DestinationSecurityGroupId"])
           for p in t.of_type("AWS::EC2::SecurityGroupEgress").values()}
    equal(out, paths)


@case
def what_the_plugin_needs_is_what_its_page_says(_lab):
    """aws_fargate_task(7) has the same policies, and we only narrow them."""
    page = read("man", "aws_fargate_task.7").replace("\\(dq", '"')
    for name in ("task-trust", "server-verify-tasks"):
        for s in document("policies", name)["Statement"]:
            action = s["Action"]
            assert f'"{action}"' in page, f"{action} is not in the page"
            for key in s.get("Condition", {}):
                if name == "task-trust":
                    assert f'"{key}"' in page, key


#
# README.md
#


def stacks_of_the_page(page):
    """[(stack, template, has the capability, {parameter: value})]"""
    joined = page.replace("\\\n", " ")
    for line in re.findall(r"^aws cloudformation deploy .*$", joined, re.M):
        words = line.split()
        given = re.findall(r"\s([A-Z]\w+)=", line)
        yield (words[words.index("--stack-name") + 1],
               words[words.index("--template-file") + 1],
               "CAPABILITY_NAMED_IAM" in words, set(given))


def page_problems(page):
    templates = {}
    for stack, path, may_make_roles, given in stacks_of_the_page(page):
        t = cfn.Template(os.path.basename(path)[:-5])
        templates[stack] = t
        for name in given - set(t.parameters):
            yield f"{stack} has no parameter {name}"
        for name, p in t.parameters.items():
            if "Default" not in p and name not in given:
                yield f"{stack} is not given {name}"
        if bool(t.of_type("AWS::IAM::Role")) != may_make_roles:
            yield f"{stack}: CAPABILITY_NAMED_IAM"
    for stack, name in re.findall(r"\(out (\S+) (\w+)\)", page):
        if name not in templates[stack].outputs:
            yield f"{stack} has no output {name}"


@case
def the_page_gives_the_stacks_what_they_want(_lab):
    page = read("examples", "ecs", "README.md")
    equal([s[0] for s in stacks_of_the_page(page)],
          ["spire-base", "spire-server", "api-service", "demo-app"])
    none(page_problems(page))
    for broken_page, words in (
            (page.replace("AppImage=", "Image="), "is not given AppImage"),
            (page.replace("VpcId=", "Vpc="), "has no parameter Vpc"),
            (page.replace("--capabilities CAPABILITY_NAMED_IAM", ""),
             "CAPABILITY_NAMED_IAM"),
            (page.replace("ServerAddress)", "Server)"), "has no output")):
        must_say(list(page_problems(broken_page)), words, words)


#
# The checks, shown to see what they are for
#


def changed(name, path, value):
    """A task definition with one thing else; "-" in place of a value: gone."""
    d = copy.deepcopy(definition(name))
    place = d
    *way, last = path
    for step in way:
        place = rules.containers_of(place)[step] if place is d and \
            step in rules.containers_of(d) else place[step]
    if value == "-":
        del place[last]
    else:
        place[last] = value
    return d


API, ENVOY = "api-service", "demo-app-envoy"
BROKEN_TASKS = (
    (API, ("networkMode",), "bridge", "has to be awsvpc"),
    (API, ("pidMode",), "-", "pidMode has to be task"),
    (API, ("requiresCompatibilities",), ["EC2"], "lacks FARGATE"),
    (API, ("ipcMode",), "task", "no ipcMode"),
    (API, ("cpu",), "256", None),
    (API, ("cpu",), "512", "no cpu '512' with memory '512'"),
    (API, ("memory",), "4096", "no cpu '256' with memory '4096'"),
    (API, ("taskRoleArn",), "-", "taskRoleArn is missing"),
    (API, ("executionRoleArn",),
     "arn:aws:iam::123456789012:role/api-service", "are one role"),
    (API, (API, "name"), "spire-agent", "two containers are named"),
    (API, ("volumes",), [], "no volume"),
    (API, ("volumes", 0, "host"), {"sourcePath": "/"}, "more than an empty"),
    (API, (API, "mountPoints"), [
        {"sourceVolume": "spire-tmp", "containerPath": "/tmp"}] * 2,
     "mounts /tmp twice"),
    (API, (API, "privileged"), True, "has no privileged"),
    (API, (API, "linuxParameters", "tmpfs"), [], "has no tmpfs"),
    (API, (API, "linuxParameters"), "-", "keeps capabilities"),
    (API, (API, "linuxParameters", "capabilities", "add"), ["SYS_PTRACE"],
     "keeps capabilities"),
    (API, ("spire-agent", "readonlyRootFilesystem"), False, "may write"),
    (API, (API, "user"), "-", "has no user"),
    (API, (API, "image"), "api-service:latest", "not named by digest"),
    (API, (API, "portMappings", 0, "hostPort"), 80, "maps a port"),
    (API, (API, "stopTimeout"), 121, "stopTimeout is not"),
    (API, ("spire-agent", "restartPolicy", "restartAttemptPeriod"), 59,
     "restartAttemptPeriod is not"),
    (API, (API, "logConfiguration"), "-", "logs go nowhere"),
    (API, ("spire-agent", "healthCheck", "interval"), 4, "interval is not"),
    (API, ("spire-agent", "healthCheck"), "-", "which has none"),
    (API, (API, "healthCheck", "command"), ["curl"], "begins with CMD"),
    (API, ("trust-bundle", "essential"), True, "an essential one"),
    (API, ("trust-bundle", "dependsOn"), [
        {"containerName": API, "condition": "START"}], "waits for itself"),
    (API, ("spire-agent", "dependsOn"), [
        {"containerName": "nobody", "condition": "START"}], "no container"),
    (API, (API, "environment", 0, "name"), "AWS_REGION", "which ECS sets"),
    (API, (API, "environment", 0, "name"), "DB_PASSWORD", "is no secret"),
    (API, (API, "environment", 0, "name"), "SPIFFE_ENDPOINT_SOCKET",
     "twice"),
)
BROKEN_WORKLOADS = (
    (API, ("spire-agent", "entryPoint"), ["sh"], "not one agent"),
    (API, ("spire-agent", "essential"), False, "is not essential"),
    (API, ("spire-agent", "healthCheck", "command"),
     ["CMD", "spire-agent", "api", "fetch"], "of the agent itself"),
    (API, ("spire-agent", "healthCheck", "command", -1), "/x.sock",
     "another socket"),
    (API, ("spire-agent", "mountPoints", 3), {
        "sourceVolume": "spire-tmp", "containerPath": "/tmp",
        "readOnly": True}, "cannot write to /tmp"),
    (API, ("spire-agent", "mountPoints", 1, "readOnly"), False,
     "may change whom it trusts"),
    (API, ("spire-agent", "dependsOn"), "-", "wait for the trust bundle"),
    (ENVOY, ("spire-agent", "dependsOn"), [
        {"containerName": "envoy", "condition": "SUCCESS"}],
     "waits for the agent"),
    (API, (API, "dependsOn"), "-", "does not wait for the agent"),
    (API, (API, "dependsOn", 0, "condition"), "START",
     "does not wait for the agent"),
    (ENVOY, ("demo-app", "user"), "10011:10011", "has the uid of envoy"),
    (ENVOY, ("envoy", "user"), "0:0", "is root"),
    (API, (API, "mountPoints", 0, "readOnly"), False, "may replace"),
    (ENVOY, ("demo-app", "portMappings"), [{"containerPort": 8080}],
     "is reached past Envoy"),
    (ENVOY, ("demo-app", "mountPoints"), [{
        "sourceVolume": "spire-socket", "containerPath": "/run/spire/agent",
        "readOnly": True}], "gets identities past Envoy"),
)
BROKEN_FOR_THE_MODEL = (
    (API, ("pidmode",), "task", "Unknown parameter"),
    (API, ("cpu",), 256, "Invalid type for parameter cpu"),
    (API, ("family",), "-", "Missing required parameter"),
    (API, (API, "dependsOn", 0, "condition"), "WELL", "is none of"),
)


def must_say(found, words, what):
    if words is None:
        none(found)
        return
    assert any(words in f for f in found), \
        f"{what}: want '{words}', got {found}"


@case
def broken_task_definitions_are_seen(_lab):
    for name, path, value, words in BROKEN_TASKS:
        must_say(rules.problems(rules.TASK_RULES, changed(name, path, value)),
                 words, path)
    for name, path, value, words in BROKEN_WORKLOADS:
        must_say(rules.problems(rules.WORKLOAD_RULES,
                                changed(name, path, value)), words, path)
    for name, path, value, words in BROKEN_FOR_THE_MODEL:
        must_say(refused_by_the_model(changed(name, path, value)), words,
                 path)


def statement(**members):
    return {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", **members}]}


BROKEN_POLICIES = (
    (statement(Action="ecs:*", Resource="arn:aws:ecs:::x"), "more than one"),
    (statement(Action="s3:GetObject", Resource="*"), "on any resource"),
    (statement(Action="ecs:DescribeTasks",
               Resource="arn:aws:ecs:us-east-1:123456789012:task/c/*"),
     "not bound to a cluster"),
    (statement(Action="ecs:DescribeTasks", Condition={
        "ArnEquals": {"ecs:cluster": "c"}},
        Resource="arn:aws:ecs:us-east-1:123456789012:task/*"),
     "ecs:DescribeTasks on arn"),
    (statement(NotAction="iam:*", Resource="*"), "more than it seems"),
)


@case
def broken_policies_are_seen(lab):
    for policy, words in BROKEN_POLICIES:
        must_say(list(rules.allows(policy)), words, policy)
    loose = document("policies", "task-trust")
    loose["Statement"][0]["Principal"] = {"AWS": "*"}
    must_say(list(rules.trust_of_a_task(loose)), "others than ECS", loose)
    del loose["Statement"][0]["Condition"]
    must_say(list(rules.trust_of_a_task(loose)), "of another account", loose)
    assert told_by_botocore("iam", "CreatePolicy", {
        "PolicyName": "a", "PolicyDocument": ""})
    loose["Statement"][0]["Princpal"] = "x"
    assert lint(policy_as_template(lab, loose))
    typo = statement(Action="ecs:DescribeTask", Resource="*")
    assert "'describetask' is not one of" in lint(
        policy_as_template(lab, typo))


def broken(name, resource, key, value):
    t = cfn.Template(name)
    t.resources = copy.deepcopy(t.resources)
    properties = t.resources[resource]["Properties"]
    if value == "-":
        del properties[key]
    else:
        properties[key] = value
    return t


BROKEN_TEMPLATES = (
    ("workload", "Service", "EnableExecuteCommand", True, "people may get"),
    ("workload", "Service", "PlatformVersion", "1.3.0", "pidMode needs"),
    ("workload", "Service", "DeploymentConfiguration", {}, "tried for ever"),
    ("workload", "Service", "NetworkConfiguration", {
        "AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}, "public"),
    ("workload", "LogGroup", "RetentionInDays", "-", "kept for ever"),
    ("workload", "RunningAlarm", "TreatMissingData", "-", "has no Treat"),
    ("workload", "ApiSecurityGroup", "SecurityGroupEgress", "-",
     "may call everywhere"),
    ("workload", "ApiSecurityGroup", "SecurityGroupIngress", [
        {"CidrIp": "0.0.0.0/0"}], "more than a group"),
    ("workload", "StartTasks", "RoleName", "api-service",
     "needs no permission"),
    ("workload", "ApiTaskRole", "ManagedPolicyArns", ["x"],
     "policies of their own"),
    ("spire-server", "Database", "StorageEncrypted", False,
     "StorageEncrypted is not"),
    ("spire-server", "Database", "MasterUserPassword", "hunter2",
     "stands in the template"),
    ("spire-server", "DatabaseParameters", "Parameters", {},
     "without TLS"),
)


@case
def broken_templates_are_seen(lab):
    for name, resource, key, value, words in BROKEN_TEMPLATES:
        must_say(rules.problems(rules.TEMPLATE_RULES,
                                broken(name, resource, key, value)),
                 words, (resource, key))
    text = read("examples", "ecs", "cloudformation", "reader-role.yaml")
    assert lint(lab.file("t.yaml", text.replace("!Ref ExternalId",
                                                "!Ref ExternalID")))
