"""The API as a whole: who may do what, strictness, limits, Prometheus, live samples."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

import ed25519
from gk import Browser, Daemon, UnixConnection, WebSocket, wait_for

VIEWER = {f"{resource}:read" for resource in (
    "dashboard metrics health macros sessions commands games locks anticheat tasks alerts plugins parties "
    "peers relays agents").split()}
ROLES = {
    "viewer": VIEWER,
    "user": VIEWER | {"macros:run", "samples:write", "commands:run", "sessions:write", "locks:use", "tasks:run",
                      "games:send"},
    "admin": {"*"},
}
# These end the caller's session, need a body that would do harm, or answer 401 for what is in it.
NOT_ASKED = ("/auth/logout", "/stop-all", "/setup", "/v1/ws", "/auth/login", "/auth/refresh")


def may(role, scope, kind):
    """What a valid credential of `kind` may do, written down a second time."""
    if scope in ("open", "anyone"):
        return True
    if scope == "session":
        return kind != "api token"
    return "*" in ROLES[role] or scope in ROLES[role]


def refused(status):
    return status in (401, 403)


class RoleMatrix(unittest.TestCase):
    """Every route × every role × every state of a credential."""

    def credentials(self, daemon, name, role):
        """(kind, is valid, browser) for one user."""
        cookie = daemon.add_user(name, role) if role != "admin" else daemon.admin
        name = name if role != "admin" else "admin"
        tokens, ended = daemon.token_login(name), daemon.token_login(name)
        body = {"name": "matrix", "scopes": sorted(ROLES[role])}
        api, revoked = (cookie.post("/api/auth/tokens", body).json for _ in range(2))
        self.assertEqual(cookie.ask("DELETE", f"/api/auth/tokens/{revoked['id']}").status, 204)
        self.assertEqual(Browser(daemon, bearer=ended["access_token"]).post("/api/auth/logout").status, 204)
        seed = ed25519.signing_seed(daemon.data / "accounts.key")
        access, now = tokens["access_token"], int(time.time())
        texts = {"access token": access, "api token": api["token"], "revoked": ended["access_token"],
                 "revoked api token": revoked["token"],
                 "expired": ed25519.resigned(access, seed, iat=now - 700, exp=now - 100),
                 "wrong audience": ed25519.resigned(access, seed, aud="another"),
                 "foreign key": ed25519.resigned(access, b"x" * 32)}
        self.assertEqual(Browser(daemon, bearer=ed25519.resigned(access, seed)).get("/api/auth/verify").status, 200,
                         "negative control: the forger's pen writes")
        yield "cookie", True, cookie
        for kind, text in texts.items():
            yield kind, kind in ("access token", "api token"), Browser(daemon, bearer=text)

    def test_every_route_answers_every_role_and_credential_as_its_scope_says(self):
        with Daemon() as daemon:
            document = daemon.anonymous().get("/api/openapi.json").json
            callers = [("none", "none", False, daemon.anonymous())]
            for name, role in (("vera", "viewer"), ("ulf", "user"), ("admin", "admin")):
                callers += [(role, *rest) for rest in self.credentials(daemon, name, role)]
            wrong, cells = [], 0
            for path, methods in document["paths"].items():
                for method, operation in methods.items():
                    if path.endswith(NOT_ASKED):
                        continue
                    scope, body = operation["x-scope"], None if method in ("get", "delete") else {}
                    for role, kind, valid, browser in callers:
                        status = browser.ask(method.upper(), path.replace("{", "").replace("}", ""), body).status
                        allowed = scope == "open" or (valid and may(role, scope, kind))
                        expected = allowed or status == (403 if valid else 401)
                        cells += 1
                        if refused(status) == allowed or not expected:
                            wrong.append((method, path, scope, role, kind, status))
            self.assertEqual(wrong, [])
            self.assertGreater(cells, 1000)
            print(f"matrix: {cells} cells, {len(wrong)} wrong")


class Sources(unittest.TestCase):
    def test_foreign_hosts_and_origins_are_refused(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.admin.get("/api/health/live", headers={"Host": "evil.example"}).status, 421)
            answer = daemon.admin.post("/api/macro-safety/check", {}, headers={"Origin": "http://evil.example"})
            self.assertEqual(answer.status, 403)
            self.assertEqual(WebSocket(daemon.admin, origin="http://evil.example").status, 403)
            self.assertEqual(WebSocket(daemon.anonymous()).status, 401)

    def test_a_cookie_alone_changes_nothing(self):
        with Daemon() as daemon:
            answer = daemon.admin.post("/api/macro-safety/check", {}, headers={"X-Gamekeeper-Csrf": "no"})
            self.assertEqual(answer.status, 403)

    def test_the_unix_socket_is_the_local_admin(self):
        with Daemon() as daemon:
            with contextlib.closing(UnixConnection(str(daemon.data / "gamekeeper.sock"))) as connection:
                connection.request("GET", "/api/users")
                self.assertEqual(connection.getresponse().status, 200)
            self.assertEqual((daemon.data / "gamekeeper.sock").stat().st_mode & 0o777, 0o660)


class Strictness(unittest.TestCase):
    def raw(self, daemon, data):
        with contextlib.closing(socket.create_connection(("127.0.0.1", daemon.port), 10)) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := s.recv(65536):
                answer += chunk
            return answer

    def test_smuggling_forms_are_refused(self):
        host = b"Host: localhost\r\n"
        with Daemon() as daemon:
            for head in (b"GET /api/health/live HTTP/1.1\r\n\r\n",
                         b"GET /api/health/live HTTP/1.1\r\n" + host + host + b"\r\n",
                         b"POST /api/setup HTTP/1.1\r\n" + host + b"Content-Length: 3, 3\r\n\r\nabc",
                         b"POST /api/setup HTTP/1.1\r\n" + host + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                         b"POST /api/setup HTTP/1.1\r\n" + host + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                         b"POST /api/setup HTTP/1.1\r\n" + host + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                         b"GET /api/health/live HTTP/1.1\r\n" + host + b"A: b\r\n c\r\n\r\n",
                         b"GET /api/health/live HTTP/1.1\r\nHost : localhost\r\n\r\n"):
                answer = self.raw(daemon, head)
                self.assertTrue(answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), (head, answer[:80]))
                self.assertIn(b"application/problem+json", answer, head)
            live = b" /api/health/live HTTP/1.1\r\n" + host
            for head, status, kind in ((b"TRACE" + live + b"\r\n", b"501", b"method-not-allowed"),
                                       (b"POST" + live + b"Transfer-Encoding: xchunked\r\n\r\n", b"501", b"validation"),
                                       (b"GET /api/health/live HTTP/1.0\r\n\r\n", b"505", b"validation")):
                answer = self.raw(daemon, head)
                self.assertTrue(answer.startswith(b"HTTP/1.1 " + status), answer[:80])
                self.assertIn(b'"type":"' + kind + b'"', answer)
            good = self.raw(daemon, b"GET /api/health/live HTTP/1.1\r\n" + host + b"\r\n")
            self.assertTrue(good.startswith(b"HTTP/1.1 200"), good[:80])

    def test_bodies_are_bounded_and_checked(self):
        with Daemon() as daemon:
            big = daemon.admin.post("/api/macro-safety/start", b"[" + b" " * (2 << 20) + b"]")
            self.assertEqual(big.status, 413)
            deep = daemon.admin.post("/api/macro-safety/start", "[" * 100 + "]" * 100)
            self.assertEqual(deep.status, 413)
            for body in ('{"a":1,"a":2}', '{"__proto__":1}', '{"macro_id":', "\xff", "nul\0"):
                self.assertEqual(daemon.admin.post("/api/macro-safety/start", body.encode("latin-1")).status, 400, body)
            self.assertEqual(daemon.admin.post("/api/macro-safety/start", "x", headers={"Content-Type": "text/plain"}).status, 415)

    def test_paths_never_leave_their_folder(self):
        with Daemon() as daemon:
            for path in ("/../etc/passwd", "/%2e%2e/etc/passwd", "/assets/../../etc/passwd", "/assets/%2e%2e%2fetc/passwd",
                         "/api/macro-safety/overrides/..%2f..%2fetc", "/api/macro-safety/profiles/%00"):
                answer = daemon.admin.get(path)
                self.assertGreaterEqual(answer.status, 400, path)
                self.assertNotIn(b"root:", answer.body)

    def test_answers_carry_the_security_headers(self):
        with Daemon() as daemon:
            for path in ("/", "/api/health/live"):
                headers = daemon.anonymous().get(path).headers
                self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
                self.assertEqual(headers["X-Frame-Options"], "DENY")
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(daemon.admin.get("/api/health").headers["Cache-Control"], "no-store")


class Live(unittest.TestCase):
    def test_samples_arrive_over_the_socket_and_are_real(self):
        with Daemon() as daemon:
            watcher = WebSocket(daemon.admin)
            watcher.subscribe("metric:sample")
            frame = watcher.wait_type("metric:sample")
            self.assertIn(frame["data"]["cpu_usage"]["state"], ("known", "unknown"))
            first = watcher.wait_type("metric:sample")
            second = watcher.wait_type("metric:sample")
            self.assertGreater(second["seq"], first["seq"])
            memory = second["data"]["memory_usage"]["value"]
            info = dict(line.split(":") for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
            total, available = (int(info[k].split()[0]) for k in ("MemTotal", "MemAvailable"))
            self.assertAlmostEqual(memory, 100 * (1 - available / total), delta=5)

    def test_client_samples_become_signals_and_grow_stale(self):
        with Daemon() as daemon:
            answer = daemon.admin.post("/api/samples", {"samples": [{"signal": "fps", "value": 58.5}]})
            self.assertEqual(answer.json, {"accepted": 1})
            current = wait_for("the signal", lambda: (lambda c: c["fps"]["state"] == "known" and c)(
                daemon.admin.get("/api/macro-safety/performance").json["current"]))
            self.assertEqual(current["fps"]["value"], 58.5)
            wait_for("it to grow stale", lambda: daemon.admin.get("/api/macro-safety/performance").json["current"]["fps"]["state"] == "stale")

    def test_history_survives_a_restart(self):
        with Daemon() as daemon:
            begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

            def known():
                answer = daemon.admin.get(f"/api/metrics/series?name=memory_usage&step=1&from={begin}")
                points = answer.json["points"] if answer.status == 200 else []
                return [p for p in points if p["value"] is not None]
            before = wait_for("three points", lambda: len(known()) >= 3 and known())
            daemon.stop()
            daemon.lines.clear()
            daemon.start()
            after = wait_for("the old points", lambda: len(known()) >= 3 and known())
            self.assertEqual(after[0]["timestamp"], before[0]["timestamp"])


class Overview(unittest.TestCase):
    def test_one_call_has_what_the_first_page_shows(self):
        with Daemon() as daemon:
            wait_for("a series", lambda: daemon.admin.get("/api/overview").json["series"]["cpu_usage"])
            view = daemon.admin.get("/api/overview").json
            for part, path in (("profile", "/api/auth/profile"), ("active_macros", "/api/macro-safety/active-macros"),
                               ("cancellations", "/api/macro-safety/cancellations?limit=50")):
                self.assertEqual(view[part].keys(), daemon.admin.get(path).json.keys(), part)
            self.assertEqual(view["profile"]["user"]["username"], "admin")
            self.assertTrue(view["performance"]["history"] and view["health"]["checks"])
            self.assertTrue(view["series"]["cpu_usage"]["points"])
            self.assertIsNone(view["series"]["fps"], "no game has reported frames")
            self.assertEqual(daemon.anonymous().get("/api/overview").status, 401)

    def test_the_numbers_of_events_tell_a_client_that_it_missed_one(self):
        with Daemon() as daemon:
            before = daemon.admin.get("/api/overview").json["seq"]
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "heal"})
            watcher = WebSocket(daemon.admin)
            watcher.send({"op": "subscribe", "topics": list(before), "id": 1})
            ack = watcher.receive()
            self.assertEqual(ack["type"], "ack")
            self.assertGreater(ack["seq"]["macro:started"], before["macro:started"])
            self.assertEqual(ack["seq"], daemon.admin.get("/api/overview").json["seq"])


class Tickets(unittest.TestCase):
    def test_a_ticket_opens_one_socket_and_ends_with_its_session(self):
        with Daemon() as daemon:
            stranger = daemon.anonymous()
            self.assertEqual(WebSocket(stranger).status, 401)
            ticket = daemon.admin.post("/api/ws-tickets").json
            self.assertEqual(ticket["expires_in_s"], 30)
            path = "/api/v1/ws?ticket=" + ticket["ticket"]
            self.assertEqual(WebSocket(stranger, path).status, 101)
            self.assertEqual(WebSocket(stranger, path).status, 401, "a second use")
            path = "/api/v1/ws?ticket=" + daemon.admin.post("/api/ws-tickets").json["ticket"]
            daemon.admin.post("/api/auth/logout")
            self.assertEqual(WebSocket(stranger, path).status, 401, "after the logout")
            self.assertEqual(stranger.post("/api/ws-tickets").status, 401)


class AsyncApi(unittest.TestCase):
    def test_names_every_topic_that_can_be_subscribed(self):
        with Daemon() as daemon:
            document = daemon.anonymous().get("/api/asyncapi.json").json
            topics = [channel["address"] for name, channel in document["channels"].items() if name != "control"]
            watcher = WebSocket(daemon.admin)
            watcher.send({"op": "subscribe", "topics": topics, "id": 1})
            self.assertEqual(sorted(watcher.receive()["seq"]), sorted(topics))
            frame = watcher.wait_type("metric:sample")
            known = document["components"]["schemas"]["MetricSample"]["properties"]
            self.assertEqual(set(frame["data"]) - set(known), set(), "fields that the document does not name")

    def test_names_what_both_sides_say_besides_topics(self):
        with Daemon() as daemon:
            document = daemon.anonymous().get("/api/asyncapi.json").json
            messages = document["components"]["messages"]
            etag = daemon.admin.get("/api/config").headers["ETag"]  # a frame that nobody heard: a gap
            daemon.admin.ask("PUT", "/api/config", {"text": "# one\n"}, headers={"If-Match": etag})
            socket_ = WebSocket(daemon.admin)
            said = {"subscribe": {"topics": ["config:changed"], "since": {"config:changed": 0}, "epoch": ""},
                    "unsubscribe": {"topics": ["config:changed"]}, "ping": {},
                    "command": {"command": {"type": "diagnostics", "action": "run"}, "idempotency_key": "a"}}
            wrong = {"subscribe": {"topics": ["no:topic"]}, "unsubscribe": {"topics": 3},
                     "command": {"command": {"type": "rocket"}}}
            operations = {name.removeprefix("receive-"): operation for name, operation
                          in document["operations"].items() if operation["action"] == "receive"}
            self.assertEqual(set(operations), set(said))
            heard = set()
            for name, fields in [*said.items(), *wrong.items()]:
                self.assertLessEqual({"id", *fields}, set(messages[name]["payload"]["properties"]), name)
                socket_.send({"op": name, "id": name, **fields})
                while True:  # the gap comes in between
                    frame = socket_.receive()
                    heard.add(frame["type"])
                    payload = messages[frame["type"]]["payload"]
                    self.assertEqual(set(frame) - set(payload["properties"]), set(), frame)
                    self.assertEqual(set(payload["required"]) - set(frame), set(), frame)
                    if frame.get("id") == name:
                        break
                answers = {ref["$ref"].split("/")[-1] for ref in operations[name]["reply"]["messages"]}
                self.assertIn(frame["type"], answers)
            self.assertEqual(heard, {"ack", "error", "pong", "gap"})
            for name, fields in said.items():  # What is not declared is refused, as the document says.
                self.assertIs(messages[name]["payload"]["additionalProperties"], False)
                socket_.send({"op": name, "id": "more", **fields, "more": 1})
                while (frame := socket_.receive()).get("id") != "more":
                    pass
                self.assertEqual(frame["type"], "error", frame)
                self.assertIn("more: no member of", frame["detail"])
                for allowed in messages[name]["payload"]["properties"]:
                    self.assertIn(allowed, frame["detail"].split())


class PagePaths(unittest.TestCase):
    def test_only_pages_that_exist_are_found(self):
        with Daemon() as daemon:
            for path in ("/", "/overview", "/macro-safety", "/macro-safety/", "/cancellations/some-id", "/login"):
                self.assertEqual(daemon.admin.get(path).status, 200, path)
            for path in ("/macro-safety/x", "/cancellations/a/b", "/login/x", "/nothing", "/overview/1"):
                self.assertEqual(daemon.admin.get(path).status, 404, path)


class Prometheus(unittest.TestCase):
    def free_port(self):
        with contextlib.closing(socket.socket()) as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def test_a_real_prometheus_scrapes_the_daemon(self):
        if not shutil.which("prometheus"):
            self.skipTest("prometheus is not installed")
        with Daemon(config="[metrics]\npublic = true\n") as daemon, tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "prometheus.yml"
            config.write_text("global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: gk\n"
                              f"  static_configs: [{{targets: ['127.0.0.1:{daemon.port}']}}]\n")
            port = self.free_port()
            server = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/db",
                                       f"--web.listen-address=127.0.0.1:{port}"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                def value_of(query):
                    with contextlib.suppress(OSError, ValueError, IndexError):
                        url = f"http://127.0.0.1:{port}/api/v1/query?query={query}"
                        result = json.load(urllib.request.urlopen(url, timeout=5))["data"]["result"]
                        return float(result[0]["value"][1])
                    return None
                wait_for("a successful scrape", lambda: value_of("up") == 1.0, 30)
                self.assertIsNotNone(wait_for("a value", lambda: value_of("gamekeeper_memory_usage_percent")))
            finally:
                server.terminate()
                server.wait()

    def test_metrics_need_a_credential_unless_public(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.anonymous().get("/metrics").status, 401)
            answer = daemon.admin.get("/metrics")
            self.assertEqual(answer.status, 200)
            self.assertIn(b"# TYPE gamekeeper_", answer.body)
            self.assertIn("items", daemon.admin.get("/api/metrics?limit=5").json)
            text = daemon.admin.get("/api/metrics", headers={"Accept": "text/plain"})
            self.assertIn(b"# TYPE gamekeeper_", text.body)


if __name__ == "__main__":
    unittest.main()
