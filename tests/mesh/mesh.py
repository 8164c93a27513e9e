# SPDX-License-Identifier: Apache-2.0
"""The mesh that is up, who calls into it, and who listens on the way."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import threading

from lab import Example, expect, processes_of, wait

NAME = "fargate-envoy-spire"
DOMAIN = "spiffe://example.org"


class Mesh(Example):
    def __init__(self, build, **how):
        super().__init__(NAME, build, **how)

    def ask(self, path="/attestation", by="WEB", headers=None, port=None):
        """A request to api-service by way of an Envoy: status and text."""
        one = http.client.HTTPConnection(
            "127.0.0.1", port or int(self[f"{by}_EGRESS_PORT"]), timeout=20)
        with contextlib.closing(one):
            one.request("GET", path, headers=headers or {})
            answer = one.getresponse()
            return answer.status, answer.read().decode()

    def caller(self, **how):
        """Who api-service says has called: its certificate and its ID."""
        status, text = self.ask(**how)
        expect(status == 200, f"{how}: {status} {text}")
        data = json.loads(text)["data"]
        seen = data["x_forwarded_client_cert"]
        expect(seen["uri"] == data["caller"], text)
        expect(seen["by"] == DOMAIN + "/api-service", text)
        return seen["hash"], seen["uri"]

    def hash_by(self, by):
        """For a Loop: what tells the caller's certificates apart."""
        return self.caller(by=by)[0]

    def fetch(self, port, path):
        """The text of a page that has to be there."""
        with contextlib.closing(http.client.HTTPConnection(
                "localhost", port, timeout=10)) as one:
            one.request("GET", path)
            answer = one.getresponse()
            said = answer.read().decode()
        expect(answer.status == 200, f"{port}{path}: {answer.status} {said}")
        return said

    def admin(self, envoy, path):
        return self.fetch(int(self[f"ENVOY_{envoy}_ADMIN_PORT"]), path)

    def stat(self, envoy, name):
        """One counter or gauge of an Envoy."""
        said = json.loads(self.admin(
            envoy, f"/stats?format=json&filter=^{name}$"))["stats"]
        return sum(one.get("value", 0) for one in said)

    def lines(self, name):
        """What an Envoy's access log has, a dict for each request."""
        with open(f"{self.state}/log/{name}.log", encoding="utf-8") as f:
            return [json.loads(line) for line in f
                    if line.startswith("{") and line.endswith("}\n")]

    def mint(self, name, ttl="1h"):
        """An SVID that no agent has given: paths of certificate and key."""
        folder = f"{self.dir}/minted-{name.replace('/', '-')}-{ttl}"
        os.makedirs(folder, exist_ok=True)
        self.local("spire-server", "x509", "mint", "-spiffeID",
                   f"{DOMAIN}/{name}", "-ttl", ttl, "-write", folder)
        return f"{folder}/svid.pem", f"{folder}/key.pem"

    def pid(self, name):
        with open(f"{self.state}/pids/{name}", encoding="utf-8") as f:
            return int(f.read().split()[0])

    def kill(self, name, number=signal.SIGKILL):
        pid = self.pid(name)
        os.kill(pid, number)
        wait(lambda: not alive(pid), f"{name} to be dead", 20)

    @contextlib.contextmanager
    def led(self, envoy, port):
        """Meanwhile an Envoy takes this port for api-service's."""
        path = f"{self.state}/conf/envoy-{envoy}.yaml"
        with open(path, encoding="utf-8") as f:
            text = f.read()
        usual = f"port_value: {self['API_PORT']} "
        expect(text.count(usual) == 1, f"{path} has no \"{usual}\"")
        for new in (text.replace(usual, f"port_value: {port} "), text):
            with open(path, "w", encoding="utf-8") as f:
                f.write(new)
            self.local("restart", f"envoy-{envoy}")
            if new != text:
                yield

    def memory(self):
        """Of all processes, in MB; what they share counts once."""
        total = 0
        for line in processes_of(self.state):
            with contextlib.suppress(OSError):
                with open(f"/proc/{line.split()[0]}/smaps_rollup",
                          encoding="utf-8") as f:
                    total += next(int(one.split()[1]) for one in f
                                  if one.startswith("Pss:"))
        return total / 1024


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def context(cert=None, version=ssl.TLSVersion.TLSv1_3):
    """A client's; who answers is not what is tried here."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    ctx.minimum_version = ctx.maximum_version = version
    ctx.set_alpn_protocols(["http/1.1"])
    if cert:
        ctx.load_cert_chain(*cert)
    return ctx


def refusal(port, ctx):
    """The alert that ends a connection, or what came in its place.

    With TLS 1.3 a client has shaken hands before it is judged, so it is read
    from; nothing is written, so that no reset can overtake the alert.
    """
    with socket.create_connection(("127.0.0.1", port), 10) as raw:
        try:
            with ctx.wrap_socket(raw) as one:
                try:
                    return f"{one.recv(1)!r} came"
                except TimeoutError:
                    return "it was let in"
        except ssl.SSLError as e:
            return e.reason


def tls_ask(port, ctx, path, headers=None):
    """Status and text of a request with a certificate of our own."""
    one = http.client.HTTPSConnection("127.0.0.1", port, timeout=10,
                                      context=ctx)
    with contextlib.closing(one):
        one.request("GET", path, headers=headers or {})
        answer = one.getresponse()
        return answer.status, answer.read().decode()


class Listener:
    """A port whose connections are handled on threads of their own."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        return False

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                one, _ = self.socket.accept()
                threading.Thread(target=self.serve, args=(one,),
                                 daemon=True).start()

    def serve(self, one):
        raise NotImplementedError


class Relay(Listener):
    """Passes everything on, and remembers it."""

    def __init__(self, to):
        self.to, self.heard = to, bytearray()
        super().__init__()

    def serve(self, one):
        other = socket.create_connection(("127.0.0.1", self.to))
        back = threading.Thread(target=self.pump, args=(other, one),
                                daemon=True)
        back.start()
        self.pump(one, other)
        back.join()
        one.close()
        other.close()

    def pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.heard += data
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class Impostor(Listener):
    """Answers in the place of another, with a certificate of its own."""

    def __init__(self, cert):
        self.ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ctx.load_cert_chain(*cert)
        self.ctx.set_alpn_protocols(["h2"])
        self.handshakes = 0
        super().__init__()

    def serve(self, one):
        with contextlib.suppress(OSError):
            with self.ctx.wrap_socket(one, server_side=True) as tls:
                self.handshakes += 1
                tls.recv(1)
