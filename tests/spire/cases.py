# SPDX-License-Identifier: Apache-2.0
"""The cases of "make check-spire": what a user of SPIRE does with the plugins.

Each is one function over a fresh Lab.  When it returns, the lab stops all it
started and checks every log: a clean unload, no panic, no raw line.
"""

import json
import os
import re
import signal
import statistics
import time

from lab import (ACCOUNT, ALIAS, CLUSTER, DOMAIN, METADATA, PER_TASK, PLUGIN,
                 REGION, Agent, Document, Mock, Process, Server, Swapper,
                 expect, free_port, selectors, wait)

ALL = []
FOREIGN = "210987654321"


def case(title):
    def add(function):
        ALL.append((title, function))
        return function
    return add


# ---- documented configurations

DOCUMENTED_SERVER = f"""
    trust_domain = "example.org"
    allowed_accounts = ["{ACCOUNT}", "210987654321"]
    allowed_clusters = ["production", "staging", "{CLUSTER}"]
    agent_path_template = "/aws_fargate_task/{{{{ .accountID }}}}/{{{{ .cluster }}}}"
"""
DOCUMENTED_AGENT = """
    metadata_endpoint = "http://169.254.170.2/v4/metadata"
    timeout = "30s"
"""
EVERY_SERVER_KEY = f"""
    trust_domain = "example.org"
    allowed_accounts = ["{ACCOUNT}"]
    allowed_clusters = ["{CLUSTER}"]
    allowed_regions = ["{REGION}"]
    allowed_task_roles = ["{ACCOUNT}/fargate-demo-task-role"]
    agent_path_template = "{PER_TASK}"
    verification = "full"
    shared_agent_id = "refuse"
    reattest = true
    client_ip = "off"
    exec_policy = "deny"
    tag_selectors = ["*"]
    partition = "aws"
    sts_region = "{REGION}"
    allow_insecure_endpoints = false
    server_id = "{DOMAIN}"
    timeout = "20s"
    challenge_timeout = "30s"
    ecs_rate = 10
    sts_rate = 300
    max_attestations = 1024
"""
ONLY_CLUSTER_AND_REGION = f"""
    cluster = "{CLUSTER}"
    region = "{REGION}"
"""


@case("the documented server configuration starts and attests")
def documented_server(lab):
    server = Server(lab, DOCUMENTED_SERVER)
    agent = Agent(lab, server, lab.mock())
    expect(agent.id() == ALIAS, f"agent ID {agent.id()}")


@case("the documented agent configuration starts")
def documented_agent(lab):
    # Nothing answers at that address here; the configuration is what counts.
    server = Server(lab)
    agent = Agent(lab, server, data=DOCUMENTED_AGENT, wait_up=False)
    agent.wait_said(f'"plugin_name":"{PLUGIN}".*"Configured plugin"|'
                    f'"Configured plugin".*"plugin_name":"{PLUGIN}"')
    lab.abandon(agent)


@case("a plugin block without plugin_data starts, both sides")
def no_plugin_data(lab):
    # It takes the real AWS for AWS, which is not to be had here.
    server = Server(lab, None)
    agent = Agent(lab, server, lab.mock(), None, wait_up=False)
    agent.wait_said(f'"plugin_name":"{PLUGIN}".*"Configured plugin"|'
                    f'"Configured plugin".*"plugin_name":"{PLUGIN}"')
    lab.abandon(agent)


@case("a configuration with only cluster and region starts, both sides")
def only_cluster_and_region(lab):
    server = Server(lab, ONLY_CLUSTER_AND_REGION)
    agent = Agent(lab, server, lab.mock(), ONLY_CLUSTER_AND_REGION)
    expect(agent.id() == ALIAS, f"agent ID {agent.id()}")


@case("a configuration with every key of this version starts")
def every_key(lab):
    mock = lab.mock()
    server = Server(lab, EVERY_SERVER_KEY)
    Agent(lab, server, mock, f"""
        metadata_endpoint = "{mock.metadata()}/"
        credentials_endpoint = "{mock.url}{mock.known()['credentialsPath']}"
        timeout = "1m30s"
        cluster = "{CLUSTER}"
        region = "{REGION}"
        sts_region = "{REGION}"
        server_id = "{DOMAIN}"
    """)


# ---- attestation

