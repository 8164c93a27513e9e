# SPDX-License-Identifier: Apache-2.0
"""The cases of "make check-spire": what a user of SPIRE does with the plugins.

Each is one function over a fresh Lab.  When it returns, the lab stops all it
started and checks every log: a clean unload, no panic, no raw line.
"""

import os
import signal

from lab import (ACCOUNT, ALIAS, CLUSTER, DOMAIN, PER_TASK, PLUGIN, REGION,
                 Agent, Mock, Server, expect, selectors, wait)

ALL = []


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
    agent_path_template = "{PER_TASK}"
    verification = "metadata"
    shared_agent_id = "allow"
    reattest = true
    tag_selectors = ["*"]
    partition = "aws"
    challenge_timeout = "30s"
    max_attestations = 1024
"""
ONLY_CLUSTER_AND_REGION = f"""
    cluster = "{CLUSTER}"
    region = "{REGION}"
"""


@case("the documented server configuration starts and attests")
def documented_server(lab):
    server = Server(lab, DOCUMENTED_SERVER)
    agent = Agent(lab, server, Mock(lab))
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
    server = Server(lab, None)
    agent = Agent(lab, server, Mock(lab), None)
    expect(agent.id() == ALIAS, f"agent ID {agent.id()}")


@case("a configuration with only cluster and region starts, both sides")
def only_cluster_and_region(lab):
    server = Server(lab, ONLY_CLUSTER_AND_REGION)
    agent = Agent(lab, server, Mock(lab), ONLY_CLUSTER_AND_REGION)
    expect(agent.id() == ALIAS, f"agent ID {agent.id()}")


@case("a configuration with every key of this version starts")
def every_key(lab):
    mock = Mock(lab)
    server = Server(lab, EVERY_SERVER_KEY)
    Agent(lab, server, mock, f"""
        metadata_endpoint = "{mock.metadata()}/"
        timeout = "1m30s"
        cluster = "{CLUSTER}"
        region = "{REGION}"
    """)


# ---- attestation

@case("a node attests: agent ID, type and selectors")
def attests(lab):
    mock = Mock(lab)
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
    } | {f"tag:{k}:{v}" for k, v in task["TaskTags"].items()}
    got = selectors(shown)
    expect(want <= set(got), f"selectors missing: {sorted(want - set(got))}")
    expect(len(set(got)) == len(got), f"selectors repeated: {got}")
    names = {"container", "image", "image_digest", "platform_version"}
    odd = [s for s in set(got) - want if s.split(":")[0] not in names]
    expect(not odd, f"selectors nobody documented: {odd}")


@case("a workload gets its SVID through the documented parent ID")
def documented_parent(lab):
    server = Server(lab)
    agent = Agent(lab, server, Mock(lab))
    agent.wait_svid(server.workload(ALIAS))


@case("a workload gets its SVID through the node alias")
def node_alias(lab):
    mock = Mock(lab)
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


@case("two tasks that share one agent ID are warned about")
def shared_agent_id(lab):
    mock = Mock(lab, tasks=2)
    server = Server(lab)
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
    server = Server(lab)
    agent = Agent(lab, server, Mock(lab))
    agent.stop()
    server.stop()
    warned = [line["msg"] for line in server.plugin_lines()
              if line["level"] == "warning"]
    for word in ("proves nothing", "taskID", f"/spire/agent/{PLUGIN}/",
                 "without proof"):
        expect(any(word in w for w in warned), f"no \"{word}\" in {warned}")
    # With one ID for each task, below SPIRE's own folder, only the mode is.
    server = Server(lab, f'agent_path_template = "{PER_TASK}"', name="other")
    server.stop()
    warned = [line["msg"] for line in server.plugin_lines()
              if line["level"] == "warning"]
    expect(len(warned) == 1 and "proves nothing" in warned[0],
           f"the plugin warned: {warned}")


# ---- time passes

@case("an agent re-attests when its SVID is to be rotated")
def rotation(lab):
    server = Server(lab, ttl="30s")
    agent = Agent(lab, server, Mock(lab))
    workload = server.workload(ALIAS)
    agent.wait_svid(workload)
    agent.wait_said("Successfully reattested node", 2)
    expect(server.attestations() >= 3,
           f"{server.attestations()} attestations")
    expect(list(server.agents()) == [ALIAS],
           f"agents: {list(server.agents())}")
    agent.wait_svid(workload)


@case("an agent that lost its keys attests again after a restart")
def agent_restart(lab):
    server = Server(lab)
    agent = Agent(lab, server, Mock(lab))
    workload = server.workload(ALIAS)
    agent.wait_svid(workload)
    agent = agent.again()
    agent.wait_svid(workload)
    expect(server.attestations() == 2,
           f"{server.attestations()} attestations")


@case("an agent that kept its keys goes on after a restart")
def agent_restart_with_keys(lab):
    server = Server(lab)
    agent = Agent(lab, server, Mock(lab), keys="disk")
    workload = server.workload(ALIAS)
    agent.wait_svid(workload)
    agent = agent.again()
    agent.wait_svid(workload)
    expect(server.attestations() == 1,
           f"{server.attestations()} attestations")


@case("an agent that is killed comes back")
def agent_killed(lab):
    server = Server(lab)
    agent = Agent(lab, server, Mock(lab))
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
    return lab.write("server.hcl", f'allowed_accounts = ["{accounts}"]\n')


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
    mock = Mock(lab)
    server = Server(lab, ttl="30s")
    path = lab.write("agent.hcl", 'timeout = "5s"\n')
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

    lab.write("agent.hcl", 'timeout = "6s"\ncluster = "elsewhere"\n')
    agent.reload('"Plugin reconfigured"')
    agent.wait_said("elsewhere")
    lab.write("agent.hcl", 'timeout = "6s"\n')
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
    agent = Agent(lab, server, Mock(lab), task=task, wait_up=False)
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
    agent = Agent(lab, server, Mock(lab), 'cluster = "elsewhere"',
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
    mock = Mock(lab)
    agent = Agent(lab, server, mock, task="nobody", name="agent2",
                  wait_up=False)
    agent.wait_said("failed to fetch task metadata: metadata endpoint"
                    " returned status 404")
    lab.abandon(agent)


# ---- unloading

@case("both plugins unload when SPIRE is told to end")
def unloads(lab):
    server = Server(lab)
    agent = Agent(lab, server, Mock(lab))
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
    agent = Agent(lab, server, Mock(lab))
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


LONG = {three_tasks, rotation, reconfigure_agent, metadata_unreachable}
