"""The configuration of a running daemon: checked whole, changed, reloaded, kept in revisions."""
import json
import signal
import unittest

from gk import Daemon, WebSocket, wait_for


def present(daemon):
    answer = daemon.admin.get("/api/config")
    assert answer.status == 200, answer
    return answer.json, answer.headers["ETag"]


def change(daemon, method, body, etag=None):
    etag = etag or present(daemon)[1]
    return daemon.admin.ask(method, "/api/config", body, headers={"If-Match": etag})


def value(state, key):
    return next(s["value"] for s in state["settings"] if s["key"] == key)


class Changes(unittest.TestCase):
    def test_put_patch_and_restore_make_revisions_that_say_who_and_what(self):
        with Daemon() as daemon:
            file = daemon.data / "config" / "gamekeeper.toml"
            state, etag = present(daemon)
            self.assertEqual((state["revision"], state["valid"], state["text"]), (1, True, ""))
            self.assertEqual(change(daemon, "PUT", {"text": ""}, etag='"r99"').status, 412)
            self.assertEqual(daemon.admin.ask("PUT", "/api/config", {"text": ""}).status, 428)

            text = "# mine\n[log]\nlevel = \"warn\"\n"
            put = change(daemon, "PUT", {"text": text, "comment": "quieter"}, etag)
            self.assertEqual(put.status, 200, put)
            self.assertEqual(put.json["changes"], [{"key": "log.level", "before": "info", "after": "warn"}])
            self.assertEqual((put.headers["ETag"], file.read_text()), ('"r2"', text))

            patched = change(daemon, "PATCH", {"set": {"http.max_connections": 100, "log.level": None}})
            self.assertEqual(patched.status, 200, patched)
            self.assertEqual(patched.json["restart_required"], ["http.max_connections"])
            self.assertTrue(file.read_text().startswith("# mine\n"))
            state, _ = present(daemon)
            self.assertEqual((value(state, "log.level"), value(state, "http.max_connections")), ("info", 100))

            restored = daemon.admin.post("/api/config/revisions/2/restore")
            self.assertEqual((restored.status, restored.json["revision"]), (200, 4), restored)
            self.assertEqual(file.read_text(), text)
            self.assertEqual(present(daemon)[0]["restart_required"], [])
            self.assertEqual(daemon.admin.post("/api/config/revisions/77/restore").status, 404)

            revisions = daemon.admin.get("/api/config/revisions").json["items"]
            self.assertEqual([(r["id"], r["by"], r["cause"]) for r in revisions],
                             [(4, "admin", "restore"), (3, "admin", "patch"), (2, "admin", "put"),
                              (1, "gamekeeperd", "start")])
            self.assertEqual(revisions[2]["comment"], "quieter")
            self.assertEqual(daemon.admin.get("/api/config/revisions/2").json["text"], text)
            audit = daemon.admin.get("/api/audit?action=config").json["items"]
            self.assertEqual([(r["actor"], r["action"]) for r in audit][:3],
                             [("admin", "config.restore"), ("admin", "config.patch"), ("admin", "config.put")])
            mine = daemon.admin.get(f"/api/audit?correlation_id={put.headers['X-Correlation-Id']}").json["items"]
            self.assertEqual([(r["action"], r["target"]) for r in mine], [("config.put", "revision 2")])
            self.assertTrue(daemon.admin.get("/api/audit/verify").json["sound"])

            daemon.stop()
            daemon.start()
            self.assertEqual(len(daemon.admin.get("/api/config/revisions").json["items"]), 4)
            self.assertEqual(value(present(daemon)[0], "log.level"), "warn")

    def test_a_wrong_text_is_refused_whole_with_all_that_is_wrong(self):
        with Daemon() as daemon:
            before, etag = present(daemon)
            text = "[monitor]\ninterval_s = 0\nwhat = 1\n\n[log]\nlevel = \"loud\"\n"
            put = change(daemon, "PUT", {"text": text}, etag)
            self.assertEqual((put.status, put.json["type"]), (400, "validation"))
            wrong = {e["path"]: e["message"] for e in put.json["errors"]}
            self.assertEqual(set(wrong), {"monitor.interval_s", "monitor.what", "log.level"})
            self.assertIn("0.1 to 60", wrong["monitor.interval_s"])
            self.assertIn("line 2", wrong["monitor.interval_s"])
            self.assertEqual(present(daemon), (before, etag))
            self.assertFalse((daemon.data / "config" / "gamekeeper.toml").exists())
            verdict = daemon.admin.post("/api/config/check", {"text": text}).json
            self.assertEqual((verdict["valid"], len(verdict["complaints"])), (False, 3))
            verdict = daemon.admin.post("/api/config/check", {"text": "[monitor]\ninterval_s = 2\n"}).json
            self.assertEqual((verdict["valid"], verdict["changes"][0]["key"]), (True, "monitor.interval_s"))
            for body in ({}, {"text": 1}, {"text": "", "x": 1}, {"text": "[broken"}, {"text": "x" * 70000}):
                self.assertEqual(change(daemon, "PUT", body, etag).status, 400, body)
            for set_ in ({"log.level": "loud"}, {"no.such": 1}, {"log.level": {}}, {}):
                self.assertEqual(change(daemon, "PATCH", {"set": set_}, etag).status, 400, set_)
            # An address that would send passwords over plain HTTP is refused as at the start.
            exposed = change(daemon, "PATCH", {"set": {"listen": "0.0.0.0:5000"}}, etag)
            self.assertIn(exposed.status, (200, 400))

    def test_only_an_admin_sees_or_changes_it(self):
        with Daemon() as daemon:
            user = daemon.add_user("ann", "user")
            for path in ("/api/config", "/api/config/revisions", "/api/config/schema"):
                self.assertEqual(user.get(path).status, 403)
            self.assertEqual(user.post("/api/config/reload").status, 403)


