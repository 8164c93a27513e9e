# SPDX-License-Identifier: Apache-2.0
"""A SPIRE server, its agents and a mock AWS, in one folder and on free ports.

A Lab owns a temporary folder and every process started in it.  Nothing here
sleeps for a guessed time: wait() polls a condition and gives up with the log
lines that matter.  Failed expectations raise Failure.
"""

import contextlib
import hashlib
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

ACCOUNT = "123456789012"
REGION = "us-east-1"
CLUSTER = "test-cluster"
PLUGIN = "aws_fargate_task"
DOMAIN = "example.org"
ALIAS = f"spiffe://{DOMAIN}/{PLUGIN}/{ACCOUNT}/{CLUSTER}"
METADATA = 'verification = "metadata"\n'
PER_TASK = (f"/spire/agent/{PLUGIN}/"
            "{{ .accountID }}/{{ .region }}/{{ .cluster }}/{{ .taskID }}")


class Failure(Exception):
    """What was expected, and what was there instead."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Process:
    """A child with its own log file; JSON lines can be asked for."""

    def __init__(self, lab, name, argv, env=None):
        self.lab, self.name = lab, name
        lab.runs += 1
        self.log = os.path.join(lab.dir, f"{lab.runs:02d}-{name}.log")
        full = {k: v for k, v in os.environ.items()
                if not k.startswith(("ECS_", "AWS_", "PLUGIN_"))
                and not k.lower().endswith("_proxy")}
        full.update({"TMPDIR": lab.tmp, **(env or {})})
        with open(self.log, "wb") as out:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, cwd=lab.dir, env=full,
                start_new_session=True)
        lab.processes.append(self)

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def lines(self):
        """Every line as a dictionary; what is no JSON has only "raw"."""
        found = []
        for line in self.text().splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            found.append(value if isinstance(value, dict) else {"raw": line})
        return found

    def said(self, pattern):
        """The first line that matches, or None."""
        for line in self.text().splitlines():
            if re.search(pattern, line):
                return line
        return None

    def count(self, pattern):
        return len(re.findall(pattern, self.text()))

    def ended(self):
        return self.child.poll() is not None

    def wait_said(self, pattern, times=1, seconds=60):
        wait(lambda: self.count(pattern) >= times or self.ended(),
             f"{self.name} to say \"{pattern}\"", self, seconds)
        expect(self.count(pattern) >= times,
               f"{self.name} ended with {self.child.returncode} without"
               f" saying \"{pattern}\"")

    def wait_end(self, seconds=90):
        wait(self.ended, f"{self.name} to end", self, seconds)
        return self.child.returncode

    def must_fail(self):
        """It ends by itself, badly, and never gets to work."""
        wait(lambda: self.ended() or self.healthy(),
             f"{self.name} to end", self, 90)
        expect(self.ended(), f"{self.name} works in spite of it")
        expect(self.child.returncode != 0, f"{self.name} ended well")

    def stop(self, how=signal.SIGTERM, seconds=30):
        if not self.ended():
            self.child.send_signal(how)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Failure(f"{self.name} did not end within {seconds} s of"
                          f" signal {how}") from None


def wait(condition, what, process=None, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"waited {seconds} s for {what}")
        time.sleep(0.05)
    return process


class Lab:
    """One folder, one SPIRE version, the programs under test."""

    def __init__(self, spire, programs, version):
        self.spire, self.programs, self.version = spire, programs, version
        # Sockets live here, and their paths have 107 bytes at most.
        self.dir = tempfile.mkdtemp(prefix="saf-", dir="/tmp")
        self.tmp = os.path.join(self.dir, "t")
        os.mkdir(self.tmp)
        self.processes, self.runs = [], 0
        self.abandoned = set()
        self.sockets_stay = False
        self.mocks, self.servers = [], []

    @staticmethod
    def fetch(url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=30) as f:
            return f.read().decode()

    def mock(self):
        """The AWS of this lab: the last Mock made in it, or a new one."""
        return self.mocks[-1] if self.mocks else Mock(self)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.stop_all()
            if kind is None:
                self.check_logs()
        finally:
            for server in self.servers:
                server.shutdown()
                server.server_close()
            for process in self.processes:
                with contextlib.suppress(ProcessLookupError):
                    if not process.ended():
                        process.child.kill()
                        process.child.wait()
        return False

    def abandon(self, process):
        """It was killed, or is in the middle of failing: no clean end."""
        self.abandoned.add(process)
        self.sockets_stay = True
        if not process.ended():
            process.stop()

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return path

    def run(self, *argv, ok=True, seconds=60):
        """Run to the end; CompletedProcess, and a Failure if ok and it fails."""
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=seconds, cwd=self.dir,
            env=dict(os.environ, TMPDIR=self.tmp), check=False)
        expect(not ok or done.returncode == 0,
               f"\"{' '.join(argv)}\" ended with {done.returncode}:"
               f" {done.stdout}{done.stderr}")
        return done

    def program(self, name):
        return os.path.join(self.spire, name)

    def spire_command(self, argv):
        """How a server or an agent is started: here, just so."""
        return argv

    def stop_all(self):
        """Agents, then servers, then the rest; each must end in peace."""
        for process in reversed(self.processes):
            if not process.ended():
                process.stop()

    def check_logs(self):
        """What must hold in every run, whatever the case was about."""
        for process in self.processes:
            if not isinstance(process, Spire):
                continue
            process.check_log()
            if process not in self.abandoned and process.said(
                    '"plugin started"'):
                process.unloaded()
        left = os.listdir(self.tmp)
        expect(not left or self.sockets_stay, f"left in TMPDIR: {left}")

    def validate(self, data):
        """spire-server validate of a server.conf with this plugin_data."""
        # SPIRE kills the plugin when it is done, without a word.
        self.sockets_stay = True
        path = Server.config(self, "validate",
                             attestor(self, "server", data), free_port())
        return self.run(self.program("spire-server"), "validate", "-config",
                        path, ok=False)

    def validate_starts_plugins(self):
        """SPIRE asks the plugin's Validate since 1.14."""
        return tuple(map(int, self.version.split("."))) >= (1, 14)

    def explain(self):
        """The lines of all logs that a person would look for."""
        out = []
        for process in self.processes:
            lines = process.text().splitlines()
            loud = [line for line in lines
                    if re.search(r'"level":"(error|warning|fatal)"', line)
                    or not line.startswith("{")]
            out.append(f"--- {os.path.basename(process.log)}, the last of"
                       f" {len(lines)} lines, warnings and errors first")
            out += loud[-12:] + ["..."] + lines[-6:]
        return "\n".join(out)


