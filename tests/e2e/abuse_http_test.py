"""Abuse of HTTP: smuggling, JSON that parsers disagree about, foreign hosts and origins, paths that climb.

Every check runs against the daemon, which must give no complaint, and against a careless server,
which must give one for every form: a form that a careless server refuses, too, proves nothing.
"""
import json
import pathlib
import re
import shutil
import tempfile
import unittest

from abuse_peers import Lenient, exchange, statuses
from gk import Daemon

HOST = b"Host: localhost\r\n"
NEXT = b"GET /api/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def post(*fields, body=b"", host=HOST, line=b"POST /api/auth/login HTTP/1.1\r\n"):
    return line + host + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body


# What two programs in a row could read differently, each followed by a second request.
SMUGGLING = {
    "no host": post(b"Content-Length: 0", host=b""),
    "two hosts": post(b"Content-Length: 0", host=HOST + HOST),
    "two hosts of other case": post(b"Content-Length: 0", host=HOST + b"hOST: evil.example\r\n"),
    "host with a space before the colon": post(b"Content-Length: 0", host=b"Host : localhost\r\n"),
    "list of lengths": post(b"Content-Length: 3, 3", body=b"abc"),
    "two lengths": post(b"Content-Length: 3", b"Content-Length: 0", body=b"abc"),
    "two equal lengths": post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"),
    "signed length": post(b"Content-Length: +3", body=b"abc"),
    "length with text": post(b"Content-Length: 3abc", body=b"abc"),
    "length with a space before the colon": post(b"Content-Length : 3", body=b"abc"),
    "length and coding": post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "coding and length": post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "coding that only ends in chunked": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "coding after another": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "coding before another": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "coding twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "coding in quotes": post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "coding behind a vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "coding with a space before the colon": post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "coding on a folded line": post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
    "folded line": post(b"Content-Length: 0", b"A: b\r\n c"),
    "bare line feeds": post(b"Content-Length: 0").replace(b"\r\n", b"\n"),
    "bare carriage return in a value": post(b"A: b\rTransfer-Encoding: chunked", b"Content-Length: 0"),
    "NUL in a value": post(b"A: b\0c", b"Content-Length: 0"),
    "NUL in a name": post(b"A\0: b", b"Content-Length: 0"),
    "two credentials": post(b"Authorization: Bearer a", b"Authorization: Bearer b", b"Content-Length: 0"),
    "name that is no token": post(b"A(b): c", b"Content-Length: 0"),
    "white space before the first field": post(b"Content-Length: 0", host=b" " + HOST),
    "line without a colon": post(b"Content-Length: 0", b"nonsense"),
    "HTTP/1.0": post(b"Content-Length: 0", line=b"POST /api/auth/login HTTP/1.0\r\n"),
    "HTTP/1.2": post(b"Content-Length: 0", line=b"POST /api/auth/login HTTP/1.2\r\n"),
    "two spaces in the request line": post(b"Content-Length: 0", line=b"POST  /api/auth/login HTTP/1.1\r\n"),
    "absolute form of another host": post(b"Content-Length: 0", line=b"POST http://evil.example/api/auth/login HTTP/1.1\r\n"),
    "chunk of no hexadecimal size": post(b"Transfer-Encoding: chunked", body=b"0x3\r\nabc\r\n0\r\n\r\n"),
    "chunk longer than its size": post(b"Transfer-Encoding: chunked", body=b"3\r\nabcdef\r\n0\r\n\r\n"),
    "chunk size beyond 64 bits": post(b"Transfer-Encoding: chunked", body=b"1" + b"0" * 16 + b"\r\na\r\n0\r\n\r\n"),
    "chunk with a bare line feed": post(b"Transfer-Encoding: chunked", body=b"3\nabc\r\n0\r\n\r\n"),
}


def smuggled(port):
    """Forms that are not answered by one refusal and the end of the connection."""
    wrong = []
    for name, data in SMUGGLING.items():
        answer = statuses(exchange(port, data + NEXT, 2))
        if len(answer) != 1 or answer[0] < 400:
            wrong.append(name)
    return wrong


