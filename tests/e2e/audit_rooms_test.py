#!/usr/bin/env python3
"""audit_rooms_test.py: the rooms that write their own rows of the audit write one for each of their
routes: each is called once, and its request has exactly one row, with who, what and whom."""
import base64
import contextlib
import json
import pathlib
import re
import sqlite3
import sys
import time
import unittest

sys.dont_write_bytecode = True
from accounts_test import totp  # noqa: E402
from gk import PASSWORD, Answer, Browser, Daemon, UnixConnection, wait_for  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2] / "src" / "server" / "audited_routes.cc"
VERBS = {"post": "POST", "put": "PUT", "patch": "PATCH", "del": "DELETE"}
OTHER = "nine quiet walnut ferries 8"


def declared(source):
    """(method, path) of every route whose row its room writes, as the daemon declares them."""
    body = source[source.index("void add_rooms_own"):]
    body = body[:body.index("\n}\n")]
    return {(VERBS[verb], path) for verb, path in re.findall(r'Method::(\w+), "(/[^"]+)"', body)}


class Local:
    """The local administrator, on the daemon's socket."""

    def __init__(self, daemon):
        self.path = str(daemon.data / "gamekeeper.sock")

    def ask(self, method, path, body=None):
        with contextlib.closing(UnixConnection(self.path)) as connection:
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