class Mock(Process):
    """fargate-mock: its default task, or so many tasks of one cluster.

    more: further sections of the scenario; front: another URL to reach it by.
    """

    ACCESS_KEY = "AKIAEXAMPLEEXAMPLE01"
    SECRET = "not/a/secret/of/anybodys"
    READER = "spire-reader"
    EXTERNAL_ID = "an-agreed-word"

    def __init__(self, lab, tasks=0, address=None, more=""):
        self.tasks = [f"task{i}" for i in range(tasks)]
        self.address, self.front = address, None
        argv = [lab.programs["mock"], "--port", "0", "--scenario",
                lab.write(f"mock{len(lab.mocks)}.conf",
                          self.scenario() + more)]
        super().__init__(lab, "fargate-mock", argv)
        lab.mocks.append(self)
        self.wait_said(r"127\.0\.0\.1:\d+")
        self.url = "http://127.0.0.1:" + re.search(
            r"127\.0\.0\.1:(\d+)", self.text()).group(1)

    def ask(self, path, body=None, method=None):
        """A document of the mock's; body: a value to POST as JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, method=method,
            headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as f:
            text = f.read()
        return json.loads(text) if text.strip() else None

    def tasks_now(self):
        return self.ask("/mock/tasks")

    def known(self, task="metadata"):
        """What the mock's control says of a task."""
        task_id = self.task_id(task)
        return next(t for t in self.tasks_now() if t["id"] == task_id)

    def stop_task(self, task):
        self.ask(f"/mock/tasks/{self.task_id(task)}/stop", {})

    def fault(self, **fault):
        """Something goes wrong from now on; see fargate-mock(1)."""
        self.ask("/mock/faults", fault)

    def heal(self):
        self.ask("/mock/faults", method="DELETE")

    def requests(self, operation):
        return self.ask(f"/mock/requests?operation={operation}")

    def role(self, task="metadata"):
        """The name of the task's role."""
        return self.known(task)["roleArn"].split("/")[-1]

    def server_settings(self):
        """What a server plugin needs to take this mock for AWS."""
        return f"""
    sts_endpoint = "{self.front or self.url}"
    ecs_endpoint = "{self.front or self.url}"
    access_key_id = "{self.ACCESS_KEY}"
    secret_access_key = "{self.SECRET}"
"""

    def agent_settings(self):
        return f"\n    sts_endpoint = \"{self.front or self.url}\"\n"

    def environment(self, task="metadata"):
        """What ECS puts into the environment of the task's containers."""
        found = {"ECS_CONTAINER_METADATA_URI_V4": self.metadata(task)}
        if task != "nobody":
            found["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = \
                self.url + self.known(task)["credentialsPath"]
        return found

    def scenario(self):
        text = f"""
account '{ACCOUNT}' {{ }}
access_key '{self.ACCESS_KEY}' {{ secret = '{self.SECRET}' user = 'server' }}
role '{self.READER}' {{
  trust = {{ 'arn:aws:iam::{ACCOUNT}:user/server' }}
  external_id = '{self.EXTERNAL_ID}'
}}
"""
        if not self.tasks:
            return text
        address = f"address = '{self.address}'" if self.address else ""
        return text + f"""
cluster '{CLUSTER}' {{ account = '{ACCOUNT}' }}
task_definition 'fargate-spire-demo:1' {{
  container 'spire-agent' {{ image = 'spire-agent:1' }}
}}
""" + "".join(f"task '{name}' {{ cluster = '{CLUSTER}'"
              f" task_definition = 'fargate-spire-demo:1'"
              f" service = 'demo-service' {address} }}\n"
              for name in self.tasks)

    def metadata(self, task="metadata"):
        return f"{self.url}/v4/{task}"

    def task(self, task="metadata"):
        """The task's metadata document."""
        return self.ask(f"/v4/{task}/task")

    def task_id(self, task="metadata"):
        return self.task(task)["TaskARN"].split("/")[-1]

    def agent_id(self, task="metadata"):
        """What PER_TASK makes of the task."""
        return (f"spiffe://{DOMAIN}/spire/agent/{PLUGIN}/{ACCOUNT}/{REGION}"
                f"/{CLUSTER}/{self.task_id(task)}")


class Swapper:
    """A proxy in front of a mock that gives the answers of two requests to
    each other, once: of the first two of that operation."""

    def __init__(self, lab, mock, operation):
        self.mock, self.operation = mock, operation
        self.lock, self.pair = threading.Condition(), []
        handler = type("Handler", (http.server.BaseHTTPRequestHandler,),
                       {"do_POST": lambda h: self.serve(h),
                        "protocol_version": "HTTP/1.1",
                        "log_message": lambda *_: None})
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        lab.servers.append(self.server)
        mock.front = f"http://127.0.0.1:{self.server.server_address[1]}"

    def forward(self, handler, body):
        port = int(self.mock.url.rsplit(":", 1)[1])
        with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", port)) as c:
            # As it was signed: the Host is the proxy's.
            c.putrequest("POST", "/", skip_host=True,
                         skip_accept_encoding=True)
            for name, value in handler.headers.items():
                if name.lower() != "connection":
                    c.putheader(name, value)
            c.endheaders(body)
            answer = c.getresponse()
            return answer.status, answer.headers, answer.read()

    def swap(self, answer):
        """Of the first two callers each gets the other's answer."""
        with self.lock:
            if len(self.pair) == 2:
                return answer
            self.pair.append(answer)
            mine = len(self.pair) - 1
            self.lock.notify_all()
            expect(self.lock.wait_for(lambda: len(self.pair) == 2, 30),
                   "no second request came to the proxy")
            return self.pair[1 - mine]

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        answer = self.forward(handler, body)
        named = handler.headers.get("X-Amz-Target", "") + body.decode()
        if self.operation in named:
            answer = self.swap(answer)
        status, headers, text = answer
        handler.send_response(status)
        for name in ("Content-Type", "x-amzn-RequestId"):
            if name in headers:
                handler.send_header(name, headers[name])
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)