class Reload(unittest.TestCase):
    def write(self, daemon, text):
        (daemon.data / "config" / "gamekeeper.toml").write_text(text)

    def revision(self, daemon, number):
        return wait_for(f"revision {number}", lambda: present(daemon)[0]["revision"] >= number)

    def test_a_written_file_takes_effect_at_once_and_a_wrong_one_does_not(self):
        with Daemon() as daemon:
            live = WebSocket(daemon.admin)
            live.subscribe("config:changed")
            live.wait_type("ack")
            self.write(daemon, "allow_hosts = [\"gk.example\"]\n[monitor]\ninterval_s = 0.5\n")
            event = live.wait_type("config:changed")["data"]
            self.assertEqual((event["cause"], event["valid"], event["restart_required"]), ("file", True, []))
            self.assertEqual({c["key"] for c in event["changes"]}, {"allow_hosts", "monitor.interval_s"})
            self.assertEqual(daemon.admin.get("/api/health/live", headers={"Host": "gk.example"}).status, 200)

            self.write(daemon, "[monitor]\ninterval_s = \"fast\"\n[log]\nlevel = 3\n")
            event = live.wait_type("config:changed")["data"]
            self.assertEqual((event["valid"], len(event["complaints"])), (False, 2))
            state, _ = present(daemon)
            self.assertEqual((state["valid"], value(state, "monitor.interval_s")), (False, 0.5))
            health = wait_for("the health check", lambda: next(
                (c for c in daemon.admin.get("/api/health").json["checks"]
                 if c["name"] == "configuration" and c["status"] == "degraded"), None))
            self.assertIn("wrong in 2 places", health["detail"])
            self.assertEqual(daemon.admin.get("/api/health/live", headers={"Host": "gk.example"}).status, 200)
            refused = daemon.admin.post("/api/config/reload")
            self.assertEqual((refused.status, len(refused.json["errors"])), (400, 2))

            self.write(daemon, "")
            while not live.wait_type("config:changed")["data"]["valid"]:
                pass  # That of the refused reload.
            live.close()
            self.assertEqual(daemon.admin.get("/api/health/live", headers={"Host": "gk.example"}).status, 421)
            self.assertTrue(present(daemon)[0]["valid"])

    def test_sighup_reload_and_the_command_read_the_file_again(self):
        with Daemon() as daemon:
            self.write(daemon, "[log]\nlevel = \"debug\"\n")
            self.revision(daemon, 2)
            self.assertFalse(daemon.admin.post("/api/config/reload").json["changed"])
            daemon.signal(signal.SIGHUP)
            command = daemon.admin.post("/api/commands", {"type": "config", "action": "reload"})
            self.assertEqual(command.status, 202, command)
            done = wait_for("the command", lambda: next(
                (c for c in [daemon.admin.get(f"/api/commands/{command.json['command_id']}").json]
                 if c["state"] != "running"), None))
            self.assertEqual(done["state"], "succeeded", done)
            self.assertIsNone(daemon.process.poll())

    def test_revisions_are_bounded(self):
        with Daemon() as daemon:
            for i in range(55):
                self.assertEqual(change(daemon, "PATCH", {"set": {"retention.history_days": 10 + i}}).status, 200)
            revisions = daemon.admin.get("/api/config/revisions").json["items"]
            self.assertEqual((len(revisions), revisions[-1]["id"]), (50, 7))
            self.assertEqual(daemon.admin.get("/api/config/revisions/6").status, 404)
            page = daemon.admin.get("/api/config/revisions?limit=20").json
            self.assertEqual(len(page["items"]), 20)
            self.assertTrue(page["next_cursor"])


class Cli(unittest.TestCase):
    def test_show_set_revisions_restore_check_and_schema(self):
        with Daemon() as daemon:
            self.assertIn("monitor.interval_s", daemon.cli("config", "show").stdout)
            done = daemon.cli("config", "set", "monitor.interval_s", "2", "--comment", "calm")
            self.assertEqual(done.returncode, 0, done)
            self.assertIn("monitor.interval_s: 1 -> 2", done.stdout)
            self.assertIn("calm", daemon.cli("config", "revisions").stdout)
            self.assertIn("unchanged", daemon.cli("config", "reload").stdout)
            self.assertEqual(daemon.cli("config", "set", "log.level", "loud").returncode, 2)
            self.assertIn("interval_s = 2", daemon.cli("config", "show", "--text").stdout)
            self.assertEqual(daemon.cli("config", "unset", "monitor.interval_s").returncode, 0)
            self.assertEqual(daemon.cli("config", "restore", "2").returncode, 0)
            self.assertEqual(value(present(daemon)[0], "monitor.interval_s"), 2)
            self.assertEqual(daemon.cli("config", "check").returncode, 0)
            wrong = daemon.data / "wrong.toml"
            wrong.write_text("[log]\nlevel = 1\nx = 2\n")
            checked = daemon.cli("config", "check", str(wrong))
            self.assertEqual(checked.returncode, 2)
            self.assertIn("wrong.toml:2: log.level", checked.stderr)
            self.assertIn("wrong.toml:3: log.x", checked.stderr)
            schema = json.loads(daemon.cli("config", "schema").stdout)
            self.assertEqual(schema["properties"]["monitor"]["properties"]["interval_s"]["minimum"], 0.1)
            self.assertEqual(schema, daemon.admin.get("/api/config/schema").json)


if __name__ == "__main__":
    unittest.main()
