"""gk.py: starts a real daemon in a folder of its own and talks to it, for the end-to-end tests.

Standard library only. Every daemon listens on a free loopback port and is stopped at the end of
its test; nothing here waits longer than DEADLINE.
"""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

BIN = pathlib.Path(os.environ.get("GK_BIN", "build/release/bin")).resolve()
DEADLINE = 20.0  # seconds for anything that a test waits for
PASSWORD = "plum otter lantern 47 quay"


def wait_for(what, condition, deadline=DEADLINE):
    """The first true value of condition(); fails with `what` after the deadline."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline:g} s for: {what}")
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Declared:
    """What docs/openapi.json says that may be answered. Every answer that a Browser gets is held to it."""

    def __init__(self, document):
        self.routes = [(re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))), path.count("{"), methods)
                       for path, methods in document["paths"].items()]

    def fault(self, method, path, answer):
        """Why the document does not fit a success; "" when it does, or says nothing about the path."""
        path = re.sub(r"^/api/(?!v1/)", "/api/v1/", path.partition("?")[0])
        if not 200 <= answer.status < 300 or not (path.startswith("/api/") or path == "/metrics"):
            return ""
        name = "get" if method == "HEAD" else method.lower()
        found = [(holes, methods[name]) for pattern, holes, methods in self.routes
                 if pattern.fullmatch(path) and name in methods]
        if not found:
            return "" if method == "OPTIONS" else f"{method} {path} is not in the document"
        responses = min(found, key=lambda one: one[0])[1]["responses"]  # a literal beats a parameter
        if str(answer.status) not in responses:
            return f"{method} {path} answered {answer.status}; declared: {sorted(responses)}"
        content = responses[str(answer.status)].get("content", {})
        media = (answer.headers.get("Content-Type") or "").partition(";")[0]
        if content and media not in {name.partition(";")[0] for name in content}:
            return f"{method} {path} answered {media}; declared: {sorted(content)}"
        return ""


DECLARED = Declared(json.loads((pathlib.Path(__file__).parents[2] / "docs" / "openapi.json").read_text()))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self.path)


class Browser:
    """An HTTP client with a cookie, as a browser on the same origin would be."""

    def __init__(self, daemon, bearer=None, source=None):
        self.daemon, self.cookie, self.bearer = daemon, None, bearer
        self.source = (source, 0) if source else None  # "127.0.0.2": another address, same machine

    def connection(self):
        to = {"host": "127.0.0.1", "port": self.daemon.port, "timeout": DEADLINE, "source_address": self.source}
        if self.daemon.tls:
            return http.client.HTTPSConnection(context=self.daemon.tls, **to)
        return http.client.HTTPConnection(**to)

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        headers.setdefault("Host", f"127.0.0.1:{self.daemon.port}")
        if self.bearer:
            headers.setdefault("Authorization", f"Bearer {self.bearer}")
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        if method not in ("GET", "HEAD"):
            headers.setdefault("X-Gamekeeper-Csrf", "1")
            headers.setdefault("Origin", self.daemon.origin)
        data = None
        if body is not None:
            data = body if isinstance(body, (bytes, str)) else json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        assert not (fault := DECLARED.fault(method, path, answer)), fault
        set_cookie = answer.headers.get("Set-Cookie")
        if set_cookie:
            self.cookie = set_cookie.split(";")[0]
        return answer

    def get(self, path, **kw):
        return self.ask("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.ask("POST", path, body if body is not None else {}, **kw)

    def login(self, username, password=PASSWORD, **more):
        return self.post("/api/auth/login", {"username": username, "password": password, **more})


class Daemon:
    """One gamekeeperd. Use as a context manager."""

    def __init__(self, *options, data=None, config=None, env=None, setup=True, port=0, tls=None, program=None):
        self.asked_port = port  # 0: any
        self.tls, self.program = tls, program  # An ssl.SSLContext of a client; another gamekeeperd.
        self.own_data = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="gk-e2e-"))
        self.options, self.config, self.env, self.want_setup = list(options), config, env, setup
        self.process, self.port, self.lines = None, None, []

    def __enter__(self):
        self.start()
        if self.want_setup:
            self.admin = self.setup()
        return self

    def __exit__(self, *failure):
        self.stop()
        if failure[0] is not None:
            print("".join(self.lines[-40:]))
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def start(self, program=None):
        self.lines = []  # of a daemon before this one: its port is not ours
        options = ["--data", str(self.data), "--listen", f"127.0.0.1:{self.asked_port}", *self.options]
        if self.config is not None:
            file = self.data / "test.toml"
            file.write_text(self.config)
            options += ["--config", str(file)]
        self.process = subprocess.Popen([program or self.program or str(BIN / "gamekeeperd"), *options], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env={**os.environ, **(self.env or {})})
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()
        wait_for("the daemon's address", self._find_port)
        wait_for("the daemon to be ready", lambda: self.anonymous().get("/api/health/ready").status == 200)

    def _read(self, output):
        with output:
            for line in output:
                self.lines.append(line)

    def _find_port(self):
        if self.process.poll() is not None:
            raise AssertionError("the daemon ended:\n" + "".join(self.lines))
        match = re.search(r"https?://127\.0\.0\.1:(\d+)", "".join(self.lines))
        self.port = int(match[1]) if match else None
        return self.port

    @property
    def origin(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def connect(self):
        """A socket to its port, with TLS when it speaks that."""
        plain = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        return self.tls.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) if self.tls else plain

    def anonymous(self):
        return Browser(self)

    def token_login(self, username, password=PASSWORD, **more):
        """Logs in for tokens; the answer's JSON."""
        answer = self.anonymous().login(username, password, token=True, **more)
        assert answer.status == 200, answer
        return answer.json

    def setup(self, username="admin"):
        code = (self.data / "setup-code").read_text().strip()
        browser = Browser(self)
        answer = browser.post("/api/setup", {"code": code, "username": username, "password": PASSWORD})
        assert answer.status == 201, answer
        return browser

    def add_user(self, username, role):
        answer = self.admin.post("/api/users", {"username": username, "password": PASSWORD, "role": role})
        assert answer.status in (200, 201), answer
        browser = Browser(self)
        login = browser.login(username)
        assert login.status == 200, login
        return browser

    def cli(self, *arguments, **kw):
        return subprocess.run([str(BIN / "gamekeeper"), "--data", str(self.data), *arguments],
                              text=True, capture_output=True, timeout=60, **kw)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the daemon did not end within 10 s of SIGTERM")

    def log_text(self):
        return "".join(p.read_text(errors="replace") for p in (self.data / "logs").glob("*.log*"))