@case("a node attests: agent ID, type and selectors")
def attests(lab):
    mock = lab.mock()
    server = Server(lab)
    agent = Agent(lab, server, mock)
    expect(agent.id() == ALIAS, f"agent ID {agent.id()}")
    shown = server.agents()[ALIAS]
    expect(shown["attestation_type"] == PLUGIN,
           f"attestation type {shown['attestation_type']}")
    expect(shown.get("can_reattest") is True, "cannot re-attest")
    task = mock.task()
    arn = task["TaskARN"].split(":")
    revision = f"{task['Family']}:{task['Revision']}"
    want = {
        f"account:{ACCOUNT}", f"cluster:{CLUSTER}", f"region:{REGION}",
        "partition:aws", f"task_id:{arn[-1].split('/')[-1]}",
        f"family:{task['Family']}", f"revision:{task['Revision']}",
        f"service:{task['ServiceName']}", f"az:{task['AvailabilityZone']}",
        f"launch_type:{task['LaunchType']}",
        f"task_definition_arn:arn:aws:ecs:{REGION}:{ACCOUNT}:"
        f"task-definition/{revision}",
        "exec:disabled", "overrides:none",
        f"task_role:{ACCOUNT}/{mock.role()}",
    } | {f"tag:{k}:{v}" for k, v in task["TaskTags"].items()}
    got = selectors(shown)
    expect(want <= set(got), f"selectors missing: {sorted(want - set(got))}")
    expect(len(set(got)) == len(got), f"selectors repeated: {got}")
    names = {"capacity_provider", "container", "image", "image_digest",
             "platform_version", "subnet"}
    odd = [s for s in set(got) - want if s.split(":")[0] not in names]
    expect(not odd, f"selectors nobody documented: {odd}")
    # One line of the log has all that an operator looks for.
    done = [line for line in server.plugin_lines()
            if line["msg"] == "attested"]
    expect(len(done) == 1, f"{len(done)} lines of an attestation")
    for word in ("full", "demo", task["TaskARN"], ALIAS):
        expect(word in str(done[0]), f"no \"{word}\" in {done[0]}")


@case("in metadata mode a node attests with agents that prove nothing")
def attests_by_metadata(lab):
    mock = lab.mock()
    server = Server(lab, METADATA)
    agent = Agent(lab, server, mock)
    expect(agent.id() == ALIAS, f"agent ID {agent.id()}")
    got = selectors(server.agents()[ALIAS])
    expect(f"account:{ACCOUNT}" in got and f"cluster:{CLUSTER}" in got,
           f"selectors {got}")
    for operation in ("GetCallerIdentity", "DescribeTasks", "credentials"):
        expect(not mock.requests(operation), f"{operation} was called")


@case("in sts mode a node attests, once, by its role")
def attests_by_sts(lab):
    mock = lab.mock()
    server = Server(lab, f"""
        verification = "sts"
        allowed_accounts = ["{ACCOUNT}"]
    """)
    agent = Agent(lab, server, mock)
    task_id = mock.task_id()
    want = f"spiffe://{DOMAIN}/spire/agent/{PLUGIN}/{ACCOUNT}/{task_id}"
    expect(agent.id() == want, f"agent ID {agent.id()}")
    shown = server.agents()[want]
    expect(not shown.get("can_reattest"), "can re-attest")
    expect(selectors(shown) == sorted([
        f"account:{ACCOUNT}", "partition:aws", f"task_id:{task_id}",
        f"task_role:{ACCOUNT}/{mock.role()}"]),
        f"selectors {selectors(shown)}")
    expect(not mock.requests("DescribeTasks"), "ECS was asked")
    agent.stop()
    again = Agent(lab, server, mock, name="again", wait_up=False)
    again.must_fail()
    expect(again.said("PermissionDenied"), "not PermissionDenied")


@case("a workload gets its SVID through the documented parent ID")
def documented_parent(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock())
    agent.wait_svid(server.workload(ALIAS))


@case("a workload gets its SVID through the node alias")
def node_alias(lab):
    mock = lab.mock()
    server = Server(lab, f'agent_path_template = "{PER_TASK}"')
    server.alias()
    workload = server.workload(ALIAS)
    agent = Agent(lab, server, mock)
    expect(agent.id() == mock.agent_id(), f"agent ID {agent.id()}")
    agent.wait_svid(workload)
    expect("is not in the agent namespace" not in server.text(),
           "an agent ID of the namespace was taken for another")


@case("three tasks of one cluster attest side by side")
def three_tasks(lab):
    mock = Mock(lab, tasks=3)
    server = Server(lab, f'agent_path_template = "{PER_TASK}"', ttl="40s")
    server.alias()
    workload = server.workload(ALIAS)
    agents = [Agent(lab, server, mock, name=f"agent{i}", task=task,
                    wait_up=False) for i, task in enumerate(mock.tasks)]
    for agent, task in zip(agents, mock.tasks):
        agent.wait_svid(workload)
        expect(agent.id() == mock.agent_id(task), f"agent ID {agent.id()}")
    expect(len(server.agents()) == 3, f"agents: {list(server.agents())}")
    # Each rotates by itself and none displaces another.
    for agent in agents:
        agent.wait_said("Successfully reattested node")
        expect(agent.said("PermissionDenied") is None,
               f"{agent.name} was displaced: {agent.said('PermissionDenied')}")
    for agent in agents:
        agent.wait_svid(workload)


