"""What holds on every route: repeated requests, versions, pages, correlation ids."""
import itertools
import json
import pathlib
import re
import socket
import unittest

from gk import Answer, Browser, Daemon, Declared, PASSWORD, wait_for


class Repeats(unittest.TestCase):
    def test_a_repeated_post_is_carried_out_once_and_is_the_callers_own(self):
        with Daemon() as daemon:
            body = {"name": "script", "scopes": ["macros:read"]}
            first = daemon.admin.post("/api/auth/tokens", body, headers={"Idempotency-Key": "once"})
            again = daemon.admin.post("/api/v1/auth/tokens", body, headers={"Idempotency-Key": "once"})
            self.assertEqual((first.status, again.status), (201, 201))
            self.assertEqual(first.body, again.body)
            self.assertEqual(again.headers["Idempotency-Replayed"], "true")
            self.assertIsNone(first.headers["Idempotency-Replayed"])
            self.assertEqual(len(daemon.admin.get("/api/auth/tokens").json["items"]), 1)

            other = daemon.admin.post("/api/auth/tokens", {**body, "name": "other"},
                                      headers={"Idempotency-Key": "once"})
            self.assertEqual((other.status, other.json["type"]), (422, "idempotency-mismatch"))

            user = daemon.add_user("ann", "user")
            theirs = user.post("/api/auth/tokens", body, headers={"Idempotency-Key": "once"})
            self.assertEqual(theirs.status, 201)
            self.assertNotEqual(theirs.json["id"], first.json["id"])
            self.assertEqual(user.post("/api/auth/tokens", body, headers={"Idempotency-Key": "a b"}).status, 400)
            # Without the scope there is no answer of somebody else's either.
            self.assertEqual(daemon.anonymous().post("/api/auth/tokens", body,
                                                     headers={"Idempotency-Key": "once"}).status, 401)

    def test_a_refused_request_may_be_tried_again_under_its_key(self):
        with Daemon() as daemon:
            key = {"Idempotency-Key": "retry"}
            body = {"username": "bob", "password": "short", "role": "user"}
            self.assertEqual(daemon.admin.post("/api/users", body, headers=key).status, 400)
            body["password"] = "plum otter lantern 47 quay"
            self.assertEqual(daemon.admin.post("/api/users", body, headers=key).status, 201)


# Mutable path: how the one under test is made (method, path, body), then changed (method, body); and deleted at the end.
# A function of the test gives a body that differs from run to run, for what cannot be made anew.
GAME = {"kind": "mud", "host": "127.0.0.1", "port": 4000, "enabled": False}
MODE = {"macros": [{"macro_id": "heal"}], "description": "one"}
NAP = {"kind": "lua", "source": "gk.sleep(1)"}
HOOK = {"kind": "webhook", "url": "https://example.org/a", "secret": "0123456789abcdef"}
USER = {"username": "ann", "password": "plum otter lantern 47 quay", "role": "user"}
VERSIONED = {
    "/auth/preferences": (None, ("PUT", {"theme": "dark"})),
    "/config": (None, ("PATCH", lambda test: {"set": {"monitor.interval_s": next(test.numbers)}})),
    "/games/{name}": (("PUT", "/games/world", GAME), ("PUT", {"port": 4001})),
    "/lock-modules/{name}": (("PUT", "/lock-modules/own", {"priority": 7}), ("PUT", {"priority": 8})),
    "/locks/{lane}": (("PUT", "/locks/own", {"spacing_s": 1}), ("PUT", {"spacing_s": 2})),
    "/macro-safety/profiles/{macro_id}": (("PUT", "/macro-safety/profiles/own", {"max_duration": 76}), ("PUT", {"max_duration": 77})),
    "/macro-scripts/{name}": (("PUT", "/macro-scripts/nap", NAP), ("PUT", {**NAP, "source": "gk.sleep(2)"})),
    "/modes/{name}": (("PUT", "/modes/farm", MODE), ("PUT", {**MODE, "description": "two"})),
    "/movement/options": (None, ("PUT", {"mode": "shadow"})),
    # url and secret are not shown; a change of either is a change.
    "/notices/receivers/{name}": (("PUT", "/notices/receivers/hook", HOOK), ("PUT", {**HOOK, "secret": "fedcba9876543210"})),
    "/operations/conflicts": (None, ("PUT", lambda test: {"items": test.rules[:next(test.numbers)]})),
    "/roles/{name}": (("PUT", "/roles/helper", {"scopes": ["macros:read"]}), ("PUT", {"scopes": ["games:read"]})),
    "/sessions/{id}": (("POST", "/sessions", {"character_name": "ann", "game": "plain"}), ("PATCH", {"game": None})),
    "/users/{id}": (("POST", "/users", USER), ("PATCH", {"role": "viewer"})),
}
# Paths that can only be deleted: why nothing is overwritten unseen.
ONLY_DELETED = {
    "/auth/sessions/{id}": "never changes; its id is never used again",
    "/auth/tokens/{id}": "never changes; its id is never used again",
    "/backups/{name}": "a file that never changes; its name has the time and a number",
    "/movement/players/{id}/data": "erases all that there is by then, on a person's demand",
    "/movement/sources/{name}": "takes a key back: the safe side, whichever key it has by then",
    "/players/{id}": "erases all that there is by then, on a person's demand",
    "/users/{id}/2fa": "takes away what there is by then; it has no content to have seen",
}
STALE = '"0000000000000000"'