class Document:
    """A metadata endpoint that a liar runs: one document, whatever is asked."""

    def __init__(self, lab, document):
        text = json.dumps(document).encode()

        def answer(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(text)))
            handler.end_headers()
            handler.wfile.write(text)

        handler = type("Handler", (http.server.BaseHTTPRequestHandler,),
                       {"do_GET": answer, "log_message": lambda *_: None})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lab.servers.append(server)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/v4/liar"


def attestor(lab, kind, data, data_file=None, checksum=None, plugin=None):
    """The NodeAttestor block."""
    binary = lab.programs[plugin or kind]
    body = ""
    if data_file:
        body = f"plugin_data_file = \"{data_file}\""
    elif data is not None:
        body = f"plugin_data {{ {data} }}"
    return (f"NodeAttestor \"{PLUGIN}\" {{\n"
            f"    plugin_cmd = \"{binary}\"\n"
            f"    plugin_checksum = \"{checksum or sha256(binary)}\"\n"
            f"    {body}\n  }}")


class Spire(Process):
    """What a SPIRE server and a SPIRE agent have in common."""

    plugin = None  # which of the lab's programs

    def plugin_lines(self):
        """The lines our plugin wrote, as SPIRE logged them."""
        binary = os.path.basename(self.lab.programs[self.plugin])
        return [line for line in self.lines()
                if str(line.get("subsystem_name", "")).endswith(binary)]

    def check_log(self):
        for word in ("panic", "failed to exit gracefully", "goroutine "):
            expect(self.said(word) is None,
                   f"{self.name} said: {self.said(word)}")
        expect(self.said("Plugin checksum not configured") is None,
               "the checksum in the configuration was not read")
        for line in self.plugin_lines():
            # Only a line go-plugin could parse carries a time of its own.
            expect("timestamp" in line, f"a raw line of the plugin: {line}")
            expect(not str(line["timestamp"]).startswith("0001"),
                   f"a line without a time: {line}")

    def plugin_pid(self):
        """The process of our plugin."""
        binary = os.path.realpath(self.lab.programs[self.plugin])
        children = f"/proc/{self.child.pid}/task"
        for thread in os.listdir(children):
            with open(f"{children}/{thread}/children",
                      encoding="ascii") as f:
                for pid in f.read().split():
                    if os.path.realpath(f"/proc/{pid}/exe") == binary:
                        return int(pid)
        raise Failure(f"{self.name} runs no {binary}")

    def unloaded(self):
        """After stop(): the plugin was asked to go and went."""
        wait(lambda: self.said('"plugin process exited"'),
             "the plugin to exit", self, 10)
        line = self.said('"plugin process exited"')
        expect('"level":"info"' in line, f"the plugin's end: {line}")
        expect(self.said("Failed to deinitialize plugin") is None,
               "Deinit failed")