@case("a stopped task cannot re-attest; the others can")
def stopped_task(lab):
    mock = Mock(lab, tasks=3)
    server = Server(lab, f'agent_path_template = "{PER_TASK}"', ttl="40s")
    agents = [Agent(lab, server, mock, name=f"agent{i}", task=task)
              for i, task in enumerate(mock.tasks)]
    mock.stop_task(mock.tasks[0])
    wait(agents[0].ended, "the stopped task's agent to end", agents[0], 90)
    lab.abandon(agents[0])
    wait(lambda: reason(server, "task_stopped"),
         "the refusal's reason in the server's log", server, 20)
    expect(mock.task_id(mock.tasks[0]) in
           str(reason(server, "task_stopped")), "the task is not named")
    for agent in agents[1:]:
        agent.wait_said("Successfully reattested node")
        expect(not agent.ended(), f"{agent.name} ended too")


def reason(server, word):
    """The server plugin's first line with that reason."""
    return next((line for line in server.plugin_lines()
                 if line.get("reason") == word), None)


@case("the documented template is safe with two live tasks")
def shared_agent_id(lab):
    mock = Mock(lab, tasks=2)
    server = Server(lab, ttl="40s")
    first = Agent(lab, server, mock, name="first", task=mock.tasks[0])
    second = Agent(lab, server, mock, name="second", task=mock.tasks[1],
                   wait_up=False)
    second.must_fail()
    said = second.said("PermissionDenied")
    expect(said and "{{ .taskID }}" in said and
           mock.task_id(mock.tasks[0]) in said,
           f"neither holder nor cure: {said}")
    line = reason(server, "holder")
    expect(line and line["agent_id"] == ALIAS and
           mock.task_id(mock.tasks[0]) in line["holder"],
           f"the server's line names neither ID nor holder: {line}")
    # The first one never notices.
    first.wait_said("Successfully reattested node")
    expect(first.said("PermissionDenied") is None,
           f"the holder was displaced: {first.said('PermissionDenied')}")
    # Once it has stopped, its ID is free.
    first.stop()
    mock.stop_task(mock.tasks[0])
    third = Agent(lab, server, mock, name="third", task=mock.tasks[1])
    expect(third.id() == ALIAS, f"agent ID {third.id()}")


@case("in metadata mode tasks that share one agent ID are warned about")
def shared_agent_id_by_metadata(lab):
    mock = Mock(lab, tasks=2)
    server = Server(lab, METADATA)
    for i, task in enumerate(mock.tasks):
        Agent(lab, server, mock, name=f"agent{i}", task=task, wait_up=False)
        server.wait_said('"Agent attestation request completed"', i + 1)
    ids = [mock.task_id(task) for task in mock.tasks]
    wait(lambda: any(line.get("level") == "warning" and
                     all(i in str(line) for i in ids)
                     for line in server.plugin_lines()),
         f"a WARN of the server plugin with {ids}", server, 20)


@case("the server warns of metadata mode and of the documented template")
def warnings(lab):
    def warned_by(data, name):
        server = Server(lab, data, name=name)
        agent = Agent(lab, server, lab.mock(), name=f"{name}-agent")
        agent.stop()
        server.stop()
        return [line["msg"] for line in server.plugin_lines()
                if line["level"] == "warning"]

    warned = warned_by(METADATA, "both")
    for word in ("proves nothing", "taskID", f"/spire/agent/{PLUGIN}/",
                 "without proof"):
        expect(any(word in w for w in warned), f"no \"{word}\" in {warned}")
    warned = warned_by("", "template")
    expect(any("taskID" in w for w in warned) and
           not any("proves nothing" in w for w in warned), f"{warned}")
    warned = warned_by(f'agent_path_template = "{PER_TASK}"', "none")
    expect(not warned, f"the plugin warned: {warned}")


# ---- AWS

@case("AWS is down for a minute: agents retry and recover")
def aws_outage(lab):
    mock = Mock(lab, tasks=2)
    server = Server(lab, f'agent_path_template = "{PER_TASK}"', ttl="100s")
    agents = [Agent(lab, server, mock, name=f"agent{i}", task=task)
              for i, task in enumerate(mock.tasks)]
    down = time.monotonic()
    mock.fault(operation="GetCallerIdentity", drop=True)
    mock.fault(operation="DescribeTasks", drop=True)
    # Rotation is due in the middle of it, and nobody gives up.
    for agent in agents:
        agent.wait_said("Unavailable", seconds=90)
    wait(lambda: time.monotonic() - down >= 60 or
         any(agent.ended() for agent in agents),
         "the minute to be over", server, 70)
    mock.heal()
    for agent in agents:
        agent.wait_said("Successfully reattested node", seconds=60)
        expect(not agent.ended(), f"{agent.name} ended")