def undeclared(document):
    """The routes of `document` that change something and neither declare If-Match nor are among ONLY_DELETED."""
    out = []
    for path, methods in document["paths"].items():
        short = path.removeprefix("/api/v1")
        for method in {"put", "patch", "delete"} & set(methods):
            names = [p["name"] for p in methods[method].get("parameters", [])]
            only_deleted = short in ONLY_DELETED and method == "delete"
            if only_deleted == ("If-Match" in names) or (not only_deleted and short not in VERSIONED):
                out.append(f"{method} {short}")
    return out


class Versions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.__enter__()
        cls.addClassCleanup(cls.daemon.__exit__, None, None, None)
        cls.admin = cls.daemon.admin
        cls.numbers = itertools.count(1)
        cls.rules = cls.admin.get("/api/operations/conflicts").json["items"]
        cls.document = cls.admin.get("/api/openapi.json").json
        assert cls.admin.ask("PUT", "/api/games/plain", GAME).status == 201

    def test_every_route_that_changes_something_declares_if_match(self):
        self.assertEqual(undeclared(self.document), [])
        paths = {p.removeprefix("/api/v1") for p, m in self.document["paths"].items() if {"put", "patch", "delete"} & set(m)}
        self.assertEqual(paths, set(VERSIONED) | set(ONLY_DELETED), "a row here names a route that is gone")

    def test_a_planted_route_without_if_match_is_noticed(self):
        planted = json.loads(json.dumps(self.document))
        planted["paths"]["/api/v1/planted/{name}"] = {"get": {}, "put": {"parameters": []}, "delete": {"parameters": []}}
        planted["paths"]["/api/v1/roles/{name}"]["put"]["parameters"] = []
        self.assertEqual(sorted(undeclared(planted)), ["delete /planted/{name}", "put /planted/{name}", "put /roles/{name}"])

    def faults(self, path, send):
        """What is wrong with the versions of the resource at `path`; `send(method, path, body, tag)` asks."""
        make, (method, change) = VERSIONED[path]
        change = change(self) if callable(change) else change
        where = "/api" + path
        if make is not None:
            made = self.admin.ask(make[0], "/api" + make[1], make[2])
            self.assertIn(made.status, (200, 201), made.body)
            where = "/api" + make[1] if make[0] == "PUT" else f"/api{make[1]}/{made.json['id']}"
        wrong = []

        def expect(what, ok):
            if not ok:
                wrong.append(what)
        read = self.admin.get(where)
        tag = read.headers["ETag"] or ""
        expect("GET answers an ETag", re.fullmatch(r'"[^"]+"', tag))
        expect("GET with that tag says 304", self.admin.get(where, headers={"If-None-Match": tag}).status == 304)
        methods = {m.upper() for m in self.document["paths"]["/api/v1" + path]} & {"PUT", "PATCH", "DELETE"}
        for each in sorted(methods - {"DELETE"}):
            stale = send(each, where, change, STALE)
            expect(f"{each} with a stale tag says 412", stale.status == 412 and stale.json["type"] == "precondition-failed")
        expect("a refused write changes nothing", self.admin.get(where).headers["ETag"] == tag)
        fresh = send(method, where, change, tag)
        expect("a write with the present tag passes", fresh.status in (200, 201))
        after = self.admin.get(where).headers["ETag"]
        expect("a write changes the tag", after != tag)
        expect("the tag of before is refused", send(method, where, change, tag).status == 412)
        if "DELETE" in methods:
            expect("DELETE with the tag of before says 412", send("DELETE", where, None, tag).status == 412)
            expect("it is still there", self.admin.get(where).headers["ETag"] == after)
            send("DELETE", where, None, after)
            # A default module, or a profile, is there again; another tag it has in any case.
            expect("DELETE with the present tag passes", self.admin.get(where).headers["ETag"] != after)
        return wrong

    def test_nobody_overwrites_what_they_have_not_seen(self):
        for path in VERSIONED:
            with self.subTest(path=path):
                self.assertEqual(self.faults(path, lambda m, p, body, tag: self.admin.ask(m, p, body, headers={"If-Match": tag})), [])

    def test_a_resource_that_ignores_if_match_is_noticed(self):
        for path in VERSIONED:
            with self.subTest(path=path):
                # As if the route did not look: it gets "*", or the tag of now.
                def blind(method, where, body, tag):
                    now = self.admin.get(where).headers["ETag"]
                    return self.admin.ask(method, where, body, headers={"If-Match": now} if now else {})
                self.assertIn("the tag of before is refused", self.faults(path, blind))

    def test_a_resource_is_made_only_where_none_is(self):
        with Daemon() as daemon:
            make = lambda: daemon.admin.ask("PUT", "/api/roles/helper", {"scopes": ["macros:read"]},
                                            headers={"If-None-Match": "*"}).status
            self.assertEqual([make(), make()], [200, 412])