class WebSocket:
    """A client of RFC 6455: text frames, and binary ones of another subprotocol."""

    def __init__(self, browser, path="/api/v1/ws", origin=None, protocol="gamekeeper.v1.json"):
        port = browser.daemon.port
        self.sock = browser.daemon.connect()
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
                "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                f"Sec-WebSocket-Protocol: {protocol}",
                f"Origin: {origin or browser.daemon.origin}"]
        if browser.cookie:
            head.append(f"Cookie: {browser.cookie}")
        if browser.bearer:
            head.append(f"Authorization: Bearer {browser.bearer}")
        self.sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            chunk = self.sock.recv(4096)
            if not chunk:
                break
            self.buffer += chunk
        raw, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(raw.split(b" ")[1])
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        assert self.status != 101 or accept in raw, raw

    def send_binary(self, data):
        self.send(data, b"\x82")

    def send(self, value, first=b"\x81"):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        mask = os.urandom(4)
        length = struct.pack("!B", 0x80 | len(data)) if len(data) < 126 else struct.pack("!BH", 0x80 | 126, len(data))
        self.sock.sendall(first + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def _take(self, count):
        while len(self.buffer) < count:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise ConnectionError("closed")
            self.buffer += chunk
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self):
        """The next text frame as JSON, a binary one as bytes, or ("close", code)."""
        while True:
            first, second = self._take(2)
            length = second & 127
            if length == 126:
                length = struct.unpack("!H", self._take(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self._take(8))[0]
            data = self._take(length)
            if first & 15 == 8:
                return ("close", struct.unpack("!H", data[:2])[0] if data else 1005)
            if first & 15 == 1:
                return json.loads(data)
            if first & 15 == 2:
                return data

    def subscribe(self, *topics):
        self.send({"op": "subscribe", "topics": list(topics), "id": 1})

    def wait_type(self, kind):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            frame = self.receive()
            if isinstance(frame, tuple) or frame.get("type") == kind:
                return frame
        raise AssertionError(f"no frame {kind}")

    def close(self):
        self.sock.close()


def alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"
    except OSError:
        return False


def pids_of(marker):
    """Processes whose command line contains `marker`."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if marker.encode() in (entry / "cmdline").read_bytes() and alive(int(entry.name)):
                    found.append(int(entry.name))
    return found
