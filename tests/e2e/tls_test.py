"""TLS of our own: gamekeeper-tls before a real daemon, with OpenSSL and Python's ssl as clients."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import gk
from gk import BIN, DEADLINE, Browser, Daemon, UnixConnection, WebSocket, alive, wait_for
from events_test import Stream

BELIEVER = BIN / "gamekeeperd-believer"  # Planted bug: believes SO_PEERCRED of what gamekeeper-tls hands over.


def openssl(*words, before=()):
    done = subprocess.run([*before, "openssl", *map(str, words)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Files:
    """A certificate for loopback and its key, in a folder of their own."""

    def __init__(self, name="one"):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gk-tls-"))
        self.cert, self.key = self.dir / "cert.pem", self.dir / "key.pem"
        self.make(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def make(self, name, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), days=60, before=()):
        new = self.dir / "new"
        openssl("req", "-x509", "-newkey", *key, "-nodes", "-days", days, "-subj", f"/CN={name}", "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", f"{new}.key", "-out", f"{new}.cert", before=before)
        os.chmod(f"{new}.key", 0o600)
        os.rename(f"{new}.key", self.key)
        os.rename(f"{new}.cert", self.cert)

    @property
    def options(self):
        return ["--tls-cert", str(self.cert), "--tls-key", str(self.key)]

    def client(self, **wanted):
        context = ssl.create_default_context(cafile=str(self.cert))
        for name, value in wanted.items():
            setattr(context, name, value)
        return context


@contextlib.contextmanager
def secure_daemon(*options, **more):
    with Files() as files, Daemon(*files.options, *options, tls=files.client(), **more) as daemon:
        daemon.files = files
        yield daemon


def front_of(daemon, besides=()):
    """The pid of its gamekeeper-tls; None: there is none."""
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (entry / "stat").read_text().rpartition(")")
            if words[2].split()[1] == str(daemon.process.pid) and words[0].endswith("(gamekeeper-tls"):
                if alive(int(entry.name)) and int(entry.name) not in besides:
                    return int(entry.name)
    return None


def check_of(daemon):
    return daemon.admin.get("/api/health/tls").json


def name_served(daemon):
    """The common name of the certificate that a new client gets."""
    text = ssl.get_server_certificate(("127.0.0.1", daemon.port), timeout=DEADLINE)
    done = subprocess.run(["openssl", "x509", "-noout", "-subject"], input=text, capture_output=True, text=True)
    return done.stdout.strip().rpartition("=")[2].strip()


def rss(pid):
    return int(re.search(r"Rss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) * 1024


class Serves(unittest.TestCase):
    def test_rest_with_a_secure_cookie_and_hsts(self):
        with secure_daemon() as daemon:
            answer = daemon.anonymous().login("admin")
            self.assertEqual(answer.status, 200)
            cookie = answer.headers["Set-Cookie"]
            self.assertRegex(cookie, r"^__Host-gamekeeper=.*; Secure")
            self.assertEqual(answer.headers["Strict-Transport-Security"], "max-age=31536000")
            self.assertEqual(daemon.admin.get("/api/users").status, 200)
            plain = {"Origin": f"http://127.0.0.1:{daemon.port}"}
            self.assertEqual(daemon.admin.post("/api/users", headers=plain).status, 403)
            self.assertEqual(daemon.anonymous().get("/", headers={"Host": "evil.example"}).status, 421)
            self.assertEqual(check_of(daemon)["status"], "ok")
            self.assertEqual(daemon.cli("status").returncode, 0, "by the Unix socket, as ever")

    def test_web_socket_and_server_sent_events(self):
        with secure_daemon() as daemon:
            ws = WebSocket(daemon.admin)
            self.assertEqual(ws.status, 101)
            ws.subscribe("metric:sample")
            self.assertEqual(ws.wait_type("metric:sample")["type"], "metric:sample")
            stream = Stream(daemon.admin, "topics=metric:sample")
            self.assertEqual(stream.next("metric:sample")[2]["topic"], "metric:sample")
            daemon.stop()  # What is said last still arrives: 1001, and a close_notify after it.
            while not isinstance(frame := ws.receive(), tuple):
                pass
            self.assertEqual(frame, ("close", 1001))

    def test_a_body_of_a_mebibyte_and_no_byte_more(self):
        with secure_daemon() as daemon:
            for size, status in ((1 << 20, 400), ((1 << 20) + 1, 413)):
                answer = daemon.admin.post("/api/samples", b"[" + b" " * (size - 1))
                self.assertEqual(answer.status, status, size)

    def test_an_answer_that_ends_the_connection_ends_tls_in_order(self):
        with secure_daemon() as daemon, daemon.connect() as client:
            client.sendall(b"GET /api/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            got = b""
            while chunk := client.recv(4096):  # An end without close_notify raises here.
                got += chunk
            self.assertTrue(got.startswith(b"HTTP/1.1 200"), got)

    def test_ipv6(self):
        with Files() as files:
            process = subprocess.Popen([BIN / "gamekeeperd", "--data", files.dir / "data", "--listen", "[::1]:0", *files.options],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            with process, process.stdout:
                try:
                    port = next(int(found[1]) for line in process.stdout if (found := re.search(r"https://\[::1\]:(\d+)", line)))
                    context = files.client(check_hostname=False)
                    plain = socket.create_connection(("::1", port), DEADLINE)
                    with context.wrap_socket(plain, server_hostname="localhost") as client:
                        client.sendall(f"GET /api/health/live HTTP/1.1\r\nHost: [::1]:{port}\r\n\r\n".encode())
                        self.assertTrue(client.recv(64).startswith(b"HTTP/1.1 200"))
                finally:
                    process.terminate()
                    process.wait(10)

    def test_with_a_proxy_that_speaks_tls_to_us(self):
        with secure_daemon(config="behind_proxy = true\n") as daemon, contextlib.ExitStack() as stack:
            through = {"X-Forwarded-For": "198.51.100.9"}
            self.assertEqual(daemon.anonymous().login("admin", "wrong").status, 401)
            answer = daemon.anonymous().post("/api/auth/login", {"username": "admin", "password": "wrong"}, headers=through)
            self.assertEqual(answer.status, 401)
            wait_for("the log's line", lambda: re.search(r'login_failed.*"address":"198\.51\.100\.9"', daemon.log_text()))
            for _ in range(70):  # More than one address may have.
                stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE))
            self.assertEqual(daemon.anonymous().get("/api/health/live").status, 200)

    def test_openssl_is_in_gamekeeper_tls_alone(self):
        def loads_it(program):
            return "libssl" in subprocess.run(["ldd", BIN / program], capture_output=True, text=True).stdout
        self.assertTrue(loads_it("gamekeeper-tls"), "the control")
        self.assertFalse(loads_it("gamekeeperd"))

    def test_what_is_exposed_is_said_at_the_start(self):
        with Files() as files:
            process = subprocess.Popen([BIN / "gamekeeperd", "--data", files.dir / "data", "--listen", "0.0.0.0:0",
                                        *files.options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            with process, process.stdout:
                line = next(line for line in process.stdout if line.startswith("Exposed"))
                process.terminate()
                process.wait(10)
            self.assertRegex(line, r"whoever reaches any address of this machine on port \d+, by TLS")


class Handshake(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.daemon = cls.stack.enter_context(secure_daemon(setup=False))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def s_client(self, *words, text=""):
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.daemon.port}", *words], input=text,
                              capture_output=True, text=True, timeout=30)

    def test_1_2_and_1_3_with_forward_secrecy_and_nothing_older(self):
        for version, cipher in (("-tls1_2", "ECDHE-.*GCM|CHACHA20"), ("-tls1_3", "TLS_")):
            said = self.s_client(version)
            self.assertRegex(said.stdout, rf"New, TLSv1.*Cipher is .*({cipher})")
            self.assertIn("Compression: NONE", said.stdout)
        for old in ("-tls1_1", "-tls1"):
            said = self.s_client(old, "-cipher", "DEFAULT:@SECLEVEL=0")
            self.assertIn("alert protocol version", said.stderr)
            self.assertIn("Cipher is (NONE)", said.stdout)

    def test_no_cipher_without_forward_secrecy_or_with_cbc(self):
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256"):
            self.assertIn("alert handshake failure", self.s_client("-tls1_2", "-cipher", cipher).stderr)

    def test_no_renegotiation(self):
        # A client that renegotiates loses its connection; openssl says so and ends with 1.
        said = self.s_client("-tls1_2", text="R\n")
        self.assertIn("no renegotiation", said.stderr)

    def test_http_1_1_is_chosen_and_who_offers_others_alone_is_refused(self):
        self.assertIn("ALPN protocol: http/1.1", self.s_client("-alpn", "h2,http/1.1").stdout)
        self.assertIn("no application protocol", self.s_client("-alpn", "h2").stderr)

    def test_tickets_resume_a_session(self):
        context = self.daemon.files.client(maximum_version=ssl.TLSVersion.TLSv1_2)
        address = ("127.0.0.1", self.daemon.port)
        with context.wrap_socket(socket.create_connection(address, DEADLINE), server_hostname="127.0.0.1") as one:
            session = one.session
        with context.wrap_socket(socket.create_connection(address, DEADLINE), server_hostname="127.0.0.1",
                                 session=session) as two:
            self.assertTrue(two.session_reused)

    def test_plain_http_gets_one_constant_line_and_other_bytes_an_alert_at_most(self):
        for sent in (b"GET /api/users HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=b\r\n\r\n", b"\x00" * 400,
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\xff\xff" + os.urandom(600)):
            with self.subTest(sent[:8]), socket.create_connection(("127.0.0.1", self.daemon.port), DEADLINE) as client:
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                got = b""
                with contextlib.suppress(ConnectionResetError):
                    while chunk := client.recv(4096):
                        got += chunk
                if sent.startswith(b"GET"):
                    self.assertRegex(got.decode(), r"(?s)^HTTP/1.1 400 .*This port speaks HTTPS: begin with https://\n$")
                else:
                    self.assertLessEqual(len(got), 7, got)
        self.assertNotIn("/api/users", self.daemon.log_text())

    def test_a_slow_handshake_is_cut_after_five_seconds(self):
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.daemon.port), DEADLINE) as client:
            client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # A long hello, byte by byte.
            client.settimeout(0.2)
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                while time.monotonic() - start < DEADLINE:
                    client.sendall(b"\x00")
                    with contextlib.suppress(TimeoutError):
                        if client.recv(1) == b"":
                            break
        self.assertGreater(time.monotonic() - start, 4.9)
        self.assertLess(time.monotonic() - start, 7)

    def test_one_address_has_64_places_before_any_handshake(self):
        port = self.daemon.port
        with contextlib.ExitStack() as stack:
            silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port), DEADLINE)) for _ in range(70)]

            def closed():
                count = 0
                for client in silent:
                    client.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        count += client.recv(1) == b""
                return count
            wait_for("the newest six to be closed", lambda: closed() == 6, 3)
            other = Browser(self.daemon, source="127.0.0.2")
            self.assertEqual(other.get("/api/health/live").status, 200, "another address has its own")


class Peer(unittest.TestCase):
    """A client of gamekeeper-tls is who it is: an address without rights."""

    def not_an_admin(self, daemon):
        for path in ("/api/users", "/api/audit", "/api/config"):
            self.assertEqual(Browser(daemon).get(path).status, 401, path)
        self.assertEqual(Browser(daemon).post("/api/users", {"username": "eve"}).status, 401)

    def test_it_is_no_local_admin(self):
        with secure_daemon() as daemon:
            self.not_an_admin(daemon)
            with contextlib.closing(UnixConnection(str(daemon.data / "gamekeeper.sock"))) as local:
                local.request("GET", "/api/users")
                self.assertEqual(local.getresponse().status, 200, "the control: who is one by the Unix socket")

    def test_planted_bug_believing_the_credentials_of_the_socket_pair_is_noticed(self):
        with secure_daemon(setup=False, program=str(BELIEVER)) as daemon:
            with self.assertRaisesRegex(AssertionError, "200 != 401"):
                self.not_an_admin(daemon)

    def test_limits_audit_and_log_have_its_own_address(self):
        with secure_daemon() as daemon:
            far = Browser(daemon, source="127.0.0.7")
            self.assertEqual(far.login("admin", "wrong").status, 401)
            wait_for("the log's line", lambda: re.search(r'login_failed.*"address":"127\.0\.0\.7"', daemon.log_text()))
            self.assertEqual(far.login("admin").status, 200)
            rows = daemon.admin.get("/api/audit?action=auth.login").json
            self.assertIn("127.0.0.7", json.dumps(rows))
            sessions = json.dumps(daemon.admin.get("/api/auth/sessions").json)
            self.assertIn("127.0.0.7", sessions)
            statuses = [far.login("admin", "wrong").status for _ in range(30)]
            self.assertIn(429, statuses, "its attempts are counted")
            self.assertEqual(Browser(daemon, source="127.0.0.8").login("admin").status, 200, "and nobody else's")


class Pressure(unittest.TestCase):
    def test_a_reader_that_stops_costs_neither_process_memory_and_loses_nothing(self):
        answers = 500
        with secure_daemon() as daemon, daemon.connect() as client:
            size = len(daemon.anonymous().get("/api/openapi.json").body)
            self.assertGreater(size * answers, 100 << 20)
            front = front_of(daemon)
            before = rss(daemon.process.pid), rss(front)
            request = f"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\n\r\n".encode()
            sender = threading.Thread(target=client.sendall, args=(request * answers,))
            sender.start()
            time.sleep(3)  # Not for anything to happen: for too much to have time to happen.
            grown = rss(daemon.process.pid) - before[0], rss(front) - before[1]
            self.assertLess(max(grown), 8 << 20, grown)
            got = 0
            while got < size * answers:
                got += len(client.recv(1 << 16))
            sender.join(DEADLINE)
            self.assertLess(rss(front) - before[1], 8 << 20)

    def test_no_end_of_a_connection_leaves_a_descriptor_behind(self):
        with secure_daemon(setup=False) as daemon:
            front = front_of(daemon)

            def descriptors():
                return len(os.listdir(f"/proc/{front}/fd")), len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
            self.assertEqual(daemon.anonymous().get("/api/health/live").status, 200)
            wait_for("the first client to be gone", lambda: descriptors()[0] == 6)  # 0 to 2, daemon, epoll, listener
            before = descriptors()
            reset = struct.pack("ii", 1, 0)
            for number in range(60):
                kind = number % 6
                plain = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
                if kind == 0:
                    plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
                elif kind == 1:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                elif kind >= 2:
                    plain = daemon.tls.wrap_socket(plain, server_hostname="127.0.0.1")
                    plain.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * (kind - 2))
                    if kind == 4:
                        plain.recv(100)
                        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                    elif kind == 5:
                        with contextlib.suppress(ssl.SSLError, OSError):
                            plain.unwrap()
                plain.close()
            wait_for("all to be gone", lambda: descriptors()[0] == before[0] and descriptors()[1] <= before[1])
            self.assertEqual(front_of(daemon), front, "and it is the same process")


    def test_a_daemon_without_descriptors_loses_new_clients_alone(self):
        request = b"GET /api/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        with secure_daemon(setup=False) as daemon, daemon.connect() as first, contextlib.ExitStack() as stack:
            first.sendall(request)
            self.assertTrue(first.recv(4096).startswith(b"HTTP/1.1 200"))
            front, pid = front_of(daemon), daemon.process.pid
            before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            highest = max(map(int, os.listdir(f"/proc/{pid}/fd")))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
            for _ in range(20):
                client = stack.enter_context(daemon.connect())
                with contextlib.suppress(OSError):  # Of TLS 1.3 the client's part is over first.
                    client.sendall(request)
            wait_for("the log's line", lambda: '"event":"tls.connection_dropped"' in daemon.log_text())
            first.sendall(request)
            self.assertTrue(first.recv(4096).startswith(b"HTTP/1.1 200"), "who is in stays")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
            stack.close()
            self.assertEqual(daemon.anonymous().get("/api/health/live").status, 200)
            self.assertEqual(front_of(daemon), front, "and nobody had to start it again")
            self.assertNotIn("tls.lost", daemon.log_text())


class Restart(unittest.TestCase):
    def test_it_is_back_within_seconds_of_a_kill_and_the_daemon_stays(self):
        with secure_daemon() as daemon:
            first = front_of(daemon)
            ws = WebSocket(daemon.admin)
            for _ in range(2):  # Once is luck.
                killed = front_of(daemon)
                start = time.monotonic()
                os.kill(killed, signal.SIGKILL)
                wait_for("another process", lambda: front_of(daemon, besides={killed}), 5)
                self.assertEqual(daemon.admin.get("/api/health/live").status, 200)
                self.assertLess(time.monotonic() - start, 3)
            with self.assertRaises((ConnectionError, ssl.SSLError)):
                while True:
                    ws.receive()
            self.assertIsNone(daemon.process.poll())
            self.assertNotEqual(front_of(daemon), first)
            wait_for("health to be well again", lambda: check_of(daemon)["status"] == "ok")
            wait_for("the counts", lambda: re.search(r'(?m)^gamekeeper_tls_handshakes_total{outcome="done"} [1-9]',
                                                     daemon.admin.get("/metrics").body.decode()))
            self.assertIn("\ngamekeeper_tls_losses_total 2\n", daemon.admin.get("/metrics").body.decode())

    def test_health_is_degraded_while_it_cannot_start_and_clients_wait_for_it(self):
        with secure_daemon() as daemon:
            os.rename(daemon.files.key, daemon.files.dir / "away")
            os.kill(front_of(daemon), signal.SIGKILL)

            def degraded():
                with contextlib.closing(UnixConnection(str(daemon.data / "gamekeeper.sock"))) as local:
                    local.request("GET", "/api/health/tls")
                    return json.loads(local.getresponse().read())["status"] == "degraded"
            wait_for("health to be degraded", degraded)
            waiting = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
            os.rename(daemon.files.dir / "away", daemon.files.key)
            with daemon.tls.wrap_socket(waiting, server_hostname="127.0.0.1") as client:
                client.sendall(b"GET /api/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                self.assertTrue(client.recv(64).startswith(b"HTTP/1.1 200"))

    def test_it_ends_with_the_daemon_even_when_that_is_killed(self):
        with secure_daemon(setup=False) as daemon:
            front = front_of(daemon)
            daemon.process.kill()
            daemon.process.wait()
            wait_for("it to end", lambda: not alive(front), 5)


class Reload(unittest.TestCase):
    def test_new_files_hold_for_new_clients_and_old_ones_stay(self):
        with secure_daemon() as daemon:
            ws = WebSocket(daemon.admin)
            ws.subscribe("metric:sample")
            self.assertEqual(name_served(daemon), "one")
            daemon.files.make("two", key=("rsa:2048",))
            wait_for("the new certificate", lambda: name_served(daemon) == "two", 10)
            self.assertEqual(ws.wait_type("metric:sample")["type"], "metric:sample")
            daemon.tls.load_verify_locations(str(daemon.files.cert))
            self.assertEqual(daemon.admin.get("/api/health/live").status, 200)
            daemon.files.make("three")
            daemon.signal(signal.SIGHUP)
            wait_for("the next", lambda: name_served(daemon) == "three", 10)
            wait_for("the log to say that nobody waited for a look at the files",
                     lambda: re.search(r'"event":"tls\.ready".*"cause":"SIGHUP"', daemon.log_text()))
            self.assertEqual(ws.wait_type("metric:sample")["type"], "metric:sample")
            ws.close()
            wait_for("the process of the first to end", lambda: len(fronts(daemon)) == 1, 10)

    def test_broken_files_leave_the_old_ones_in_use_and_are_named(self):
        with secure_daemon() as daemon:
            whole = daemon.files.cert.read_text()
            daemon.files.cert.write_text("no certificate")
            wait_for("the log's line", lambda: "tls.files_refused" in daemon.log_text(), 10)
            self.assertIn(f"tls.certificate {daemon.files.cert}: has no certificate", daemon.log_text())
            self.assertEqual(name_served(daemon), "one")
            wait_for("health to be degraded", lambda: check_of(daemon)["status"] == "degraded")
            daemon.files.cert.write_text(whole)
            wait_for("health to be well", lambda: check_of(daemon)["status"] == "ok", 10)


def fronts(daemon):
    found = set()
    while pid := front_of(daemon, besides=found):
        found.add(pid)
    return found


class Refused(unittest.TestCase):
    """Files that cannot be served: code 2 and the reason, at the start and of --check-config."""

    def complaint(self, files, *options):
        said = None
        for check in ([], ["--check-config"]):
            done = subprocess.run([BIN / "gamekeeperd", "--data", files.dir / "data", "--listen", "127.0.0.1:0",
                                   *(options or files.options), *check], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 2, done.stderr)
            last = done.stderr.strip().rpartition("\n")[2].removeprefix("gamekeeperd: ")
            self.assertIn(said, (None, last), "the same words")
            said = last
        return said

    def test_a_key_that_others_may_read(self):
        with Files() as files:
            for mode in (0o644, 0o640, 0o604, 0o620):
                files.key.chmod(mode)
                self.assertIn(f"tls.key {files.key}: has mode {mode:04o}", self.complaint(files))

    def test_config_check_says_it_too(self):
        with Files() as files:
            files.key.chmod(0o644)
            folder = files.dir / "data/config"
            folder.mkdir(parents=True)
            (folder / "gamekeeper.toml").write_text(f'[tls]\ncertificate = "{files.cert}"\nkey = "{files.key}"\n')
            done = subprocess.run([BIN / "gamekeeper", "--data", files.dir / "data", "config", "check"], capture_output=True,
                                  text=True, timeout=30)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(f"tls.key {files.key}: has mode 0644", done.stderr + done.stdout)

    def test_a_key_of_another_certificate(self):
        with Files() as files, Files() as others:
            shutil.copy(others.key, files.key)
            self.assertIn("belongs to another certificate", self.complaint(files))

    def test_a_key_with_a_password(self):
        with Files() as files:
            openssl("pkey", "-in", files.key, "-aes128", "-passout", "pass:hunter2", "-out", f"{files.key}.sealed")
            os.rename(f"{files.key}.sealed", files.key)
            self.assertIn("has a password", self.complaint(files))

    @unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
    def test_a_certificate_that_is_over_or_not_valid_yet(self):
        with Files() as files:
            files.make("old", days=1, before=("faketime", "2020-01-01 12:00:00"))
            self.assertIn(f"tls.certificate {files.cert}: expired on 2020-01-02", self.complaint(files))
            files.make("new", days=9, before=("faketime", "2060-01-01 12:00:00"))
            self.assertIn("is not valid before 2060-01-01", self.complaint(files))

    def test_files_that_are_not_there_or_hold_something_else(self):
        with Files() as files:
            self.assertIn("No such file", self.complaint(files, "--tls-cert", "/nowhere", "--tls-key", files.key))
            self.assertIn("is not a file", self.complaint(files, "--tls-cert", "/tmp", "--tls-key", files.key))
            self.assertIn("has no certificate", self.complaint(files, "--tls-cert", files.key, "--tls-key", files.key))
            files.key.write_bytes(files.cert.read_bytes())
            self.assertIn("has no private key", self.complaint(files))

    def test_one_file_without_the_other(self):
        with Files() as files:
            self.assertIn("tls.key: expected a file, because tls.certificate has one",
                          self.complaint(files, "--tls-cert", files.cert))

    def test_a_weak_key(self):
        with Files() as files:
            files.make("weak", key=("rsa:1024",))
            self.assertRegex(self.complaint(files), r"tls\.certificate \S+: is refused: ee key too small")


class Sandbox(unittest.TestCase):
    def test_it_has_no_privilege_and_no_file_and_a_filter(self):
        with secure_daemon(setup=False) as daemon:
            front = front_of(daemon)
            status = pathlib.Path(f"/proc/{front}/status").read_text()
            self.assertIn("NoNewPrivs:\t1", status)
            self.assertIn("Seccomp:\t2", status)
            files = {os.readlink(f"/proc/{front}/fd/{fd}") for fd in os.listdir(f"/proc/{front}/fd")}
            self.assertEqual({re.sub(r"\[.*", "", name) for name in files}, {"/dev/null", "socket:", "anon_inode:"})

    def test_a_macro_cannot_read_the_key(self):
        with secure_daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            result = pathlib.Path(folder) / "result"
            code = ("import sys\n"
                    f"try: open({str(daemon.files.key)!r}); said = 'READ'\n"
                    "except OSError: said = 'refused'\n"
                    f"open({str(result)!r}, 'w').write(said)")
            subprocess.run([sys.executable, "-c", code], check=True)
            self.assertEqual(result.read_text(), "READ", "the control: outside of a macro it is")
            result.unlink()
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "thief", "safety_level": "safe",
                                                          "command": [sys.executable, "-c", code]})
            wait_for("the thief's report", lambda: result.exists() and result.read_text())
            if daemon.admin.get("/api/health/dependencies").json["status"] == "degraded":
                self.skipTest("this system refuses namespaces, and the health check says so")
            self.assertEqual(result.read_text(), "refused")


if __name__ == "__main__":
    unittest.main()