class Pages(unittest.TestCase):
    def test_every_list_takes_limit_and_cursor(self):
        with Daemon() as daemon:
            for i in range(5):
                daemon.admin.ask("PUT", f"/api/roles/r{i}", {"scopes": ["macros:read"]})
                daemon.admin.ask("PUT", f"/api/locks/lane{i}", {})
            document = daemon.admin.get("/api/openapi.json").json
            schemas, lists = document["components"]["schemas"], []
            for path, methods in document["paths"].items():
                content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
                name = content.get("application/json", {}).get("schema", {}).get("$ref", "").split("/")[-1]
                if "next_cursor" in schemas.get(name, {}).get("properties", {}) and "{" not in path \
                        and not path.endswith("/conflicts"):  # Replaced as a whole: one version, no pages.
                    lists.append(path)
            self.assertGreater(len(lists), 20)
            for path in lists:
                with self.subTest(path=path):
                    page = daemon.admin.get(path + "?limit=2")
                    self.assertEqual(page.status, 200, page)
                    self.assertLessEqual(len(page.json["items"]), 2)
                    self.assertIn("next_cursor", page.json)
                    for wrong in ("limit=0", "limit=1001", "limit=x"):
                        answer = daemon.admin.get(f"{path}?{wrong}")
                        self.assertEqual((wrong, answer.status), (wrong, 400))

    def test_a_cursor_that_no_page_gave_is_refused_by_every_list(self):
        with Daemon() as daemon:
            paths = [path for path, methods in daemon.admin.get("/api/openapi.json").json["paths"].items()
                     if any(p["name"] == "cursor" for p in methods.get("get", {}).get("parameters", []))]
            self.assertGreater(len(paths), 25)
            wrong = []
            for path in paths:
                for cursor in ("zz%21", "~-6b-00000000", "zz~00000000"):
                    answer = daemon.admin.get(re.sub(r"\{[^}]+\}", "x", path) + "?cursor=" + cursor)
                    if answer.status != 400 or "cursor" not in answer.json["detail"]:
                        wrong.append((path, cursor, answer))
            self.assertEqual(wrong, [])

    def test_pages_join_to_the_whole_list(self):
        with Daemon() as daemon:
            for i in range(7):
                daemon.admin.ask("PUT", f"/api/roles/r{i}", {"scopes": ["macros:read"]})
            whole = daemon.admin.get("/api/roles").json["items"]
            joined, cursor = [], ""
            while cursor is not None:
                page = daemon.admin.get("/api/roles?limit=3" + (f"&cursor={cursor}" if cursor else "")).json
                joined += page["items"]
                cursor = page["next_cursor"]
            self.assertEqual(joined, whole)
            self.assertGreaterEqual(len(whole), 10)


