# SPDX-License-Identifier: Apache-2.0
"""The one server of the original documentation, beside a mesh that is up.

Its settings stand here as they were documented, with the keys "cluster" and
"region".  Added is what SPIRE itself demands, and for the mock what stands in
the place of AWS.
"""

import contextlib
import re
import subprocess

from lab import expect, wait

PLUGIN_DATA = '''
            cluster = "test-cluster"
            region = "us-east-1"
'''

SERVER = '''
server {{
    bind_address = "127.0.0.1"
    bind_port = "{port}"
    trust_domain = "example.org"
    data_dir = "{dir}/server"
    socket_path = "{dir}/server.sock"
    log_level = "DEBUG"
    ca_ttl = "24h"
    default_x509_svid_ttl = "6h"
}}

plugins {{
    DataStore "sql" {{
        plugin_data {{
            database_type = "postgres"
            connection_string = "{database}"
        }}
    }}

    KeyManager "memory" {{
        plugin_data {{}}
    }}

    NodeAttestor "aws_fargate_task" {{
        plugin_cmd = "{bin}/aws-fargate-server-nodeattestor"
        plugin_data {{{data}{mock}
        }}
    }}
}}
'''

SERVER_MOCK = '''
            sts_endpoint = "{url}"
            ecs_endpoint = "{url}"
            allow_insecure_endpoints = true
            access_key_id = "AKIAFARGATEMOCKDEMO1"
            secret_access_key = "not/a/secret/only/for/the/fargate/mock01"'''

AGENT = '''
agent {{
    data_dir = "{dir}/agent"
    log_level = "DEBUG"
    server_address = "127.0.0.1"
    server_port = "{port}"
    socket_path = "{dir}/agent.sock"
    trust_domain = "example.org"
    trust_bundle_path = "{dir}/bundle.pem"

    sds {{
        default_svid_name = "default"
        default_bundle_name = "ROOTCA"
    }}
}}

plugins {{
    KeyManager "memory" {{
        plugin_data {{}}
    }}

    WorkloadAttestor "unix" {{
        plugin_data {{}}
    }}

    NodeAttestor "aws_fargate_task" {{
        plugin_cmd = "{bin}/aws-fargate-nodeattestor"
        plugin_data {{{data}{mock}
        }}
    }}
}}
'''

ID = "spiffe://example.org/aws_fargate_task/123456789012/test-cluster"


class Documented:
    """The mock's own task, a server and an agent, below the mesh's folder."""

    def __init__(self, it, port):
        self.it, self.dir, self.bin = it, f"{it.dir}/d", f"{it.state}/bin"
        self.stack = contextlib.ExitStack()
        subprocess.run(["mkdir", self.dir], check=True)
        self.url = self.start_mock()
        words = {"dir": self.dir, "bin": self.bin, "port": port,
                 "data": PLUGIN_DATA,
                 "database": f"postgres://spire:{it['DATABASE_PASSWORD']}@"
                 f"/documented?host={it['DATABASE_HOST']}&sslmode=disable"}
        self.write("server.conf", SERVER.format(
            mock=SERVER_MOCK.format(url=self.url), **words))
        self.write("agent.conf", AGENT.format(
            mock=f'\n            sts_endpoint = "{self.url}"', **words))
        for name, text in (("server", SERVER), ("agent", AGENT)):
            self.write(f"unchanged-{name}.conf", text.format(mock="", **words))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()
        return False

    def write(self, name, text):
        with open(f"{self.dir}/{name}", "w", encoding="utf-8") as f:
            f.write(text)

    def start(self, *argv, out, env=None):
        with open(f"{self.dir}/{out}.log", "w", encoding="utf-8") as f:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=f,
                stderr=subprocess.STDOUT, env=dict(self.it.env, **(env or {})))
        self.stack.callback(child.wait)
        self.stack.callback(child.terminate)
        return child

    def log(self, name):
        with open(f"{self.dir}/{name}.log", encoding="utf-8") as f:
            return f.read()

    def start_mock(self):
        self.start(f"{self.bin}/fargate-mock", "--port", "0", out="mock")
        wait(lambda: re.search(r"http://\S+", self.log("mock")), "the mock",
             20)
        return re.search(r"http://\S+", self.log("mock")).group(0)

    def server(self, *argv, ok=True):
        done = subprocess.run(
            [f"{self.bin}/spire-server", *argv, "-socketPath",
             f"{self.dir}/server.sock"], check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        expect(not ok or done.returncode == 0, f"{argv}: {done.stdout}")
        return done.stdout

    def up(self):
        self.start(f"{self.bin}/spire-server", "run", "-config",
                   f"{self.dir}/server.conf", out="server")
        wait(lambda: "is healthy" in self.server("healthcheck", ok=False),
             "the documented server", 30)
        self.write("bundle.pem", self.server("bundle", "show"))
        given = subprocess.run(
            [f"{self.bin}/fargate-mock", "--env", "demo", "--port",
             self.url.rsplit(":", 1)[1]], check=True, text=True,
            stdout=subprocess.PIPE).stdout
        self.start(f"{self.bin}/spire-agent", "run", "-config",
                   f"{self.dir}/agent.conf", out="agent",
                   env=dict(line.split("=", 1) for line in
                            given.splitlines()))

    def fetch(self):
        return subprocess.run(
            [f"{self.bin}/spire-agent", "api", "fetch", "x509", "-socketPath",
             f"{self.dir}/agent.sock"], check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout

    def checks(self, name, program):
        """What --check-config says of the documented text as it stands."""
        return subprocess.run(
            [f"{self.bin}/{program}", "--check-config",
             f"{self.dir}/unchanged-{name}.conf"], check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