class Smuggling(unittest.TestCase):
    def test_no_form_reaches_a_second_request(self):
        with Daemon() as daemon:
            self.assertEqual(smuggled(daemon.port), [])
            good = exchange(daemon.port, post(b"Content-Length: 2", b"Content-Type: application/json", body=b"{}") + NEXT)
            self.assertEqual(statuses(good)[1:], [200], "two plain requests are two requests")

    def test_a_careless_parser_lets_every_form_through(self):
        with Lenient() as peer:
            self.assertEqual(set(smuggled(peer.port)), set(SMUGGLING))


# Bodies that must be refused wherever JSON is read; LENIENT: those that a usual library takes.
DEEP = 33
BODIES = {
    "the same key twice": b'{"a":1,"a":2}',
    "the same key twice, once escaped": b'{"a":1,"\\u0061":2}',
    "the same key twice, deep": b'{"a":[{"b":{"c":1,"c":2}}]}',
    "__proto__": b'{"__proto__":{"admin":true}}',
    "__proto__, escaped": b'{"\\u005f_proto__":1}',
    "constructor, deep": b'{"a":{"constructor":{"prototype":1}}}',
    "prototype": b'{"prototype":1}',
    "33 arrays": b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "33 objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "lone high surrogate": b'{"a":"\\ud800"}',
    "lone low surrogate": b'{"a":"\\udc00x"}',
    "key that is a lone surrogate": b'{"\\ud800":1}',
    "line end in a string": b'{"a":"b\nc"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "not UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "number beyond a double": b'{"a":1e999}',
}
SYNTAX = {
    "100,000 arrays": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "2 MiB of white space": b"[" + b" " * (2 << 20) + b"]",
    "trailing comma": b'{"a":1,}', "comment": b'{"a":1/*x*/}', "two documents": b'{"a":1}{"b":2}',
    "half": b'{"a":', "quotes of another kind": b"{'a':1}", "no quotes": b"{a:1}",
    "leading zero": b'{"a":01}', "plus sign": b'{"a":+1}', "hexadecimal": b'{"a":0x10}', "NUL behind": b'{"a":1}\0',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
}


def lax_json(port, cookie, bodies):
    """Bodies that are not refused with 400 or 413."""
    wrong = []
    for name, body in bodies.items():
        head = [b"PUT /api/auth/preferences HTTP/1.1", b"Host: localhost:%d" % port, b"Content-Type: application/json",
                b"X-Gamekeeper-Csrf: 1", b"Origin: http://localhost:%d" % port, b"Cookie: " + cookie.encode(),
                b"Connection: close", b"Content-Length: %d" % len(body)]
        answer = statuses(exchange(port, b"\r\n".join(head) + b"\r\n\r\n" + body))
        if not answer or answer[0] not in (400, 413):
            wrong.append(name)
    return wrong


class Json(unittest.TestCase):
    def test_what_parsers_disagree_about_is_refused(self):
        with Daemon() as daemon:
            cookie = daemon.admin.cookie
            good = {"plain": b'{"a":[1,"\\ud83d\\ude00",{"b":null}]}',
                    "31 arrays": b'{"a":' + b"[" * 31 + b"]" * 31 + b"}"}
            self.assertEqual(lax_json(daemon.port, cookie, good), list(good), "what is sound is taken")
            before = daemon.admin.get("/api/auth/preferences").body
            self.assertEqual(lax_json(daemon.port, cookie, {**BODIES, **SYNTAX}), [])
            self.assertEqual(daemon.admin.get("/api/auth/preferences").body, before, "and nothing of it is kept")

    def test_a_usual_library_takes_them(self):
        with Lenient() as peer:
            self.assertEqual(set(lax_json(peer.port, "a=b", BODIES)), set(BODIES))