class Queries(unittest.TestCase):
    def test_what_a_route_does_not_know_is_refused_with_what_it_knows(self):
        with Daemon() as daemon:
            asked, wrong = 0, []
            for path, methods in daemon.admin.get("/api/openapi.json").json["paths"].items():
                if not path.startswith("/api/"):
                    continue
                for method, operation in methods.items():
                    known = [p for p in operation.get("parameters", []) if p["in"] == "query"]
                    queries = ["nonsense=1", *(f"{p['name']}=bogus" for p in known
                                               if "enum" in p["schema"] or p["schema"].get("type") == "boolean")]
                    for query in queries:
                        answer = daemon.admin.ask(method.upper(), re.sub(r"\{[^}]+\}", "x", path) + "?" + query, {}
                                                  if method in ("post", "put", "patch") else None)
                        asked += 1
                        errors = {e["path"]: e["message"] for e in answer.json.get("errors", [])} \
                            if answer.status == 400 else {}
                        message = errors.get(query.partition("=")[0], "")
                        names = [p["name"] for p in known] if query == "nonsense=1" else ["expected"]
                        if not message or not all(name in message for name in names):
                            wrong.append((method, path, query, answer))
            self.assertEqual(wrong, [])
            self.assertGreater(asked, 150)
            twice = daemon.admin.get("/api/audit?limit=1&limit=2")
            self.assertEqual((twice.status, twice.json["errors"][0]["path"]), (400, "limit"))


class Statuses(unittest.TestCase):
    """gk.py holds every success of the whole suite to the document; here: that it would notice."""

    def test_an_answer_that_is_not_declared_is_noticed(self):
        document = json.loads((pathlib.Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
        with Daemon() as daemon:
            made = daemon.admin.post("/api/users", {"username": "eve", "password": PASSWORD, "role": "user"})
            metrics = daemon.admin.get("/api/metrics/prometheus")
            self.assertEqual((made.status, metrics.status), (201, 200))
        asked = [("POST", "/api/users", made), ("GET", "/api/v1/metrics/prometheus?x", metrics)]
        self.assertEqual([Declared(document).fault(*one) for one in asked], ["", ""])
        weak = json.loads(json.dumps(document).replace('"201"', '"200"').replace("text/plain", "text/html"))
        self.assertIn("answered 201", Declared(weak).fault(*asked[0]))
        self.assertIn("answered text/plain", Declared(weak).fault(*asked[1]))
        self.assertIn("not in the document", Declared({"paths": {}}).fault(*asked[0]))


def readers(ask, origins):
    """Which of the origins may read what ask(method, headers) answers, or may ask at all."""
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}
    return [origin for origin in origins
            if any(header.startswith("Access-Control") for method, more in (("OPTIONS", preflight), ("GET", {}))
                   for header in ask(method, {"Origin": origin, **more}).headers)]


class Origins(unittest.TestCase):
    LISTED, FOREIGN = "https://panel.example:8443", "https://panel.example"

    def test_only_a_listed_origin_may_read(self):
        with Daemon("--allow-origin", self.LISTED) as daemon:
            token = daemon.token_login("admin")["access_token"]
            page = Browser(daemon, bearer=token)
            asks = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}
            path = "/api/v1/config"
            good = page.ask("OPTIONS", path, headers={"Origin": self.LISTED, **asks, "Authorization": ""})
            self.assertEqual((good.status, good.body), (204, b""))
            self.assertEqual(good.headers["Access-Control-Allow-Origin"], self.LISTED)
            self.assertEqual(good.headers["Access-Control-Allow-Methods"], "GET, PUT, PATCH")
            for header in ("X-Gamekeeper-Csrf", "If-Match", "Idempotency-Key", "Authorization"):
                self.assertIn(header, good.headers["Access-Control-Allow-Headers"])
            read = page.get(path, headers={"Origin": self.LISTED})
            self.assertEqual((read.status, read.headers["Access-Control-Allow-Origin"]), (200, self.LISTED))
            for header in ("ETag", "X-Correlation-Id", "Retry-After"):
                self.assertIn(header, read.headers["Access-Control-Expose-Headers"])
            self.assertEqual(read.headers["Vary"], "Origin")
            refused = daemon.anonymous().get(path, headers={"Origin": self.LISTED})
            self.assertEqual((refused.status, refused.headers["Access-Control-Allow-Origin"]), (401, self.LISTED))
            others = [self.FOREIGN, "null", "*", self.LISTED + "0", self.LISTED.upper(), "http://panel.example:8443"]
            ask = lambda method, headers: page.ask(method, path, headers=headers)
            self.assertEqual(readers(ask, [self.LISTED, *others]), [self.LISTED])
            self.assertEqual(page.get(path, headers={"Origin": self.FOREIGN}).headers["Vary"], "Origin")
            # Planted bug: a server that reflects whatever origin asks.
            reflecting = lambda method, headers: Answer(
                200, {"Access-Control-Allow-Origin": headers["Origin"]}, ask(method, headers).body)
            self.assertEqual(readers(reflecting, others), others)
            self.assertEqual(page.ask("PUT", path, {}, headers={"Origin": self.FOREIGN}).status, 403)

    def test_without_a_list_there_is_no_cors(self):
        with Daemon() as daemon:
            answer = daemon.admin.ask("OPTIONS", "/api/config", headers={
                "Origin": self.LISTED, "Access-Control-Request-Method": "PUT"})
            self.assertEqual(answer.status, 405)
            self.assertEqual([h for h in answer.headers if h.startswith("Access-Control")], [])
            self.assertNotIn("Vary", daemon.admin.get("/api/config").headers)