class Server(Spire):
    plugin = "server"

    @staticmethod
    def config(lab, name, node_attestor, port, ttl="1h", telemetry=None):
        figures = "" if telemetry is None else f"""
telemetry {{
  Prometheus {{ host = "127.0.0.1" port = {telemetry} }}
}}
"""
        return lab.write(f"{name}.conf", figures + f"""
server {{
  bind_address = "127.0.0.1"
  bind_port = "{port}"
  socket_path = "{lab.dir}/{name}.sock"
  trust_domain = "{DOMAIN}"
  data_dir = "{lab.dir}/{name}"
  log_level = "DEBUG"
  log_format = "json"
  agent_ttl = "{ttl}"
  ratelimit {{ attestation = false }}
  experimental {{ cache_reload_interval = "1s" }}
}}
plugins {{
  DataStore "sql" {{
    plugin_data {{
      database_type = "sqlite3"
      connection_string = "{lab.dir}/{name}/datastore.sqlite3"
    }}
  }}
  KeyManager "disk" {{
    plugin_data {{ keys_path = "{lab.dir}/{name}/keys.json" }}
  }}
  {node_attestor}
}}
""")

    def __init__(self, lab, data="", name="server", port=None, ttl="1h",
                 env=None, wait_up=True, telemetry=None, **block):
        self.lab, self.data, self.name = lab, data, name
        self.options = dict(name=name, ttl=ttl, env=env, telemetry=telemetry,
                            **block)
        if data is not None and METADATA not in data:
            data += lab.mock().server_settings()
        self.socket = f"{lab.dir}/{name}.sock"
        os.makedirs(os.path.join(lab.dir, name), exist_ok=True)
        for last in (False, False, True):
            self.port = port or free_port()
            path = self.config(
                lab, name, attestor(lab, "server", data, **block),
                self.port, ttl=ttl, telemetry=telemetry)
            super().__init__(
                lab, name, lab.spire_command(
                    [lab.program("spire-server"), "run", "-config", path]),
                env)
            if not wait_up:
                return
            wait(lambda: self.ended() or self.healthy(),
                 "the server to be healthy", self)
            # Somebody else may have taken the port meanwhile.
            if (self.ended() and not last and not port
                    and self.said("address already in use")):
                continue
            break
        expect(not self.ended(), f"spire-server ended with"
               f" {self.child.returncode}")

    def again(self):
        """The same server, stopped and started: same port, data and keys."""
        self.stop()
        self.unloaded()
        return Server(self.lab, self.data, port=self.port, **self.options)

    def call(self, *argv, ok=True):
        return self.lab.run(self.lab.program("spire-server"), *argv,
                            "-socketPath", self.socket, ok=ok)

    def healthy(self):
        return os.path.exists(self.socket) and \
            self.call("healthcheck", ok=False).returncode == 0

    def bundle(self):
        pem = self.call("bundle", "show").stdout
        return self.lab.write(f"{self.name}.pem", pem)

    def agents(self):
        """ID to agent, as the API shows it."""
        shown = json.loads(self.call("agent", "list", "-output",
                                     "json").stdout)
        return {id_text(a["id"]): a for a in shown["agents"]}

    def attestations(self):
        return self.count('"Agent attestation request completed"')

    def alias(self, *selectors):
        """The documented node alias for all tasks of a cluster."""
        words = selectors or (f"account:{ACCOUNT}", f"cluster:{CLUSTER}")
        argv = []
        for word in words:
            argv += ["-selector", f"{PLUGIN}:{word}"]
        self.call("entry", "create", "-node", "-spiffeID", ALIAS, *argv)

    def workload(self, parent, name="w", *more):
        spiffe_id = f"spiffe://{DOMAIN}/{name}"
        self.call("entry", "create", "-parentID", parent, "-spiffeID",
                  spiffe_id, "-selector", f"unix:uid:{os.getuid()}", *more)
        return spiffe_id

    def reload(self, pattern, seconds=30):
        """SIGUSR1, then wait for one more line that matches."""
        before = self.count(pattern)
        self.child.send_signal(signal.SIGUSR1)
        self.wait_said(pattern, before + 1, seconds)