def foreign_hosts(port):
    return ["evil.example", f"evil.example:{port}", "localhost.evil.example", f"127.0.0.1.evil.example:{port}",
            "localhost:80@evil.example", "evil.example#localhost", "evil.example/localhost", "2130706433", "0x7f.1", "127.1",
            "0.0.0.0", "169.254.169.254", "[::ffff:8.8.8.8]", "xn--localhost-", "localhost%00.evil.example", "localhos", ".localhost"]


def foreign_origins(port):
    here = f"http://127.0.0.1:{port}"
    return ["null", "http://evil.example", f"http://evil.example:{port}", "https://127.0.0.1.evil.example",
            here + ".evil.example", here + "@evil.example", "http://127.0.0.1:1", "http://127.0.0.1", f"ftp://127.0.0.1:{port}",
            "file://", here + " http://evil.example", here + "\r\nOrigin: http://evil.example", f"127.0.0.1:{port}", here + "/",
            f"http://localhost:{port}0"]


PAGES = ("GET /", "GET /docs", "GET /metrics", "GET /api/health/live", "GET /api/openapi.json", "POST /api/auth/login",
         "POST /api/setup", "GET /nothing", "GET /api/v1/ws upgrade")
CHANGES = ("POST /api/auth/login", "PUT /api/auth/preferences", "PATCH /api/users/x", "DELETE /api/users/x",
           "POST /api/macro-safety/stop-all", "GET /api/v1/ws upgrade")


def answers_strangers(port, cookie=""):
    """(what, who) that a foreign Host gets other than 421, or a foreign Origin other than 403."""
    wrong = []

    def ask(what, host, origin):
        method, path, *upgrade = what.split(" ")
        fields = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Cookie: {cookie}", "X-Gamekeeper-Csrf: 1"]
        fields += [f"Origin: {origin}"] if origin else []
        fields += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="] if upgrade else ["Connection: close", "Content-Length: 0"]
        return statuses(exchange(port, ("\r\n".join(fields) + "\r\n\r\n").encode(), 2 if not upgrade else 0.3))

    for what in PAGES:
        for host in foreign_hosts(port):
            # A name with characters that no host has is malformed before it is foreign.
            if ask(what, host, None)[:1] not in ([421], [400]):
                wrong.append((what, host))
    for what in CHANGES:
        for origin in foreign_origins(port):
            if ask(what, f"127.0.0.1:{port}", origin)[:1] not in ([403], [400]):
                wrong.append((what, origin))
    return wrong


class Strangers(unittest.TestCase):
    def test_no_foreign_host_or_origin_gets_an_answer(self):
        with Daemon() as daemon:
            self.assertEqual(answers_strangers(daemon.port, daemon.admin.cookie), [])
            for name in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]", "localhost."):
                answer = statuses(exchange(daemon.port, NEXT.replace(b"localhost", name.encode())))
                self.assertEqual(answer, [200], name)
            self.assertEqual(daemon.admin.ask("PUT", "/api/auth/preferences", {}).status, 200, "the own origin")

    def test_a_server_that_looks_at_neither_answers_all(self):
        with Lenient() as peer:
            asked = len(PAGES) * len(foreign_hosts(1)) + len(CHANGES) * len(foreign_origins(1))
            self.assertEqual(len(answers_strangers(peer.port)), asked)


CANARY = "canary-7d1f"
CLIMBS = ("../{}", "../../{}", "..%2f{}", "%2e%2e/{}", "%2e%2e%2f{}", "..%252f{}", "..\\{}", "..%5c{}", "..%c0%af{}",
          "....//{}", "..;/{}", "%00../{}", "/{}%00.json", "./../{}", "%2e./{}")


def climbs(path):
    """`path` with something that climbs out of a folder in each place that takes a name."""
    holes = re.findall(r"\{\w+\}", path)
    bases = [path[:path.index(h)] + "{}" + re.sub(r"\{\w+\}", "x", path[path.index(h) + len(h):]) for h in holes] or [
        path.rstrip("/") + "/{}"]
    return [base.replace("{}", climb.format(CANARY), 1) for base in bases for climb in CLIMBS]