@case("a role in the server's way is assumed in the task's account")
def assumed_role(lab):
    server = Server(lab, f"""
        allowed_accounts = ["{ACCOUNT}"]
        assume_role = "{Mock.READER}"
        external_id = "{Mock.EXTERNAL_ID}"
    """)
    Agent(lab, server, lab.mock())
    mock = lab.mock()
    assumed = mock.requests("AssumeRole")
    expect(len(assumed) == 1 and
           assumed[0]["accessKeyId"] == Mock.ACCESS_KEY,
           f"AssumeRole: {assumed}")
    asked = mock.requests("DescribeTasks")
    expect(asked and all(one["accessKeyId"].startswith("ASIA")
                         for one in asked), f"DescribeTasks: {asked}")


@case("a caller from another address than the task's is refused")
def client_ip(lab):
    mock = Mock(lab, tasks=2, address="127.0.0.1")
    server = Server(lab, f"""
        client_ip = "required"
        agent_path_template = "{PER_TASK}"
    """)
    agent = Agent(lab, server, mock, task=mock.tasks[0], wait_up=False)
    if tuple(map(int, lab.version.split("."))) < (1, 15, 2):
        agent.wait_said("FailedPrecondition")
        lab.abandon(agent)
        return
    wait(agent.healthy, "the agent at the right address", agent)
    expect("client_ip:verified" in
           selectors(server.agents()[mock.agent_id(mock.tasks[0])]),
           "no selector client_ip:verified")
    other = Mock(lab, tasks=1, address="10.0.0.5")
    server = Server(lab, 'client_ip = "required"', name="server2")
    agent = Agent(lab, server, other, name="agent2", task=other.tasks[0],
                  wait_up=False)
    agent.must_fail()
    expect(reason(server, "client_ip"), "refused for another reason")


@case("with reattest = false an agent attests once")
def trust_on_first_use(lab):
    server = Server(lab, f"""
        reattest = false
        agent_path_template = "{PER_TASK}"
    """)
    agent = Agent(lab, server, lab.mock())
    expect(not server.agents()[agent.id()].get("can_reattest"),
           "can re-attest")
    agent.stop()
    again = Agent(lab, server, lab.mock(), name="again", wait_up=False)
    again.must_fail()
    expect(reason(server, "first_use"), "refused for another reason")


@case("SPIRE's Prometheus endpoint shows the plugin's figures")
def figures(lab):
    port = free_port()
    server = Server(lab, 'allowed_clusters = ["test-cluster"]',
                    telemetry=port)
    agent = Agent(lab, server, lab.mock())

    def shown():
        return lab.fetch(f"http://127.0.0.1:{port}/metrics")

    for name, labels in (("attestations", ('result="accepted"',)),
                         ("attestation_seconds", ()),
                         ("aws_calls", ('operation="GetCallerIdentity"',
                                        'result="ok"')),
                         ("aws_calls", ('operation="DescribeTasks"',)),
                         ("batch_size", ()), ("in_flight", ())):
        wait(lambda n=name, ls=labels: any(
            PLUGIN in line and n in line and all(x in line for x in ls)
            for line in shown().splitlines()),
            f"{name} {labels} among the metrics", agent, 20)


# ---- crowds

CROWD = 200
CROWD_CALLS = CROWD * 2 // 100  # 0.02 each
CROWD_TIMES = 5


def crowd(lab, server, mock, *argv):
    """All tasks attest at once and are accepted; the calls of DescribeTasks."""
    mock.ask("/mock/requests", method="DELETE")
    told = json.loads(lab.run(
        lab.programs["crowd"], "-server", f"127.0.0.1:{server.port}",
        "-bundle", server.bundle(), "-mock", mock.url,
        "-trust-domain", DOMAIN, *argv, seconds=120).stdout)
    expect(told["agents"] == told["accepted"] == told["ids"] == CROWD
           and not told["refused"],
           f"not {CROWD} accepted, each with its own ID: {told}")
    # The server asks whose its own keys are, once.
    keys = [one["accessKeyId"] for one in mock.requests("GetCallerIdentity")
            if one["accessKeyId"] != mock.ACCESS_KEY]
    expect(len(keys) == len(set(keys)) == CROWD,
           f"{len(keys)} GetCallerIdentity with {len(set(keys))} keys")
    counts = mock.ask("/mock/counts")
    expect(counts["GetCallerIdentity"]["requests"] <= CROWD + 1,
           f"GetCallerIdentity: {counts['GetCallerIdentity']}")
    return counts["DescribeTasks"]["requests"]


