"""The proxy samples of packaging/proxy with the real nginx and the real Caddy before a real daemon:
log-in, WebSocket, headers, and whose address counts. A proxy that is not installed is skipped."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from gk import DEADLINE, PASSWORD, Answer, Daemon, WebSocket, wait_for

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "proxy"
NAME = "gamekeeper.example"
CONFIG = f'behind_proxy = true\nallow_hosts = ["{NAME}"]\n'


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class TlsBrowser:
    """A browser that resolves NAME to loopback and trusts the test's certificate."""

    def __init__(self, port, certificate):
        self.port, self.cookie = port, None
        self.context = ssl.create_default_context(cafile=str(certificate))
        self.authority = f"{NAME}:{port}"

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        return self.context.wrap_socket(plain, server_hostname=NAME)

    def ask(self, method, path, body=None, headers=None):
        headers = {"Host": self.authority, **(headers or {})}
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        if method != "GET":
            headers.setdefault("X-Gamekeeper-Csrf", "1")
            headers.setdefault("Origin", f"https://{self.authority}")
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = self.connect()
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        if answer.headers.get("Set-Cookie"):
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    def login(self, password=PASSWORD, **kw):
        return self.ask("POST", "/api/auth/login", {"username": "admin", "password": password}, **kw)


class TlsWebSocket(WebSocket):
    """The same client over TLS."""

    def __init__(self, browser, origin=None):
        self.sock = browser.connect()
        head = ["GET /api/v1/ws HTTP/1.1", f"Host: {browser.authority}", "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: gamekeeper.v1.json",
                f"Origin: {origin or 'https://' + browser.authority}", f"Cookie: {browser.cookie}"]
        self.sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            chunk = self.sock.recv(4096)
            if not chunk:
                break
            self.buffer += chunk
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ")[1])


class Proxy:
    """One proxy with the sample's configuration, moved to free ports and the test's certificate."""

    def __init__(self, kind, daemon):
        self.kind, self.daemon = kind, daemon
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gk-proxy-"))
        self.https, self.http = free_port(), free_port()
        self.certificate, self.key = self.dir / "cert.pem", self.dir / "key.pem"

    def __enter__(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
                        "-keyout", str(self.key), "-out", str(self.certificate)], check=True, capture_output=True)
        command = self.nginx() if self.kind == "nginx" else self.caddy()
        self.output = open(self.dir / "output", "w+")
        self.process = subprocess.Popen(command, stdout=self.output, stderr=self.output,
                                        env={**os.environ, "HOME": str(self.dir), "XDG_DATA_HOME": str(self.dir),
                                             "XDG_CONFIG_HOME": str(self.dir)})
        wait_for(f"{self.kind} to listen", self.listens)
        return self

    def listens(self):
        assert self.process.poll() is None, (self.dir / "output").read_text()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.https), 1).close()
            return True
        return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.output.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def sample(self, name, changes):
        """The sample with each change made; one that does not apply means that the sample moved on."""
        text = (SAMPLES / name).read_text()
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text)
            assert count > 0, f"{name} has no {pattern}"
        return text

    def nginx(self):
        site = self.sample("nginx.conf", [
            (r"listen 80;", f"listen 127.0.0.1:{self.http};"), (r"listen \[::\]:80;\n", "\n"),
            (r"listen 443 ", f"listen 127.0.0.1:{self.https} "), (r"listen \[::\]:443 .*\n", "\n"),
            (r"/etc/letsencrypt/live/\S+/fullchain.pem", str(self.certificate)),
            (r"/etc/letsencrypt/live/\S+/privkey.pem", str(self.key)),
            (r"127\.0\.0\.1:5000", f"127.0.0.1:{self.daemon.port}")])
        (self.dir / "site.conf").write_text(site)
        folders = "".join(f"{kind}_temp_path {self.dir}/{kind};" for kind in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = self.dir / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        main.write_text(f"{user} worker_processes 1; daemon off; pid {self.dir}/pid; error_log stderr;\n"
                        f"events {{}}\nhttp {{ access_log off; {folders} include {self.dir}/site.conf; }}\n")
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(main), "-p", str(self.dir)]

    def caddy(self):
        site = self.sample("Caddyfile", [
            (r"(?m)^gamekeeper\.example \{", f"{NAME}:{self.https} {{\n\tbind 127.0.0.1\n"
             f"\ttls {self.certificate} {self.key}"),
            (r"127\.0\.0\.1:5000", f"127.0.0.1:{self.daemon.port}")])
        (self.dir / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + site)
        return ["caddy", "run", "--config", str(self.dir / "Caddyfile"), "--adapter", "caddyfile"]