class Agent(Spire):
    plugin = "agent"

    def __init__(self, lab, server, mock=None, data="", name="agent",
                 task="metadata", env=None, wait_up=True, keys="memory",
                 **block):
        self.lab, self.name = lab, name
        self.options = dict(server=server, mock=mock, data=data, name=name,
                            task=task, env=env, keys=keys, **block)
        self.plugin = block.get("plugin", "agent")
        self.socket = f"{lab.dir}/{name}.sock"
        full = dict(env or {})
        if mock is not None:
            full = dict(mock.environment(task), **full)
            if data is not None:
                data += mock.agent_settings()
        os.makedirs(os.path.join(lab.dir, name), exist_ok=True)
        path = lab.write(f"{name}.conf", f"""
agent {{
  data_dir = "{lab.dir}/{name}"
  server_address = "127.0.0.1"
  server_port = "{server.port}"
  socket_path = "{self.socket}"
  trust_domain = "{DOMAIN}"
  trust_bundle_path = "{server.bundle()}"
  log_level = "DEBUG"
  log_format = "json"
  experimental {{ sync_interval = "1s" }}
}}
plugins {{
  KeyManager "{keys}" {{
    plugin_data {{ {f'directory = "{lab.dir}/{name}"' if keys == "disk"
                    else ""} }}
  }}
  WorkloadAttestor "unix" {{ plugin_data {{ }} }}
  {attestor(lab, "agent", data, **block)}
}}
""")
        super().__init__(
            lab, name, lab.spire_command(
                [lab.program("spire-agent"), "run", "-config", path]), full)
        if wait_up:
            wait(lambda: self.ended() or self.healthy(),
                 f"{name} to be healthy", self)
            expect(not self.ended(),
                   f"{name} ended with {self.child.returncode}")

    def again(self):
        self.stop()
        self.unloaded()
        return Agent(self.lab, **self.options)

    def healthy(self):
        return os.path.exists(self.socket) and self.lab.run(
            self.lab.program("spire-agent"), "healthcheck", "-socketPath",
            self.socket, ok=False).returncode == 0

    def id(self):
        """The agent ID it was given."""
        self.wait_said(r"Node attestation was successful")
        line = self.said(r"Node attestation was successful")
        return json.loads(line).get("spiffe_id")

    def svids(self):
        """SPIFFE IDs of the SVIDs a workload gets now; none: empty."""
        done = self.lab.run(
            self.lab.program("spire-agent"), "api", "fetch", "x509",
            "-output", "json", "-socketPath", self.socket, ok=False)
        if done.returncode != 0:
            return []
        return [s["spiffe_id"] for s in json.loads(done.stdout)["svids"]]

    def wait_svid(self, spiffe_id, seconds=60):
        wait(lambda: spiffe_id in self.svids() or self.ended(),
             f"{self.name} to hand out {spiffe_id}", self, seconds)
        expect(not self.ended(),
               f"{self.name} ended with {self.child.returncode}")

    def reload(self, pattern, seconds=30):
        before = self.count(pattern)
        self.child.send_signal(signal.SIGUSR1)
        self.wait_said(pattern, before + 1, seconds)


def id_text(spiffe_id):
    """The API's two halves of an ID as one text."""
    return f"spiffe://{spiffe_id['trust_domain']}{spiffe_id['path']}"


def selectors(agent):
    return sorted(s["value"] for s in agent["selectors"]
                  if s["type"] == PLUGIN)