@case(f"{CROWD} agents at once need {CROWD_CALLS} DescribeTasks")
def crowds(lab):
    mock = Mock(lab, tasks=CROWD)
    server = Server(lab, f'agent_path_template = "{PER_TASK}"')
    calls = [crowd(lab, server, mock)]
    want = {f"spiffe://{DOMAIN}/spire/agent/{PLUGIN}/{ACCOUNT}/{REGION}"
            f"/{CLUSTER}/{task['id']}" for task in mock.tasks_now()}
    expect(len(want) == CROWD and set(server.agents()) == want,
           f"{len(server.agents())} agents, not one for each task")
    shown = server.call("agent", "count", "-output", "json").stdout
    expect(json.loads(shown)["count"] == CROWD, f"agent count: {shown}")
    # They re-attest.  A machine with other work may take a crowd apart.
    while len(calls) < CROWD_TIMES:
        calls.append(crowd(lab, server, mock))
    expect(statistics.median(calls) <= CROWD_CALLS,
           f"calls of DescribeTasks, each time: {calls}")
    # And nobody is refused when they come one by one.
    crowd(lab, server, mock, "-together=false")
    expect(server.attestations() == CROWD * (CROWD_TIMES + 1),
           f"{server.attestations()} attestations")


# ---- attackers

@case("another task's credentials are refused")
def borrowed_credentials(lab):
    mock = Mock(lab, tasks=2)
    server = Server(lab)
    thief = Agent(lab, server, mock, task=mock.tasks[0], wait_up=False, env={
        "AWS_CONTAINER_CREDENTIALS_FULL_URI":
            mock.url + mock.known(mock.tasks[1])["credentialsPath"]})
    thief.must_fail()
    expect(reason(server, "task_session"), "refused for another reason")


def recorded(lab, mock, kind):
    """A server, and a file with what an honest attestation of the first task
    sent to it."""
    server = Server(lab, f'agent_path_template = "{PER_TASK}"')
    path = os.path.join(lab.dir, "recorded")
    agent = Agent(lab, server, mock, name="victim", task=mock.tasks[0],
                  plugin="replay", env={kind: path})
    expect(os.path.getsize(path) > 0, "nothing was recorded")
    agent.stop()
    return server, path


@case("a stolen payload is refused")
def stolen_payload(lab):
    mock = Mock(lab, tasks=2)
    server, path = recorded(lab, mock, "REPLAY_PAYLOAD")
    # The thief runs in a task of its own, under the same role.
    thief = Agent(lab, server, mock, name="thief", task=mock.tasks[1],
                  plugin="replay", env={"REPLAY_PAYLOAD": path},
                  wait_up=False)
    thief.must_fail()
    line = reason(server, "signature")
    expect(line, "refused for another reason")
    expect(mock.task_id(mock.tasks[0]) in line["claimed_task"],
           f"another task is named: {line}")


@case("a replayed response is refused")
def replayed_response(lab):
    mock = Mock(lab, tasks=1)
    server, path = recorded(lab, mock, "REPLAY_RESPONSE")
    thief = Agent(lab, server, mock, name="thief", task=mock.tasks[0],
                  plugin="replay", env={"REPLAY_RESPONSE": path},
                  wait_up=False)
    thief.must_fail()
    expect(reason(server, "signature"), "refused for another reason")
    expect("AWS does not confirm the signature" in
           thief.said("PermissionDenied"), "the agent is not told why")


ELSEWHERE = """
cluster 'elsewhere' { }
task 'away' { cluster = 'elsewhere'
    task_definition = 'fargate-spire-demo:1' }
"""


@case("another cluster's task is refused")
def other_cluster(lab):
    mock = Mock(lab, tasks=1, more=ELSEWHERE)
    server = Server(lab, f'allowed_clusters = ["{CLUSTER}"]')
    away = Agent(lab, server, mock, name="away", task="away", wait_up=False)
    away.must_fail()
    expect(reason(server, "cluster"), "refused for another reason")
    # And when it says that it is in the right one.
    document = mock.task("away")
    document = json.loads(
        json.dumps(document).replace("elsewhere", CLUSTER))
    liar = Agent(lab, server, mock, name="liar", task="away", wait_up=False,
                 env={"ECS_CONTAINER_METADATA_URI_V4":
                      Document(lab, document).url})
    liar.must_fail()
    expect(reason(server, "task_missing"), "refused for another reason")