class BehindAProxy:
    """What must hold behind either. Subclasses say which."""
    kind = ""

    @classmethod
    def setUpClass(cls):
        if not (shutil.which(cls.kind) or os.path.exists(f"/usr/sbin/{cls.kind}")):
            raise unittest.SkipTest(f"{cls.kind} is not installed")
        cls.stack = contextlib.ExitStack()
        cls.daemon = cls.stack.enter_context(Daemon(config=CONFIG))
        cls.proxy = cls.stack.enter_context(Proxy(cls.kind, cls.daemon))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def browser(self):
        return TlsBrowser(self.proxy.https, self.proxy.certificate)

    def logged_in(self):
        browser = self.browser()
        answer = browser.login()
        self.assertEqual(answer.status, 200, answer)
        return browser

    def test_log_in_sets_a_cookie_for_tls_only(self):
        browser = self.browser()
        cookie = browser.login().headers["Set-Cookie"]
        for part in ("__Host-gamekeeper=", "; Secure", "; HttpOnly", "; SameSite=Strict"):
            self.assertIn(part, cookie)
        self.assertEqual(browser.ask("GET", "/api/auth/profile").status, 200)

    def test_answers_tell_browsers_to_keep_to_https(self):
        for path in ("/", "/api/health/live", "/nothing-here"):
            answer = self.browser().ask("GET", path)
            self.assertEqual(answer.headers["Strict-Transport-Security"], "max-age=31536000", path)
            self.assertEqual(len(answer.headers.get_all("Strict-Transport-Security")), 1)
            self.assertIn("default-src 'self'", answer.headers["Content-Security-Policy"])

    def test_the_web_socket_passes(self):
        ws = TlsWebSocket(self.logged_in())
        self.assertEqual(ws.status, 101)
        ws.subscribe("metric:sample")
        self.assertEqual(ws.wait_type("metric:sample")["type"], "metric:sample")
        ws.close()

    def test_a_foreign_or_plain_origin_neither_changes_state_nor_opens_a_socket(self):
        browser = self.logged_in()
        for origin in ("https://evil.example", f"http://{browser.authority}", "null"):
            answer = browser.ask("POST", "/api/auth/logout", {}, headers={"Origin": origin})
            self.assertEqual(answer.status, 403, origin)
            self.assertEqual(TlsWebSocket(browser, origin=origin).status, 403, origin)
        self.assertEqual(browser.ask("GET", "/api/auth/profile").status, 200)

    def test_the_clients_address_is_the_one_that_the_proxy_saw(self):
        browser = self.browser()
        browser.login(headers={"X-Forwarded-For": "203.0.113.9"})
        sessions = browser.ask("GET", "/api/auth/sessions").json["items"]
        self.assertEqual({s["address"] for s in sessions if s["current"]}, {"127.0.0.1"})

    def test_more_connections_than_one_address_may_have_pass(self):
        # 64 a client; the proxy holds at most as many to the daemon, which knows that it is one.
        held = []
        try:
            for _ in range(40):
                held.append(TlsWebSocket(self.logged_in_once()))
            self.assertEqual({ws.status for ws in held}, {101})
            direct = [socket.create_connection(("127.0.0.1", self.daemon.port)) for _ in range(40)]
            held += direct
            self.assertEqual(self.browser().ask("GET", "/api/health/live").status, 200)
        finally:
            for connection in held:
                connection.close()

    def logged_in_once(self):
        if not hasattr(type(self), "shared"):
            type(self).shared = self.logged_in()
        return self.shared


class Nginx(BehindAProxy, unittest.TestCase):
    kind = "nginx"

    def test_plain_http_is_sent_to_https(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.http, timeout=DEADLINE)
        connection.request("GET", "/overview", headers={"Host": NAME})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers["Location"]), (301, f"https://{NAME}/overview"))
        connection.close()

    def test_another_host_name_is_not_served(self):
        browser = self.browser()
        browser.authority = f"evil.example:{browser.port}"
        self.assertEqual(browser.ask("GET", "/api/health/live").status, 421)


class Caddy(BehindAProxy, unittest.TestCase):
    kind = "caddy"


class WithoutAProxy(unittest.TestCase):
    """The same daemon reached past the proxy, and one that has none."""

    def limited_after(self, daemon, addresses):
        """How many wrong passwords pass until 429 when each request names the next address."""
        for count in range(200):
            answer = daemon.anonymous().post(
                "/api/auth/login", {"username": f"nobody{count}", "password": "a wrong pass phrase"},
                headers={"X-Forwarded-For": addresses(count)})
            if answer.status == 429:
                return count
            self.assertEqual(answer.status, 401, answer)
        return 200

    def test_only_a_proxy_is_believed_whose_request_it_is(self):
        with Daemon() as daemon:  # No proxy: the header is anybody's.
            spoofed = self.limited_after(daemon, lambda n: f"203.0.113.{n % 250}")
            self.assertLess(spoofed, 100)
        with Daemon(config=CONFIG) as daemon:  # The proxy's word: each client has a limit of its own.
            apart = self.limited_after(daemon, lambda n: f"203.0.113.{n % 250}" if n < 2 * spoofed else "198.51.100.1")
            self.assertGreaterEqual(apart, 3 * spoofed - 5)
            claimed = self.limited_after(daemon, lambda n: f"203.0.113.{n % 250}, 198.51.100.2")
            self.assertLess(claimed, spoofed + 10)  # What stands before the last entry is the client's claim.

    def test_a_proxy_elsewhere_is_not_loopback(self):
        with Daemon(config=CONFIG + 'proxy_addresses = ["192.0.2.1"]\n') as daemon:
            browser = daemon.anonymous()
            browser.ask("POST", "/api/auth/login", {"username": "admin", "password": PASSWORD},
                        headers={"X-Forwarded-For": "203.0.113.9"})
            items = browser.get("/api/auth/sessions").json["items"]
            self.assertNotIn("203.0.113.9", {s["address"] for s in items})

    def test_the_machines_own_browser_still_works(self):
        with Daemon(config=CONFIG) as daemon:
            browser = daemon.anonymous()
            self.assertEqual(browser.login("admin").status, 200)
            self.assertEqual(browser.post("/api/auth/logout").status, 204)

    def test_without_a_proxy_no_hsts_is_sent(self):
        with Daemon() as daemon:
            self.assertIsNone(daemon.anonymous().get("/").headers["Strict-Transport-Security"])


if __name__ == "__main__":
    unittest.main()
