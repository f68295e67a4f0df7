"""Accounts over the wire: tokens, revocation, refresh, forgery, two-factor log-in, roles, the CLI."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import sqlite3
import statistics
import struct
import threading
import time
import unittest

import ed25519
from gk import PASSWORD, Browser, Daemon, WebSocket, wait_for

OTHER = "eleven turnips owed to kestrel"
ROUNDS = int(os.environ.get("GK_ROUNDS", "5"))  # of each revocation; docs/performance-accounts.md has 50
NAUGHTY = ["", " ", "a b", "../../etc/passwd", "'; DROP TABLE users; --", "<script>alert(1)</script>", "Ω≈ç√∫",
           "\u202etxt.exe", "名前", "\U0001F469\u200d\U0001F4BB", "null", "undefined", "true", "0", "1e309", "-1", "NaN", "{{7*7}}", "${x}",
           "%00", "\x00", "\r\nSet-Cookie: a=b", "a" * 65, "a" * 64, ".", "..", "-rf", "con", "\ufeffann", "ann\u0301",
           "ａｎｎ", "__proto__", "constructor", "local-admin", "SYSTEM", "a.b-c_d", "0day"]


def totp(secret, step):
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 10**6:06}"


def api_token(browser, *scopes, **more):
    answer = browser.post("/api/auth/tokens", {"name": "script", "scopes": list(scopes), **more})
    assert answer.status == 201, answer
    return answer.json


class Watcher:
    """A socket that listens to `topic`, and notes when and how it is closed."""

    def __init__(self, browser, topic="metric:sample"):
        self.socket, self.closed = WebSocket(browser), None
        self.socket.subscribe(topic)
        self.socket.wait_type("ack")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while not isinstance(frame := self.socket.receive(), tuple):
                pass
            self.closed = (time.monotonic(), frame[1])
        except OSError:
            self.closed = (time.monotonic(), None)


class ApiTokens(unittest.TestCase):
    def test_a_script_does_what_its_token_says_without_cookie_or_csrf_header(self):
        with Daemon() as daemon:
            made = api_token(daemon.admin, "users:read", "users:write")
            script = Browser(daemon, bearer=made["token"])
            self.assertEqual(script.get("/api/users").status, 200)
            body = {"username": "eve", "password": PASSWORD, "role": "viewer"}
            self.assertEqual(script.post("/api/users", body, headers={"X-Gamekeeper-Csrf": "0"}).status, 403,
                             "a role that holds more than the token is not handed out")
            self.assertEqual(script.get("/api/audit").status, 403)
            self.assertEqual(WebSocket(script).status, 101)

    def test_tokens_survive_a_restart_and_are_not_in_the_log(self):
        with Daemon() as daemon:
            made = api_token(daemon.admin, "users:read")
            pair = daemon.token_login("admin")
            daemon.stop()
            daemon.lines.clear()
            daemon.start()
            for text in (made["token"], pair["access_token"]):
                self.assertEqual(Browser(daemon, bearer=text).get("/api/users").status, 200)
            daemon.stop()
            stored = b"".join(p.read_bytes() for p in daemon.data.glob("state.db*"))
            for secret in (made["token"], pair["access_token"], pair["refresh_token"]):
                self.assertNotIn(secret, daemon.log_text())
                self.assertNotIn(secret.encode(), stored)
            self.assertEqual((daemon.data / "accounts.key").stat().st_mode & 0o777, 0o600)


class Revocation(unittest.TestCase):
    """Each way to take something away, on REST and on an open socket, timed."""

    def timed(self, browser, act, path, code):
        """Seconds from the request that takes something away to the end of the socket."""
        self.assertEqual(browser.get(path).status, 200)
        watcher = Watcher(browser)
        started = time.monotonic()
        self.assertEqual(act().status // 100, 2)
        self.assertIn(browser.get(path).status, (401, 403), "the first request after the answer")
        wait_for("the socket to close", lambda: watcher.closed)
        self.assertEqual(watcher.closed[1], code)
        return watcher.closed[0] - started

    def report(self, name, seconds):
        print(f"{name}: socket closed {statistics.median(seconds) * 1e3:.1f} ms median, "
              f"{max(seconds) * 1e3:.1f} ms at most after the request, n = {len(seconds)}")
        self.assertLess(max(seconds), 1.0)

    def test_what_is_revoked_is_gone_at_once(self):
        with Daemon() as daemon:
            admin, figures = daemon.admin, {}
            bob = daemon.add_user("bob", "viewer")
            bob_id = admin.get("/api/users?username=bob").json["items"][0]["id"]
            for _ in range(ROUNDS):
                made = api_token(bob, "metrics:read")
                figures.setdefault("API token revoked", []).append(self.timed(
                    Browser(daemon, bearer=made["token"]),
                    lambda: admin.ask("DELETE", f"/api/auth/tokens/{made['id']}"), "/api/metrics", 4401))
                pair = daemon.token_login("bob")
                figures.setdefault("session revoked", []).append(self.timed(
                    Browser(daemon, bearer=pair["access_token"]),
                    lambda: admin.ask("DELETE", f"/api/auth/sessions/{pair['session_id']}"), "/api/metrics", 4401))
                pair = daemon.token_login("bob")
                figures.setdefault("user disabled", []).append(self.timed(
                    Browser(daemon, bearer=pair["access_token"]),
                    lambda: admin.ask("PATCH", f"/api/users/{bob_id}", {"disabled": True}), "/api/metrics", 4401))
                admin.ask("PATCH", f"/api/users/{bob_id}", {"disabled": False})
                bob.login("bob")
            for name, seconds in figures.items():
                self.report(name, seconds)

    def test_a_scope_that_is_lost_closes_who_listens_with_4403(self):
        with Daemon() as daemon:
            put = lambda *scopes: daemon.admin.ask("PUT", "/api/roles/watcher", {"scopes": list(scopes)})
            self.assertEqual(put("metrics:read", "macros:read").status, 200)
            eve, seconds = daemon.add_user("eve", "watcher"), []
            for _ in range(ROUNDS):
                for browser in (eve, Browser(daemon, bearer=daemon.token_login("eve")["access_token"]),
                                Browser(daemon, bearer=api_token(eve, "metrics:read", "macros:read")["token"])):
                    seconds.append(self.timed(browser, lambda: put("macros:read"), "/api/metrics", 4403))
                    self.assertEqual(browser.get("/api/macro-safety/profiles").status, 200, "the rest is kept")
                    put("metrics:read", "macros:read")
            self.report("scope lost", seconds)

    def test_a_change_of_password_ends_the_other_sessions(self):
        with Daemon() as daemon:
            bob = daemon.add_user("bob", "viewer")
            pair = daemon.token_login("bob")
            answer = bob.post("/api/auth/password", {"current_password": PASSWORD, "new_password": OTHER})
            self.assertEqual(answer.status, 204)
            self.assertEqual(bob.get("/api/auth/profile").status, 200)
            self.assertEqual(Browser(daemon, bearer=pair["access_token"]).get("/api/auth/profile").status, 401)


class Refresh(unittest.TestCase):
    def refresh(self, daemon, token):
        return daemon.anonymous().post("/api/auth/refresh", {"refresh_token": token})

    def test_fifty_parallel_refreshes_get_one_successor(self):
        with Daemon() as daemon:
            first = daemon.token_login("admin")["refresh_token"]
            with concurrent.futures.ThreadPoolExecutor(50) as pool:
                started = time.monotonic()
                answers = list(pool.map(lambda _: self.refresh(daemon, first), range(50)))
                print(f"50 parallel refreshes: {(time.monotonic() - started) * 1e3:.0f} ms")
            self.assertEqual({a.status for a in answers}, {200})
            successors = {a.json["refresh_token"] for a in answers}
            self.assertEqual(len(successors), 1)
            self.assertEqual(self.refresh(daemon, successors.pop()).status, 200)
            rows = daemon.admin.get("/api/audit?action=auth.refresh_reused").json["items"]
            self.assertEqual(rows, [], "a race is not a theft")

    def test_reuse_ends_the_family_its_sockets_and_is_audited(self):
        with Daemon() as daemon:
            pair = daemon.token_login("admin")
            watcher = Watcher(Browser(daemon, bearer=pair["access_token"]))
            second = self.refresh(daemon, pair["refresh_token"]).json
            third = self.refresh(daemon, second["refresh_token"]).json
            answer = self.refresh(daemon, pair["refresh_token"])  # Two generations old: no grace.
            self.assertEqual((answer.status, answer.json["type"]), (401, "token-reused"))
            wait_for("the socket to close", lambda: watcher.closed)
            self.assertEqual(watcher.closed[1], 4401)
            for text in (pair, second, third):
                self.assertEqual(Browser(daemon, bearer=text["access_token"]).get("/api/auth/verify").status, 401)
            self.assertEqual(self.refresh(daemon, third["refresh_token"]).status, 401)
            rows = daemon.admin.get("/api/audit?action=auth.refresh_reused").json["items"]
            self.assertEqual([row["target"] for row in rows], [pair["session_id"]])


class Forgery(unittest.TestCase):
    def test_no_forged_token_gets_in(self):
        with Daemon() as daemon:
            token = daemon.token_login("admin")["access_token"]
            seed = ed25519.signing_seed(daemon.data / "accounts.key")
            head, payload, signature = token.split(".")
            public, now = ed25519.key_pair(seed)[2], int(time.time())
            forged = {"expired": ed25519.resigned(token, seed, exp=now - 1),
                      "wrong audience": ed25519.resigned(token, seed, aud="gamekeeper"),
                      "wrong issuer": ed25519.resigned(token, seed, iss="elsewhere"),
                      "from the future": ed25519.resigned(token, seed, iat=now + 3600, exp=now + 7200),
                      "no session": ed25519.resigned(token, seed, sid="none"),
                      "another user": ed25519.resigned(token, seed, sub="none"),
                      "foreign key": ed25519.resigned(token, b"y" * 32),
                      "no signature": f"{head}.{payload}.", "two parts": f"{head}.{payload}",
                      "four parts": f"{token}.{signature}", "padded": token + "=", "swapped": f"{payload}.{head}.{signature}"}
            for alg in ("none", "None", "HS256", "EdDSA"):
                other = ed25519.base64url(json.dumps({"alg": alg, "typ": "at+jwt"}).encode())
                text = f"{other}.{payload}".encode()
                forged[f"alg {alg}"] = f"{other}.{payload}.{signature}"
                mac = hmac.new(public, text, hashlib.sha256).digest()
                forged[f"alg {alg}, HMAC with the public key"] = f"{text.decode()}.{ed25519.base64url(mac)}"
            self.assertEqual(Browser(daemon, bearer=ed25519.resigned(token, seed)).get("/api/users").status, 200,
                             "negative control: the forger's pen writes")
            for kind, text in forged.items():
                self.assertEqual(Browser(daemon, bearer=text).get("/api/users").status, 401, kind)
                self.assertEqual(WebSocket(Browser(daemon, bearer=text)).status, 401, kind)


class Floods(unittest.TestCase):
    def test_a_flood_from_one_address_does_not_lock_the_owner_out_elsewhere(self):
        with Daemon() as daemon:
            daemon.add_user("bob", "viewer")
            thief = Browser(daemon, source="127.0.0.66")
            answers = [thief.login("bob", "a wrong pass phrase") for _ in range(60)]
            limited = [a for a in answers if a.status == 429]
            self.assertGreaterEqual(len(limited), 40)
            self.assertGreater(int(limited[0].headers["Retry-After"]), 0)
            self.assertEqual(thief.login("bob").status, 429)
            self.assertEqual(Browser(daemon, source="127.0.0.9").login("bob").status, 200)


class SecondFactor(unittest.TestCase):
    def test_the_whole_life_of_a_second_factor(self):
        with Daemon() as daemon:
            bob = daemon.add_user("bob", "viewer")
            begun = bob.post("/api/auth/2fa", {"current_password": PASSWORD})
            self.assertEqual(begun.status, 201)
            secret, step = begun.json["secret"], int(time.time()) // 30
            done = bob.post("/api/auth/2fa/confirm", {"code": totp(secret, step)})
            self.assertEqual(done.status, 200, done)
            recovery = done.json["recovery_codes"]
            self.assertEqual(daemon.anonymous().login("bob").status, 401, "the password alone")
            again = daemon.anonymous().login("bob", code=totp(secret, step))
            self.assertEqual(again.status, 401, "the step of the confirmation is used up")
            self.assertEqual(daemon.anonymous().login("bob", code=totp(secret, step + 1)).status, 200)
            self.assertEqual(daemon.anonymous().login("bob", code=recovery[0]).status, 200)
            self.assertEqual(daemon.anonymous().login("bob", code=recovery[0]).status, 401)
            proof = {"current_password": PASSWORD, "code": recovery[1]}
            self.assertEqual(bob.post("/api/auth/2fa/disable", proof).status, 204)
            self.assertEqual(daemon.anonymous().login("bob").status, 200)
            daemon.stop()
            log = daemon.log_text()
            for text in (secret, recovery[0], recovery[5]):
                self.assertNotIn(text, log)


class Names(unittest.TestCase):
    def test_naughty_strings_are_refused_or_read_back_byte_exact(self):
        with Daemon() as daemon:
            for name in NAUGHTY:
                body = {"username": name, "password": PASSWORD, "role": "viewer"}
                answer = daemon.admin.post("/api/users", body)
                self.assertIn(answer.status, (201, 400), (name, answer))
                if answer.status == 201:
                    self.assertEqual(answer.json["username"], name.lower())
                    found = daemon.admin.get(f"/api/users/{answer.json['id']}").json
                    self.assertEqual(found["username"], name.lower())
            bag = {f"k{i}": text for i, text in enumerate(NAUGHTY)}
            self.assertEqual(daemon.admin.ask("PUT", "/api/auth/preferences", bag).status, 200)
            self.assertEqual(daemon.admin.get("/api/auth/preferences").json, bag)
            labels = [n for n in NAUGHTY if n and n.isprintable() and len(n.encode()) <= 100]
            for label in labels:
                made = daemon.admin.post("/api/auth/tokens", {"name": label, "scopes": ["macros:read"]})
                self.assertEqual(made.status, 201, label)
            items = daemon.admin.get("/api/auth/tokens").json["items"]
            self.assertEqual(sorted(t["name"] for t in items), sorted(labels))


class Cli(unittest.TestCase):
    def test_users_from_the_command_line(self):
        with Daemon() as daemon:
            run = daemon.cli
            self.assertEqual(run("user", "add", "bob", "--role", "user", input=PASSWORD + "\n").returncode, 0)
            self.assertIn("bob", run("user", "list").stdout)
            self.assertEqual(run("user", "role", "bob", "viewer").returncode, 0)
            self.assertEqual(run("user", "disable", "bob").returncode, 0)
            self.assertEqual(daemon.anonymous().login("bob").status, 401)
            self.assertEqual(run("user", "enable", "bob").returncode, 0)
            self.assertEqual(daemon.anonymous().login("bob").status, 200)
            self.assertEqual(run("user", "delete", "bob").returncode, 0)
            self.assertEqual(run("user", "delete", "bob").returncode, 3)
            gone = run("user", "delete", "admin")
            self.assertEqual((gone.returncode, "last administrator" in gone.stderr), (4, True), gone)

    def test_a_lost_administrator_is_recovered_over_the_unix_socket_only(self):
        with Daemon() as daemon:
            user = daemon.admin.get("/api/users?username=admin").json["items"][0]["id"]
            answer = daemon.admin.post(f"/api/users/{user}/reset", {"password": OTHER})
            self.assertEqual(answer.status, 403)
            self.assertEqual(daemon.cli("user", "reset", "admin", input=OTHER + "\n").returncode, 0)
            self.assertEqual(daemon.admin.get("/api/auth/profile").status, 401, "old sessions are gone")
            self.assertEqual(daemon.anonymous().login("admin", OTHER).status, 200)
            self.assertIn("user.reset", daemon.cli("audit", "list", "--action", "user").stdout)

    def test_roles_and_tokens_from_the_command_line(self):
        with Daemon() as daemon:
            run = daemon.cli
            self.assertEqual(run("role", "set", "game-server", "samples:write", "anticheat:write").returncode, 0)
            self.assertIn("anticheat:write", run("role", "list").stdout)
            run("user", "add", "arena", "--role", "game-server", input=PASSWORD + "\n")
            made = run("token", "create", "arena", "--name", "arena 1", "--scope", "samples:write", "--days", "30")
            token = made.stdout.strip()
            self.assertTrue(token.startswith("gk_pat_"), made)
            server = Browser(daemon, bearer=token)
            sample = {"samples": [{"signal": "fps", "value": 60}]}
            self.assertEqual(server.post("/api/samples", sample).status, 200)
            listed = json.loads(run("token", "list", "arena", "--json").stdout)["items"]
            self.assertEqual([t["name"] for t in listed], ["arena 1"])
            self.assertEqual(run("token", "revoke", listed[0]["id"]).returncode, 0)
            self.assertEqual(server.post("/api/samples", sample).status, 401)
            self.assertEqual(run("role", "delete", "game-server").returncode, 4, "in use")

    def test_scopes_and_macros_may_be_options_and_no_token_lasts_by_mistake(self):
        with Daemon() as daemon:
            run = daemon.cli
            done = run("role", "set", "mixed", "macros:read", "--scope", "logs:read", "--scope", "audit:read")
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(sorted(daemon.admin.get("/api/roles/mixed").json["scopes"]),
                             ["audit:read", "logs:read", "macros:read"])
            none = run("role", "set", "empty")
            self.assertEqual((none.returncode, "--scope" in none.stderr), (2, True), none)
            self.assertEqual(run("mode", "set", "farm", "--macro", "dig", "--macro", "sow").returncode, 0)
            self.assertEqual([m["macro_id"] for m in daemon.admin.get("/api/modes/farm").json["macros"]], ["dig", "sow"])
            for days in ("0", "-1", "nan"):
                made = run("token", "create", "admin", "--name", "x", "--scope", "macros:read", "--days", days)
                self.assertEqual((made.returncode, made.stdout), (2, ""), (days, made))
            made = run("token", "create", "admin", "--name", "x", "--scope", "macros:read")
            self.assertEqual(made.returncode, 0, "without --days it never expires, as its help says")

    def test_an_administrator_sees_where_a_user_is_logged_in_and_ends_it(self):
        with Daemon() as daemon:
            bob = daemon.add_user("bob", "user")
            user = daemon.admin.get("/api/users?username=bob").json["items"][0]["id"]
            listed = daemon.admin.get(f"/api/users/{user}/sessions").json["items"]
            self.assertEqual([(s["held_by"], s["address"], s["current"]) for s in listed], [("cookie", "127.0.0.1", False)])
            self.assertIn(listed[0]["id"], daemon.cli("user", "sessions", "bob").stdout)
            self.assertEqual(bob.get(f"/api/users/{user}/sessions").status, 403)
            self.assertEqual(daemon.admin.get("/api/users/nobody/sessions").status, 404)
            self.assertEqual(daemon.admin.ask("DELETE", f"/api/auth/sessions/{listed[0]['id']}").status, 204)
            self.assertEqual(bob.get("/api/auth/profile").status, 401)
            self.assertEqual(daemon.admin.get(f"/api/users/{user}/sessions").json["items"], [])

    def test_an_edited_audit_is_found(self):
        with Daemon() as daemon:
            daemon.add_user("bob", "viewer")
            sound = daemon.cli("audit", "verify")
            self.assertEqual(sound.returncode, 0, sound)
            daemon.stop()
            with sqlite3.connect(daemon.data / "state.db") as database:
                database.execute("DROP TRIGGER audit_refuses_update")
                database.execute("UPDATE audit SET actor = 'mallory' WHERE seq = 2")
            database.close()
            daemon.lines.clear()
            daemon.start()
            found = daemon.cli("audit", "verify")
            self.assertEqual((found.returncode, "row 2" in found.stdout), (1, True), found)


if __name__ == "__main__":
    unittest.main()