@case("an allowed role in a foreign account is refused")
def foreign_account(lab):
    mock = Mock(lab, tasks=1, more=f"""
account '{FOREIGN}' {{ }}
cluster 'theirs' {{ account = '{FOREIGN}' name = '{CLUSTER}' }}
task 'foreign' {{ cluster = 'theirs'
    task_definition = 'fargate-spire-demo:1' }}
""")
    server = Server(lab, f"""
        allowed_accounts = ["{ACCOUNT}"]
        allowed_task_roles = ["{mock.role("foreign")}"]
        agent_path_template = "{PER_TASK}"
    """)
    Agent(lab, server, mock, task=mock.tasks[0])
    foreign = Agent(lab, server, mock, name="foreign", task="foreign",
                    wait_up=False)
    foreign.must_fail()
    expect("account ID" in foreign.said("PermissionDenied"),
           "refused for another reason")
    # And when it says that it is of the allowed one.
    document = json.loads(json.dumps(mock.task("foreign")).replace(
        FOREIGN, ACCOUNT))
    liar = Agent(lab, server, mock, name="liar", task="foreign",
                 wait_up=False, env={"ECS_CONTAINER_METADATA_URI_V4":
                                     Document(lab, document).url})
    liar.must_fail()
    wait(lambda: any(line.get("reason") == "account" and
                     line.get("account") == FOREIGN
                     for line in server.plugin_lines()),
         "the account that AWS named, in the log", server, 20)


def swapped(lab, operation, word):
    """Two tasks in two clusters, so that ECS is asked for each by itself."""
    mock = Mock(lab, tasks=1, more=ELSEWHERE)
    Swapper(lab, mock, operation)
    server = Server(lab, f'agent_path_template = "{PER_TASK}"')
    agents = [Agent(lab, server, mock, name=task, task=task, wait_up=False)
              for task in (mock.tasks[0], "away")]
    for agent in agents:
        agent.must_fail()
    wait(lambda: reason(server, word), f"a refusal by {word}", server, 20)


@case("a proxy that swaps the identities of two tasks gains nothing")
def swapped_identities(lab):
    swapped(lab, "GetCallerIdentity", "task_session")


@case("a proxy that swaps the descriptions of two tasks gains nothing")
def swapped_tasks(lab):
    swapped(lab, "DescribeTasks", "task_other")


# ---- time passes

@case("an agent re-attests when its SVID is to be rotated")
def rotation(lab):
    server = Server(lab, ttl="30s")
    agent = Agent(lab, server, lab.mock())
    workload = server.workload(ALIAS)
    agent.wait_svid(workload)
    agent.wait_said("Successfully reattested node", 2)
    expect(server.attestations() >= 3,
           f"{server.attestations()} attestations")
    expect(list(server.agents()) == [ALIAS],
           f"agents: {list(server.agents())}")
    agent.wait_svid(workload)


@case("our client of the Workload API follows an agent")
def workload_client(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock(), keys="disk")
    workload = server.workload(ALIAS, "w", "-hint", "internal",
                               "-x509SVIDTTL", "12")
    agent.wait_svid(workload)
    watch = Process(lab, "workload-watch", [lab.programs["watch"], "me"],
                    {"SPIFFE_ENDPOINT_SOCKET": f"unix://{agent.socket}"})
    watch.wait_said(f"svid {workload} hint=internal .* verified=yes")
    watch.wait_said(f"jwt {workload} hint=internal agent={workload}"
                    f" own={workload} claims=.*\"sub\"")
    watch.wait_said("jwt refused for another audience")
    watch.wait_said(f"bundle {DOMAIN}")

    def serials():
        return set(re.findall(r"serial=(\w+)", watch.text()))

    wait(lambda: len(serials()) >= 3, "two rotations", watch)
    # The client stays, and what it holds; the agent goes and comes back.
    before = len(serials())
    agent = agent.again()
    wait(lambda: len(serials()) > before, "an SVID after the restart", watch)
    expect("svids=0" not in watch.text(), "the SVID went with the agent")
    # Without an entry there is no identity, and none is kept.
    shown = json.loads(server.call("entry", "show", "-output", "json").stdout)
    for entry in shown["entries"]:
        server.call("entry", "delete", "-entryID", entry["id"])
    watch.wait_said("update svids=0")
    expect("verified=" in watch.text() and
           watch.count("verified=yes") == watch.count("verified="),
           "an SVID that its own bundle does not prove")


@case("an agent that lost its keys attests again after a restart")
def agent_restart(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock())
    workload = server.workload(ALIAS)
    agent.wait_svid(workload)
    agent = agent.again()
    agent.wait_svid(workload)
    expect(server.attestations() == 2,
           f"{server.attestations()} attestations")


@case("an agent that kept its keys goes on after a restart")
def agent_restart_with_keys(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock(), keys="disk")
    workload = server.workload(ALIAS)
    agent.wait_svid(workload)
    agent = agent.again()
    agent.wait_svid(workload)
    expect(server.attestations() == 1,
           f"{server.attestations()} attestations")


@case("an agent that is killed comes back")
def agent_killed(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock())
    workload = server.workload(ALIAS)
    agent.wait_svid(workload)
    agent.stop(signal.SIGKILL)
    lab.abandon(agent)
    agent = Agent(lab, **agent.options)
    agent.wait_svid(workload)


