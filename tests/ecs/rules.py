# SPDX-License-Identifier: Apache-2.0
"""What ECS refuses or we do not want, though a model would take it.

Each rule takes a document and yields a sentence for each problem.
"""

import re

MIB = {256: [512, 1024, 2048],
       512: range(1024, 4096 + 1, 1024),
       1024: range(2048, 8192 + 1, 1024),
       2048: range(4096, 16384 + 1, 1024),
       4096: range(8192, 30720 + 1, 1024),
       8192: range(16384, 61440 + 1, 4096),
       16384: range(32768, 122880 + 1, 8192)}

NOT_ON_FARGATE = ("links", "extraHosts", "hostname", "dnsServers",
                  "dnsSearchDomains", "dockerSecurityOptions",
                  "disableNetworking", "privileged", "systemControls",
                  "volumesFrom")
NOT_OF_LINUX = ("devices", "sharedMemorySize", "tmpfs", "maxSwap",
                "swappiness")
SOCKET_FOLDER = "/run/spire/agent"


def containers_of(d):
    return {c["name"]: c for c in d["containerDefinitions"]}


def conditions(c):
    return {x["containerName"]: x["condition"] for x in c.get("dependsOn", [])}


def before(d, name, seen=()):
    """{container: condition} of all that has to be there first."""
    found = {}
    for other, condition in conditions(containers_of(d)[name]).items():
        if other in seen or other not in containers_of(d):
            continue
        found.update(before(d, other, seen + (name,)))
        found[other] = condition
    return found


def mount(c, path):
    for m in c.get("mountPoints", []):
        if m["containerPath"] == path:
            return m
    return None


def runs(c, program):
    return (c.get("entryPoint") or [None])[0] == program


#
# Task definitions
#


def task(d):
    if d.get("networkMode") != "awsvpc":
        yield "networkMode has to be awsvpc"
    if d.get("pidMode") != "task":
        yield "pidMode has to be task: the agent finds callers by their pid"
    if "FARGATE" not in d.get("requiresCompatibilities", []):
        yield "requiresCompatibilities lacks FARGATE"
    if "ipcMode" in d:
        yield "Fargate has no ipcMode"
    cpu, memory = d.get("cpu", ""), d.get("memory", "")
    if not cpu.isdigit() or not memory.isdigit() or \
            int(memory) not in MIB.get(int(cpu), []):
        yield f"Fargate has no cpu {cpu!r} with memory {memory!r}"
    for key in ("taskRoleArn", "executionRoleArn"):
        if not re.fullmatch(r"arn:aws:iam::\d{12}:role/\S+", d.get(key, "")):
            yield f"{key} is missing: without a task role nothing attests"
    if d.get("taskRoleArn") == d.get("executionRoleArn"):
        yield "taskRoleArn and executionRoleArn are one role"


def names(d):
    listed = [c["name"] for c in d["containerDefinitions"]]
    for name in listed:
        if listed.count(name) > 1:
            yield f"two containers are named {name}"
    if not any(c.get("essential", True) for c in d["containerDefinitions"]):
        yield "no container is essential"


def volumes(d):
    known = {v["name"] for v in d.get("volumes", [])}
    used = set()
    for v in d.get("volumes", []):
        if set(v) - {"name"}:
            yield f"volume {v['name']} is more than an empty directory"
    for c in d["containerDefinitions"]:
        mounted = [m["containerPath"] for m in c.get("mountPoints", [])]
        for path in mounted:
            if mounted.count(path) > 1:
                yield f"{c['name']} mounts {path} twice"
        for m in c.get("mountPoints", []):
            used.add(m["sourceVolume"])
            if m["sourceVolume"] not in known:
                yield f"{c['name']} mounts {m['sourceVolume']}, no volume"
    for name in known - used:
        yield f"nobody mounts {name}"


def one_container(c):
    name = c["name"]
    for key in NOT_ON_FARGATE:
        if c.get(key):
            yield f"{name}: Fargate has no {key}"
    linux = c.get("linuxParameters", {})
    for key in NOT_OF_LINUX:
        if key in linux:
            yield f"{name}: Fargate has no {key}"
    capabilities = linux.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
        yield f"{name} keeps capabilities"
    if c.get("readonlyRootFilesystem") is not True:
        yield f"{name} may write to its root file system"
    if not re.fullmatch(r"\d+:\d+", c.get("user", "")):
        yield f"{name} has no user of its own, as UID:GID"
    if not re.search(r"@sha256:[0-9a-f]{64}$", c["image"]):
        yield f"{name}: the image is not named by digest"
    for port in c.get("portMappings", []):
        if port.get("hostPort", port["containerPort"]) != \
                port["containerPort"]:
            yield f"{name} maps a port to another one of the host"
    for key in ("stopTimeout", "startTimeout"):
        if not 0 < c.get(key, 1) <= 120:
            yield f"{name}: {key} is not from 1 to 120"
    restart = c.get("restartPolicy", {})
    if not 60 <= restart.get("restartAttemptPeriod", 60) <= 1800:
        yield f"{name}: restartAttemptPeriod is not from 60 to 1800"