def reachable(ask, paths):
    """Requests whose answer holds the file beside the data folder, or that did not fail."""
    return [(method, path) for method, path in paths if (lambda a: a[0] < 400 or CANARY.encode() * 2 in a[1])(ask(method, path))]


class Paths(unittest.TestCase):
    def test_no_name_in_a_path_or_body_leaves_its_folder(self):
        outside = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-"))
        self.addCleanup(shutil.rmtree, outside, True)
        (outside / CANARY).write_text(CANARY * 2)
        (outside / "data").mkdir()
        with Daemon(data=outside / "data") as daemon:
            paths = [("GET", climb) for folder in ("/", "/assets", "/docs") for climb in climbs(folder)]
            for path, methods in daemon.anonymous().get("/api/openapi.json").json["paths"].items():
                if "{" in path:
                    for method in methods:
                        paths += [(method.upper(), climb) for climb in climbs(path)]

            def ask(method, path):
                # A body of the right kind, so that the name is what is refused.
                body = {"scopes": [], "macros": [], "kind": "steps", "source": "{}"} if method in ("PUT", "POST", "PATCH") else None
                answer = daemon.admin.ask(method, path, body)
                return answer.status, answer.body

            self.assertGreater(len(paths), 1000)
            reached = reachable(ask, paths)
            # Any text is a name of a player or a request: a key in a table, not a file.
            reached = [r for r in reached if not r[1].startswith(NAMES_ARE_KEYS)]
            self.assertEqual(reached, [])
            self.bodies(daemon)
            self.assertEqual(sorted(p.name for p in outside.iterdir()), [CANARY, "data"])
            odd = [p for p in (outside / "data").rglob("*") if ".." in p.name or CANARY in p.name]
            self.assertEqual(odd, [])
            print(f"{len(paths)} paths, {len(reached)} reached")

    def bodies(self, daemon):
        """Names of files, modes, scripts and programs in the bodies of requests."""
        for climb in (f"../{CANARY}", f"../../{CANARY}", f"/{CANARY}", "..", ".", f"a/../../{CANARY}", f"{CANARY}\0", f"..\\{CANARY}"):
            for method, path, body in (
                    ("POST", "/api/movement/recording/start", {"name": climb}),
                    ("POST", "/api/macro-safety/start", {"macro_id": climb, "script": "x"}),
                    ("POST", "/api/macro-safety/start", {"macro_id": "heal", "script": climb}),
                    ("POST", "/api/macro-safety/start", {"macro_id": "heal", "profile": climb}),
                    ("POST", "/api/commands", {"type": "mode", "action": "execute", "mode_name": climb}),
                    ("POST", "/api/sessions", {"character_name": "x", "mode": climb}),
                    ("POST", "/api/macro-safety/profiles", {"macro_id": climb, "name": "x"}),
                    ("POST", "/api/games", {"name": climb, "kind": "mud", "host": "127.0.0.1", "port": 1})):
                answer = daemon.admin.ask(method, path, body)
                self.assertGreaterEqual(answer.status, 400, (path, body, answer))
                self.assertLess(answer.status, 500, (path, body, answer))
                self.assertNotIn(CANARY * 2, answer.body.decode())

    def test_a_server_of_files_is_left(self):
        outside = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-"))
        self.addCleanup(shutil.rmtree, outside, True)
        (outside / CANARY).write_text(CANARY * 2)
        (outside / "data").mkdir()
        with Lenient(root=outside / "data") as peer:

            def ask(method, path):
                answer = exchange(peer.port, f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                return (404 if b"no such file" in answer else 200), answer

            found = reachable(ask, [("GET", c) for c in climbs("/")])
            self.assertGreaterEqual(len(found), 8, found)


NAMES_ARE_KEYS = ("/api/v1/movement/players/", "/api/v1/players/", "/api/v1/logs/story/")


if __name__ == "__main__":
    unittest.main()