class DocumentPage(unittest.TestCase):
    def test_the_page_of_the_documents_is_in_every_build_and_asks_no_other_host(self):
        with Daemon() as daemon:
            page = daemon.anonymous().get("/docs")
            self.assertEqual((page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
            self.assertEqual(daemon.anonymous().get("/docs/").body, page.body)
            files = re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.body.decode())
            self.assertEqual(len(files), 5)
            for path in files:
                answer = daemon.anonymous().get(path)
                self.assertEqual(answer.status, 200, path)
                self.assertNotRegex(answer.body.decode().replace("http://www.w3.org/2000/svg", ""),
                                    r"https?://(?!localhost)")


class Correlation(unittest.TestCase):
    def lines(self, daemon):
        text = (daemon.data / "logs" / "gamekeeper.log").read_text()
        return [json.loads(line) for line in text.rpartition("\n")[0].splitlines()]

    def test_every_answer_has_an_id_that_the_log_knows(self):
        with Daemon() as daemon:
            ids = {}
            for path in ("/api/users", "/api/nothing", "/", "/api/v1/ws", "/metrics", "/api/health"):
                answer = daemon.admin.get(path)
                ids[path] = answer.headers["X-Correlation-Id"]
                self.assertTrue(ids[path], path)
            self.assertEqual(len(set(ids.values())), len(ids))
            with socket.create_connection(("127.0.0.1", daemon.port), 10) as raw:
                raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
                head = raw.recv(65536).decode()
            ids["two hosts"] = re.search(r"(?i)^x-correlation-id: (\S+)", head, re.M)[1]
            upgrade = socket.create_connection(("127.0.0.1", daemon.port), 10)
            with upgrade:
                upgrade.sendall(b"GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
                head = upgrade.recv(65536).decode()
            self.assertIn(" 401 ", head.splitlines()[0])
            ids["upgrade"] = re.search(r"(?i)^x-correlation-id: (\S+)", head, re.M)[1]
            wait_for("the log lines of all requests", lambda: set(ids.values()) <= {
                line.get("correlation_id") for line in self.lines(daemon)} or daemon.admin.get("/api/health").status == 0)

    def test_a_traceparent_becomes_the_id(self):
        with Daemon() as daemon:
            trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            answer = daemon.admin.get("/api/users", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
            self.assertEqual(answer.headers["X-Correlation-Id"], trace)
            for bad in (f"00-{'0' * 32}-00f067aa0ba902b7-01", "garbage", f"00-{trace.upper()}-00f067aa0ba902b7-01"):
                answer = daemon.admin.get("/api/users", headers={"traceparent": bad})
                self.assertNotIn(answer.headers["X-Correlation-Id"], bad)
            problem = daemon.admin.get("/api/users/none", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
            self.assertEqual(problem.json["correlation_id"], trace)


if __name__ == "__main__":
    unittest.main()