def each_container(d):
    for c in d["containerDefinitions"]:
        yield from one_container(c)


def logs(d):
    for c in d["containerDefinitions"]:
        log = c.get("logConfiguration", {})
        options = log.get("options", {})
        if log.get("logDriver") != "awslogs" or not all(
                options.get("awslogs-" + key)
                for key in ("group", "region", "stream-prefix")):
            yield f"{c['name']}: logs go nowhere"


def health(d):
    bounds = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10),
              "startPeriod": (0, 300)}
    for c in d["containerDefinitions"]:
        check = c.get("healthCheck")
        if check is None:
            continue
        if check["command"][0] not in ("CMD", "CMD-SHELL"):
            yield f"{c['name']}: a health check begins with CMD"
        for key, (low, high) in bounds.items():
            if not low <= check.get(key, low) <= high:
                yield f"{c['name']}: {key} is not from {low} to {high}"


def order(d):
    all_of = containers_of(d)
    for name, c in all_of.items():
        for other, condition in conditions(c).items():
            if other not in all_of:
                yield f"{name} depends on {other}, no container"
                continue
            if condition == "HEALTHY" and "healthCheck" not in all_of[other]:
                yield f"{name} waits for the health of {other}, which has none"
            if condition in ("COMPLETE", "SUCCESS") and \
                    all_of[other].get("essential", True):
                yield f"{name} waits for the end of {other}, an essential one"
        if reaches(all_of, name, name):
            yield f"{name} waits for itself"


def reaches(all_of, start, goal):
    todo, seen = list(conditions(all_of[start])), set()
    while todo:
        name = todo.pop()
        if name == goal:
            return True
        if name in all_of and name not in seen:
            seen.add(name)
            todo += conditions(all_of[name])
    return False


def environment(d):
    for c in d["containerDefinitions"]:
        given = [e["name"] for e in c.get("environment", []) +
                 c.get("secrets", [])]
        for name in given:
            if given.count(name) > 1:
                yield f"{c['name']} is given {name} twice"
            if name.startswith("AWS_"):
                yield f"{c['name']} is given {name}, which ECS sets"
        for e in c.get("environment", []):
            if re.search("PASSWORD|TOKEN|SECRET", e["name"]):
                yield f"{c['name']}: {e['name']} is no secret there"


TASK_RULES = (task, names, volumes, each_container, logs, health, order,
              environment)

#
# The agent in the task of a workload
#


def agent_of(d):
    found = [c for c in d["containerDefinitions"] if runs(c, "spire-agent")]
    return found[0] if len(found) == 1 else None


def sidecar(d):
    agent = agent_of(d)
    if agent is None:
        yield "there is not one agent"
        return
    if agent.get("essential") is not True:
        yield "the agent is not essential"
    command = agent.get("healthCheck", {}).get("command", [])
    if command[:3] != ["CMD", "spire-agent", "healthcheck"]:
        yield "the agent's health has to be asked of the agent itself"
    socket = command[-1] if command[-2:-1] == ["-socketPath"] else ""
    if socket != SOCKET_FOLDER + "/api.sock":
        yield "the health check asks at another socket"
    for path in (SOCKET_FOLDER, "/tmp", "/var/lib/spire/agent"):
        m = mount(agent, path)
        if m is None or m.get("readOnly"):
            yield f"the agent cannot write to {path}"
    if not (mount(agent, "/run/spire/trust") or {}).get("readOnly"):
        yield "the agent may change whom it trusts"


def start_order(d):
    """The agent waits for nobody who may wait for it."""
    agent = agent_of(d)
    if agent is None:
        return
    first = before(d, agent["name"])
    if list(first.values()) != ["SUCCESS"]:
        yield "the agent has to wait for the trust bundle, and no other"
    for name in first:
        other = containers_of(d)[name]
        if mount(other, SOCKET_FOLDER) or conditions(other):
            yield f"{name}, which the agent waits for, waits for the agent"
        if mount(other, "/run/spire/trust") is None:
            yield f"{name} writes no trust bundle"
    for c in d["containerDefinitions"]:
        if c is agent or c["name"] in first:
            continue
        if before(d, c["name"]).get(agent["name"]) != "HEALTHY":
            yield f"{c['name']} does not wait for the agent"


def users(d):
    """A uid is an identity: no two programs have one."""
    agent = agent_of(d)
    if agent is None:
        return
    owners = {}
    for c in d["containerDefinitions"]:
        uid = c.get("user", "").split(":")[0]
        other = owners.setdefault(uid, c)
        if other["image"] != c["image"]:
            yield f"{c['name']} has the uid of {other['name']}"
        if c["image"] != agent["image"] and uid == "0":
            yield f"{c['name']} is root"


def socket_access(d):
    agent = agent_of(d)
    envoy = any(runs(c, "envoy") for c in d["containerDefinitions"])
    for c in d["containerDefinitions"]:
        m = mount(c, SOCKET_FOLDER)
        if c is agent:
            continue
        if m is not None and not m.get("readOnly"):
            yield f"{c['name']} may replace the agent's socket"
        if envoy and not runs(c, "envoy"):
            if m is not None:
                yield f"{c['name']} gets identities past Envoy"
            if c.get("portMappings"):
                yield f"{c['name']} is reached past Envoy"