@case("a server restart is not noticed by agents, and new ones attest")
def server_restart(lab):
    mock = Mock(lab, tasks=2)
    server = Server(lab, f'agent_path_template = "{PER_TASK}"')
    server.alias()
    first = server.workload(ALIAS, "first")
    agent = Agent(lab, server, mock, name="agent0", task=mock.tasks[0])
    agent.wait_svid(first)
    server = server.again()
    second = server.workload(ALIAS, "second")
    agent.wait_svid(second)
    agent = Agent(lab, server, mock, name="agent1", task=mock.tasks[1])
    agent.wait_svid(second)


# ---- reconfiguration

def server_settings(lab, accounts):
    return lab.write("server.hcl", f"""
        allowed_accounts = ["{accounts}"]
        agent_path_template = "{PER_TASK}"
    """ + lab.mock().server_settings())


@case("the server plugin is reconfigured by file and SIGUSR1")
def reconfigure_server(lab):
    mock = Mock(lab, tasks=2)
    path = server_settings(lab, ACCOUNT)
    server = Server(lab, data_file=path)
    Agent(lab, server, mock, name="agent0", task=mock.tasks[0])

    server.reload("Plugin not reconfigured since the config is unchanged")

    lab.write("server.hcl", 'allowed_acounts = ["1"]\nallowed_clusters = 7\n')
    server.reload("Failed to reconfigure plugin")
    line = server.said("Failed to reconfigure plugin")
    expect("allowed_acounts" in line and "allowed_clusters" in line,
           f"all problems at once: {line}")
    # The old settings hold: this account still attests.
    agent = Agent(lab, server, mock, name="agent1", task=mock.tasks[1])
    agent.stop()

    server_settings(lab, "999999999999")
    server.reload('"Plugin reconfigured"')
    stranger = Agent(lab, server, mock, name="agent2", wait_up=False)
    stranger.must_fail()
    expect(stranger.said(f"account ID {ACCOUNT} is not allowed"),
           "the refusal is not in the agent's log")

    server_settings(lab, ACCOUNT)
    server.reload('"Plugin reconfigured"')
    Agent(lab, server, mock, name="agent3")


@case("the agent plugin is reconfigured by file and SIGUSR1")
def reconfigure_agent(lab):
    mock = lab.mock()
    server = Server(lab, ttl="30s")
    sts = mock.agent_settings()
    path = lab.write("agent.hcl", 'timeout = "5s"\n' + sts)
    agent = Agent(lab, server, mock, data_file=path)

    agent.reload("Plugin not reconfigured since the config is unchanged")
    lab.write("agent.hcl", 'timeout = "soon"\n')
    agent.reload("Failed to reconfigure plugin")
    expect("unable to parse timeout duration" in
           agent.said("Failed to reconfigure plugin"),
           agent.said("Failed to reconfigure plugin"))
    # The old settings hold: the agent goes on re-attesting.
    agent.wait_said("Successfully reattested node",
                    agent.count("Successfully reattested node") + 1)

    lab.write("agent.hcl", 'timeout = "6s"\ncluster = "elsewhere"\n' + sts)
    agent.reload('"Plugin reconfigured"')
    agent.wait_said("elsewhere")
    lab.write("agent.hcl", 'timeout = "6s"\n' + sts)
    agent.reload('"Plugin reconfigured"')
    agent.wait_said("Successfully reattested node",
                    agent.count("Successfully reattested node") + 1)


# ---- validation and mistakes

GOOD = "SPIRE server configuration file is valid"


@case("spire-server validate accepts good configurations")
def validate_good(lab):
    for data in (DOCUMENTED_SERVER, EVERY_SERVER_KEY, None,
                 ONLY_CLUSTER_AND_REGION):
        done = lab.validate(data)
        expect(done.returncode == 0 and GOOD in done.stdout,
               f"{data}: {done.returncode}: {done.stdout}{done.stderr}")


@case("spire-server validate names every problem of a bad one")
def validate_bad(lab):
    done = lab.validate("""
        allowed_acounts = ["123456789012"]
        allowed_clusters = "one"
        agent_path_template = "/x/{{ .nothing }}"
        max_attestations = 0
    """)
    if not lab.validate_starts_plugins():
        # Then nobody asks the plugin, and the file itself is well formed.
        expect(done.returncode == 0, f"{done.stdout}{done.stderr}")
        return
    expect(done.returncode == 1, f"ended with {done.returncode}")
    for word in (f'NodeAttestor "{PLUGIN}":', "allowed_acounts",
                 "allowed_clusters", "nothing", "max_attestations"):
        expect(word in done.stderr, f"no \"{word}\" in {done.stderr}")