class Acts:
    """Calls each route once, in an order in which each finds what it needs. call() notes which."""

    def __init__(self, daemon):
        self.daemon, self.done = daemon, []

    def call(self, who, method, route, action, target, body=None, actor="admin", path=None, headers=None):
        """`target`: a text, or a function of the answer; None: any but empty."""
        args = {"headers": headers} if headers else {}
        answer = who.ask(method, "/api" + (path or route), body, **args)
        assert answer.status < 300, f"{method} {path or route}: {answer}"
        wanted = target(answer) if callable(target) else target
        self.done.append(((method, route), action, wanted, actor, answer.headers["X-Correlation-Id"]))
        return answer

    def run(self):
        self.accounts()
        self.second_factor()
        self.configuration()
        self.others()

    def accounts(self):
        daemon = self.daemon
        code = (daemon.data / "setup-code").read_text().strip()
        daemon.admin = admin = Browser(daemon)
        self.call(admin, "POST", "/setup", "setup.complete", lambda a: a.json["user"]["id"],
                  {"code": code, "username": "admin", "password": PASSWORD}, actor="setup")
        login = {"username": "admin", "password": PASSWORD}
        other = daemon.anonymous()

        def session_of(_):
            return next(s["id"] for s in other.get("/api/auth/sessions").json["items"] if s["current"])

        self.call(other, "POST", "/auth/login", "auth.login", session_of, login)
        session = session_of(None)
        self.call(admin, "DELETE", "/auth/sessions/{id}", "session.revoke", session, path=f"/auth/sessions/{session}")
        made = self.call(admin, "POST", "/auth/tokens", "token.create", lambda a: a.json["id"],
                         {"name": "script", "scopes": ["metrics:read"]}).json["id"]
        self.call(admin, "DELETE", "/auth/tokens/{id}", "token.revoke", made, path=f"/auth/tokens/{made}")
        vera = self.call(admin, "POST", "/users", "user.create", lambda a: a.json["id"],
                         {"username": "vera", "password": PASSWORD, "role": "viewer"}).json["id"]
        self.call(admin, "PATCH", "/users/{id}", "user.update", vera, {"role": "user"}, path=f"/users/{vera}")
        self.call(admin, "POST", "/users/{id}/tokens", "token.create", lambda a: a.json["id"],
                  {"name": "hers", "scopes": ["metrics:read"]}, path=f"/users/{vera}/tokens")
        self.call(Local(daemon), "POST", "/users/{id}/reset", "user.reset", vera, {"password": OTHER},
                  actor="local-admin", path=f"/users/{vera}/reset")
        self.call(admin, "DELETE", "/users/{id}", "user.delete", vera, path=f"/users/{vera}")
        self.call(admin, "PUT", "/roles/{name}", "role.set", "keeper", {"scopes": ["metrics:read"]}, path="/roles/keeper")
        self.call(admin, "DELETE", "/roles/{name}", "role.delete", "keeper", path="/roles/keeper")
        # A token that is exchanged twice, after the grace for a lost answer: somebody has copied it.
        tokens = daemon.token_login("admin")
        stolen = tokens["refresh_token"]
        claims = tokens["access_token"].split(".")[1]
        session = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sid"]
        first = daemon.anonymous().post("/api/auth/refresh", {"refresh_token": stolen})
        assert first.status == 200, first
        next_one = daemon.anonymous().post("/api/auth/refresh", {"refresh_token": first.json["refresh_token"]})
        assert next_one.status == 200, next_one
        reused = daemon.anonymous().post("/api/auth/refresh", {"refresh_token": stolen})
        assert reused.status == 401, reused
        self.done.append((("POST", "/auth/refresh"), "auth.refresh_reused", session, "admin",
                          reused.headers["X-Correlation-Id"]))

    def second_factor(self):
        daemon = self.daemon
        bob = daemon.add_user("bob", "user")
        his = bob.get("/api/auth/profile").json["user"]["id"]

        def switch_on():
            begun = bob.post("/api/auth/2fa", {"current_password": PASSWORD}).json
            return bob.post("/api/auth/2fa/confirm", {"code": totp(begun["secret"], int(time.time()) // 30)})

        begun = self.call(bob, "POST", "/auth/2fa", "2fa.begin", his, {"current_password": PASSWORD}, actor="bob").json
        codes = self.call(bob, "POST", "/auth/2fa/confirm", "2fa.enable", his, actor="bob", body={
            "code": totp(begun["secret"], int(time.time()) // 30)}).json["recovery_codes"]
        codes = self.call(bob, "POST", "/auth/2fa/recovery-codes", "2fa.recovery_codes", his, actor="bob", body={
            "current_password": PASSWORD, "code": codes[0]}).json["recovery_codes"]
        self.call(bob, "POST", "/auth/2fa/disable", "2fa.disable", his, actor="bob", body={
            "current_password": PASSWORD, "code": codes[0]})
        assert switch_on().status == 200
        self.call(daemon.admin, "DELETE", "/users/{id}/2fa", "2fa.remove", his, path=f"/users/{his}/2fa")
        self.call(bob, "POST", "/auth/password", "user.password", his, actor="bob", body={
            "current_password": PASSWORD, "new_password": OTHER})

    def configuration(self):
        daemon, admin = self.daemon, self.daemon.admin

        def tag():
            return {"If-Match": admin.get("/api/config").headers["ETag"]}

        self.call(admin, "PATCH", "/config", "config.patch", None, {"set": {"monitor.interval_s": 0.5}}, headers=tag())
        self.call(admin, "PUT", "/config", "config.put", None, {"text": "[monitor]\ninterval_s = 2\n"}, headers=tag())
        (daemon.data / "test.toml").write_text("[monitor]\ninterval_s = 3\n")
        self.call(admin, "POST", "/config/reload", "config.reload", None, {})
        self.call(admin, "POST", "/config/revisions/{id}/restore", "config.restore", None, {},
                  path="/config/revisions/1/restore", headers=tag())

    def others(self):
        daemon, admin = self.daemon, self.daemon.admin
        # Its row comes before it is begun, and its name is the moment of that.
        name = self.call(admin, "POST", "/backups", "backup.create", "", {}).json["name"]
        self.call(admin, "DELETE", "/backups/{name}", "backup.delete", name, path=f"/backups/{name}")
        hook = {"kind": "game", "game": "none"}
        self.call(admin, "POST", "/notices/receivers", "notices.receiver.create", "hook", dict(hook, name="hook"))
        self.call(admin, "PUT", "/notices/receivers/{name}", "notices.receiver.change", "hook", dict(hook, events=["macro.*"]),
                  path="/notices/receivers/hook")
        self.call(admin, "POST", "/notices/receivers/{name}/test", "notices.receiver.test", "hook", {},
                  path="/notices/receivers/hook/test")
        self.call(admin, "DELETE", "/notices/receivers/{name}", "notices.receiver.delete", "hook",
                  path="/notices/receivers/hook")
        sample = admin.post("/api/samples", {"samples": [{"signal": "fps", "value": 60, "subject": "mallory"}]})
        assert sample.status == 200, sample
        wait_for("the series", lambda: admin.get("/api/players/mallory/export").status == 200)
        self.call(admin, "DELETE", "/players/{id}", "player.delete", lambda a: a.json["pseudonym"],
                  path="/players/mallory")
        self.call(admin, "PUT", "/operations/conflicts", "operation.conflicts", None,
                  {"items": admin.get("/api/operations/conflicts").json["items"][:1]})
        self.call(admin, "POST", "/operations", "operation.run", None, {
            "kind": "transact", "resource": "game", "input": {
                "steps": [{"kind": "setting.set", "input": {"key": "motd", "value": "hi"}}]}})


def all_rows(daemon):
    rows, cursor = [], ""
    while cursor is not None:
        page = daemon.admin.get("/api/audit?limit=1000" + cursor).json
        rows += page["items"]
        cursor = page["next_cursor"] and "&cursor=" + page["next_cursor"]
    return rows


def faults(done, rows):
    """What is wrong with the row of each call: none, more than one, or another than expected."""
    out = []
    for route, action, target, actor, correlation in done:
        own = [row for row in rows if row["correlation_id"] == correlation]
        have = [(row["action"], row["actor"]) for row in own]
        if have != [(action, actor)]:
            out.append((route, f"expected one row {action} by {actor}, got {have}"))
        elif own[0]["target"] != target and (target is not None or not own[0]["target"]):
            out.append((route, f"expected the target {target}, got {own[0]['target']!r}"))
    return out


class RoomsOwnRows(unittest.TestCase):
    def test_each_route_of_rooms_with_own_rows_leaves_exactly_one(self):
        with Daemon(setup=False, config="") as daemon:
            acts = Acts(daemon)
            acts.run()
            source = SOURCE.read_text()
            called = {route for route, *_ in acts.done}
            self.assertEqual(declared(source) - called, set(), "declared, and not called here")
            self.assertEqual(called - declared(source), set(), "called here, and not declared")
            self.assertEqual(len(called), len(acts.done), "each once")
            # An operation is noted with its end, which may come after its answer.
            rows = wait_for("the row of the operation", lambda: (
                found := all_rows(daemon)) and any(r["action"] == "operation.run" for r in found) and found)
            self.assertEqual(faults(acts.done, rows), [])
            # Controls: a route that is not called, a row that is missing, one too many, another's name.
            self.assertEqual(declared(source.replace('{Method::del, "/backups/{name}"},', "")) ^ called,
                             {("DELETE", "/backups/{name}")})
            one = next(i for i, row in enumerate(rows) if row["action"] == "backup.delete")
            broken = ("DELETE", "/backups/{name}")
            for wrong in (rows[:one] + rows[one + 1:], rows + [rows[one]],
                          rows[:one] + [dict(rows[one], actor="bob")] + rows[one + 1:],
                          rows[:one] + [dict(rows[one], target="")] + rows[one + 1:]):
                self.assertEqual([route for route, _ in faults(acts.done, wrong)], [broken])

    def test_a_room_that_loses_its_row_is_found(self):
        """The planted bug: the table drops one kind of row, and the daemon takes it for written."""
        with Daemon(config="") as daemon:
            with sqlite3.connect(daemon.data / "state.db", timeout=20) as db:
                db.execute("CREATE TRIGGER planted BEFORE INSERT ON audit WHEN NEW.action = 'role.set' "
                           "BEGIN SELECT RAISE(IGNORE); END")
            acts = Acts(daemon)
            acts.call(daemon.admin, "PUT", "/roles/{name}", "role.set", "keeper", {"scopes": ["metrics:read"]},
                      path="/roles/keeper")
            acts.call(daemon.admin, "DELETE", "/roles/{name}", "role.delete", "keeper", path="/roles/keeper")
            self.assertEqual([route for route, _ in faults(acts.done, all_rows(daemon))], [("PUT", "/roles/{name}")])


if __name__ == "__main__":
    unittest.main()