WORKLOAD_RULES = (sidecar, start_order, users, socket_access)

#
# Policies
#

# AWS has nothing narrower for these.
ANY_RESOURCE = {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition"}


def listed(value):
    return value if isinstance(value, list) else [value]


def allows(policy):
    if policy.get("Version") != "2012-10-17":
        yield "the policy is of another version"
    for s in policy["Statement"]:
        if s.get("Effect") != "Allow" or "NotAction" in s or \
                "NotResource" in s or "NotPrincipal" in s:
            yield "a statement says more than it seems to"
            continue
        yield from allowed(s)


def allowed(s):
    actions = set(listed(s["Action"]))
    for action in actions:
        if "*" in action:
            yield f"{action} is more than one action"
    if "Principal" not in s and "*" in listed(s["Resource"]) and \
            actions - ANY_RESOURCE:
        yield f"{', '.join(sorted(actions))}: on any resource"
    if "ecs:DescribeTasks" in actions and "ecs:cluster" not in str(
            s.get("Condition")):
        yield "ecs:DescribeTasks is not bound to a cluster"
    if "ecs:DescribeTasks" in actions and "Principal" not in s:
        for resource in listed(s["Resource"]):
            if not re.fullmatch(r"arn:aws:ecs:(\*|[a-z0-9-]+):\d{12}:task/"
                                r"[\w-]+/\*", resource):
                yield f"ecs:DescribeTasks on {resource}"


def trust_of_a_task(policy):
    """ECS and nobody else, for this account."""
    for s in policy["Statement"]:
        if s.get("Principal") != {"Service": "ecs-tasks.amazonaws.com"}:
            yield "others than ECS may be the task"
        condition = s.get("Condition", {})
        if "aws:SourceAccount" not in condition.get("StringEquals", {}) or \
                "aws:SourceArn" not in condition.get("ArnLike", {}):
            yield "ECS of another account may be made to act for it"


#
# Templates
#


def services(template):
    for name, p in template.of_type("AWS::ECS::Service").items():
        network = p["NetworkConfiguration"]["AwsvpcConfiguration"]
        if p.get("EnableExecuteCommand") is not False:
            yield f"{name}: people may get into its tasks"
        if network.get("AssignPublicIp") != "DISABLED":
            yield f"{name}: its tasks have public addresses"
        if p.get("PlatformVersion") != "1.4.0":
            yield f"{name}: pidMode needs platform version 1.4.0"
        if "DeploymentCircuitBreaker" not in p["DeploymentConfiguration"]:
            yield f"{name}: a bad deployment is tried for ever"


def log_groups(template):
    for name, p in template.of_type("AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in p:
            yield f"{name} is kept for ever"


def alarms(template):
    for name, p in template.of_type("AWS::CloudWatch::Alarm").items():
        for key in ("TreatMissingData", "AlarmActions", "AlarmDescription"):
            if key not in p:
                yield f"{name} has no {key}"


def security_groups(template):
    for name, p in template.of_type("AWS::EC2::SecurityGroup").items():
        for rule in p.get("SecurityGroupIngress", []):
            if "SourceSecurityGroupId" not in rule and \
                    rule.get("CidrIp") != "<Vpc.CidrBlock>":
                yield f"{name} lets in more than a group"
        if "SecurityGroupEgress" not in p and template.name != "base":
            yield f"{name} may call everywhere"


def databases(template):
    for name, p in template.of_type("AWS::RDS::DBInstance").items():
        wanted = {"StorageEncrypted": True, "PubliclyAccessible": False,
                  "DeletionProtection": True}
        for key, value in wanted.items():
            if p.get(key) is not value:
                yield f"{name}: {key} is not {value}"
        if "resolve:secretsmanager" not in p["MasterUserPassword"]:
            yield f"{name}: the password stands in the template"
    for name, p in template.of_type("AWS::RDS::DBParameterGroup").items():
        if p["Parameters"].get("rds.force_ssl") != "1":
            yield f"{name}: connections without TLS are taken"


def roles(template):
    granted = {p["RoleName"] for p in
               template.of_type("AWS::IAM::RolePolicy").values()}
    for name, p in template.of_type("AWS::IAM::Role").items():
        if "Policies" in p or "ManagedPolicyArns" in p:
            yield f"{name}: permissions stand in policies of their own"
        trust = p["AssumeRolePolicyDocument"]
        yield from allows(trust)
        if template.name != "reader-role":
            yield from trust_of_a_task(trust)
        if template.name.startswith("workload") and \
                name.endswith("TaskRole") and p["RoleName"] in granted:
            yield f"{name}: a task needs no permission to attest"
    for p in template.of_type("AWS::IAM::RolePolicy").values():
        yield from allows(p["PolicyDocument"])


TEMPLATE_RULES = (services, log_groups, alarms, security_groups, databases,
                  roles)


def problems(rules, document):
    return [p for rule in rules for p in rule(document)]