@case("a bad configuration keeps SPIRE from starting, and says why")
def bad_configuration(lab):
    server = Server(lab, 'allowed_acounts = ["1"]\n allowed_regions = 7',
                    name="bad", wait_up=False)
    server.must_fail()
    for word in ("unknown configurations detected: allowed_acounts",
                 "allowed_regions", "InvalidArgument"):
        expect(server.said(word), f"the server does not say \"{word}\"")
    server = Server(lab)
    agent = Agent(lab, server, data='timeout = "soon"', wait_up=False)
    agent.must_fail()
    expect(agent.said("unable to parse timeout duration"),
           "the agent does not say why")


@case("another trust domain than the server's is refused")
def other_trust_domain(lab):
    server = Server(lab, 'trust_domain = "other.org"', wait_up=False)
    server.must_fail()
    expect(server.said(r"trust_domain.*other\.org") and
           server.said(f"trust_domain.*{DOMAIN}"),
           "the server does not name both trust domains")


@case("a wrong plugin_checksum keeps the plugin from running")
def wrong_checksum(lab):
    server = Server(lab, checksum="0" * 64, wait_up=False)
    server.must_fail()
    expect(server.said("checksums did not match"), "not for the checksum")


# ---- refusals

def refused(lab, settings, *words, task="metadata"):
    server = Server(lab, settings)
    agent = Agent(lab, server, lab.mock(), task=task, wait_up=False)
    agent.must_fail()
    for word in words:
        expect(agent.said(word), f"the agent does not say \"{word}\"")
        expect(server.said(word), f"the server does not say \"{word}\"")
    expect(agent.said("PermissionDenied"), "not PermissionDenied")
    expect(server.attestations() == 0, "an attestation was completed")


@case("a refused account ends the agent; both logs name the setting")
def refused_account(lab):
    refused(lab, 'allowed_accounts = ["999999999999"]',
            f"account ID {ACCOUNT} is not allowed", "allowed_accounts")


@case("a refused cluster ends the agent; both logs name the setting")
def refused_cluster(lab):
    refused(lab, 'allowed_clusters = ["production"]',
            f"cluster {CLUSTER} is not allowed", "allowed_clusters")


@case("a refused region ends the agent; both logs name the setting")
def refused_region(lab):
    refused(lab, 'allowed_regions = ["eu-west-1"]',
            f"region {REGION} is not allowed", "allowed_regions")


@case("an agent that expects another cluster says both names")
def expected_cluster(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock(), 'cluster = "elsewhere"',
                  wait_up=False)
    agent.wait_said("FailedPrecondition.*elsewhere")
    expect(CLUSTER in agent.said("FailedPrecondition.*elsewhere"),
           agent.said("FailedPrecondition.*elsewhere"))
    lab.abandon(agent)


@case("an agent without metadata says so and waits for it")
def metadata_unreachable(lab):
    server = Server(lab)
    agent = Agent(lab, server, data='timeout = "1s"', wait_up=False)
    agent.wait_said("no metadata endpoint configured and"
                    " ECS_CONTAINER_METADATA_URI_V4 not set")
    lab.abandon(agent)
    mock = lab.mock()
    agent = Agent(lab, server, mock, task="nobody", name="agent2",
                  wait_up=False)
    agent.wait_said("failed to fetch task metadata: metadata endpoint"
                    " returned status 404")
    lab.abandon(agent)


# ---- unloading

@case("both plugins unload when SPIRE is told to end")
def unloads(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock())
    expect(agent.stop() == 0, "the agent ended badly")
    agent.unloaded()
    expect(server.stop() == 0, "the server ended badly")
    server.unloaded()
    expect(not os.listdir(lab.tmp), f"left behind: {os.listdir(lab.tmp)}")
    # check_log() judges these lines: there must be some.
    for process in (agent, server):
        expect(process.plugin_lines(), f"{process.name}'s plugin logs nothing")


@case("both plugins unload on Ctrl-C")
def unloads_on_interrupt(lab):
    server = Server(lab)
    agent = Agent(lab, server, lab.mock())
    # A terminal sends SIGINT to the whole group.
    for process in (agent, server):
        os.killpg(process.child.pid, signal.SIGINT)
        process.wait_end(30)
        process.unloaded()


@case("a plugin dies with its SPIRE")
def dies_with_spire(lab):
    server = Server(lab)
    pid = server.plugin_pid()
    server.stop(signal.SIGKILL)
    lab.abandon(server)
    wait(lambda: not os.path.exists(f"/proc/{pid}"),
         f"the plugin, process {pid}, to end", server, 10)


# Their figures are of a machine that does nothing else.
ALONE = {crowds}
# What needs a build with examples.
EXAMPLES = {workload_client}
LONG = {aws_outage, stopped_task, shared_agent_id, three_tasks, rotation,
        reconfigure_agent, metadata_unreachable, workload_client}
