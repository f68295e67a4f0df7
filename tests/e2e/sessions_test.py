"""Sessions, modes and commands against a real daemon: the literal forms, the six quick actions,
permissions, topics, restart."""
import time
import unittest

from gk import Daemon, WebSocket, alive, wait_for

SLEEPER = ["/bin/sleep", "300"]


def command(browser, **body):
    """Sends a command; its record when it has ended."""
    answer = browser.post("/api/commands", body)
    assert answer.status == 202, answer
    path = f"/api/commands/{answer.json['command_id']}"
    return wait_for("the command to end",
                    lambda: (r := browser.get(path).json)["state"] != "running" and r)


def mode(browser, name, *macros):
    answer = browser.ask("PUT", f"/api/modes/{name}", {"macros": [{"macro_id": m} for m in macros],
                                                       "settings": {"zone": "north"}})
    assert answer.status == 200, answer


class Sessions(unittest.TestCase):
    def test_literal_forms_and_what_they_leave(self):
        with Daemon() as d:
            mode(d.admin, "farm", "heal", "buff")
            with_socket = WebSocket(d.admin)
            with_socket.subscribe("session:started", "mode:started", "command:result",
                                  "mode:stopped", "session:stopped")
            started = command(d.admin, type="session", action="start", character_name="Hero One")
            self.assertEqual(started["state"], "succeeded", started)
            session = started["result"]["session"]
            self.assertEqual((session["character_name"], session["state"]), ("Hero One", "running"))
            self.assertEqual(with_socket.wait_type("session:started")["data"]["id"], session["id"])
            executed = command(d.admin, type="mode", action="execute", mode_name="farm")
            self.assertEqual([m["outcome"] for m in executed["result"]["macros"]], ["started"] * 2)
            self.assertEqual(with_socket.wait_type("mode:started")["data"]["session_id"], session["id"])
            active = d.admin.get("/api/macro-safety/active-macros").json["items"]
            self.assertEqual({m["session_id"] for m in active}, {session["id"]})
            stopped = command(d.admin, type="session", action="stop")
            self.assertEqual(sorted(stopped["result"]["stopped_macros"]), ["buff", "heal"])
            self.assertEqual(with_socket.wait_type("session:stopped")["data"]["id"], session["id"])
            self.assertEqual(d.admin.get("/api/macro-safety/active-macros").json["items"], [])
            metrics = d.admin.get("/api/metrics/prometheus").body.decode()
            self.assertIn('gamekeeper_mode_executions_total{character="Hero One",mode="farm"} 1', metrics)
            self.assertIn('gamekeeper_feature_uses_total{feature="mode.execute"} 1', metrics)

    def test_six_quick_actions_are_one_post_each(self):
        with Daemon() as d:
            quick = [({"type": "session", "action": "start", "character_name": "A"}, "succeeded"),
                     ({"type": "session", "action": "pause"}, "succeeded"),
                     ({"type": "session", "action": "stop"}, "succeeded"),
                     ({"type": "config", "action": "reload"}, None),
                     ({"type": "diagnostics", "action": "run"}, "succeeded"),
                     ({"type": "emergency", "action": "stop"}, "succeeded")]
            for body, state in quick:
                record = command(d.admin, **body)
                if state:
                    self.assertEqual(record["state"], state, record)
                else:  # until it is connected, or done: never silent
                    self.assertTrue(record["state"] == "succeeded" or
                                    record["error"]["type"] == "unavailable", record)
            history = d.admin.get("/api/commands/history?limit=4").json
            self.assertEqual(history["items"][0]["type"], "emergency")
            self.assertEqual(len(d.admin.get(f"/api/commands/history?cursor={history['next_cursor']}")
                                 .json["items"]), 2)

    def test_emergency_stop_kills_what_a_session_runs(self):
        with Daemon() as d:
            started = command(d.admin, type="session", action="start", character_name="A")
            session = started["result"]["session"]["id"]
            macro = d.admin.post("/api/macro-safety/start", {"macro_id": "burn", "command": SLEEPER,
                                                             "session_id": session})
            self.assertEqual(macro.status, 201, macro)
            pid = macro.json["pid"]
            record = command(d.admin, type="emergency", action="stop")
            self.assertEqual(record["result"], {"stopped": 1})
            wait_for("the process to be gone", lambda: not alive(pid))
            now = d.admin.get(f"/api/sessions/{session}").json
            self.assertEqual(now["state"], "stopped")
            self.assertEqual(now["reason"], "Emergency stop by admin")
            self.assertEqual(now["stats"]["macros_cancelled"], 1)
            event = d.admin.get("/api/macro-safety/cancellations").json["items"][0]
            self.assertEqual(event["session_id"], session)

    def test_unknown_and_malformed_commands_name_what_is_allowed(self):
        with Daemon() as d:
            for body, said in (({"type": "rocket", "action": "go"}, "session, mode, macro, config"),
                               ({"type": "session", "action": "go"}, "start, pause, stop"),
                               ({"type": "mode", "action": "execute", "mode_name": "../x"}, "a-z, 0-9"),
                               ({"action": "start"}, "type"),
                               ({"type": "macro", "action": "stop", "macro_id": "a", "x": 1}, "unknown key"),
                               ([1, 2], "object")):
                answer = d.admin.post("/api/commands", body)
                self.assertEqual(answer.status, 400, answer)
                self.assertEqual(answer.json["type"].rpartition("/")[2], "validation")
                self.assertIn(said, str(answer.json["errors"]))
            missing = command(d.admin, type="session", action="stop", session_id="nobody")
            self.assertEqual((missing["state"], missing["error"]["type"]), ("failed", "not-found"))
            self.assertEqual(d.admin.get("/api/commands/nothing").status, 404)
            self.assertEqual(len(d.admin.get("/api/commands/history").json["items"]), 1,
                             "what was refused left no trace")

    def test_a_mode_runs_the_library_macro_of_its_name_and_pauses_it(self):
        with Daemon() as d:
            wait = {"type": "pause", "delay_ms": 60_000}
            made = d.admin.ask("PUT", "/api/macro-scripts/dig",
                               {"steps": {"name": "x", "actions": [wait], "variables": {"zone": "south"}}})
            self.assertEqual(made.status, 201, made)
            mode(d.admin, "farm", "dig")
            started = command(d.admin, type="session", action="start", character_name="A",
                              mode_name="farm")
            self.assertEqual(started["result"]["macros"][0]["outcome"], "started", started)
            paused = command(d.admin, type="session", action="pause")
            self.assertEqual(paused["result"]["not_paused"], [], paused)
            active, = d.admin.get("/api/macro-safety/active-macros").json["items"]
            self.assertEqual((active["kind"], active["state"]), ("script", "paused"))
            self.assertEqual(active["session_id"], started["result"]["session"]["id"])
            command(d.admin, type="session", action="stop")
            self.assertEqual(d.admin.get("/api/macro-safety/active-macros").json["items"], [])

    def test_each_type_needs_its_scope(self):
        with Daemon() as d:
            user, viewer = d.add_user("ulla", "user"), d.add_user("vera", "viewer")
            self.assertEqual(viewer.post("/api/commands", {"type": "diagnostics", "action": "run"}).status, 403)
            self.assertEqual(command(user, type="diagnostics", action="run")["state"], "succeeded")
            refused = user.post("/api/commands", {"type": "config", "action": "reload"})
            self.assertEqual(refused.status, 403)
            self.assertIn("config:write", refused.json["detail"])
            self.assertEqual(d.anonymous().get("/api/sessions").status, 401)
            self.assertEqual(viewer.get("/api/sessions").status, 200)
            self.assertEqual(viewer.post("/api/sessions", {"character_name": "V"}).status, 403)

    def test_crud_and_restart(self):
        with Daemon() as d:
            mode(d.admin, "farm", "heal")
            made = d.admin.post("/api/sessions", {"character_name": "Ünal", "mode": "farm"})
            self.assertEqual((made.status, made.json["state"]), (201, "created"))
            path = f"/api/sessions/{made.json['id']}"
            self.assertEqual(d.admin.ask("PATCH", path, {"mode": "no-such"}).status, 404)
            started = d.admin.post(path + "/start")
            self.assertEqual(started.json["macros"][0]["outcome"], "started", started)
            self.assertEqual(d.admin.post(path + "/start").status, 409)
            self.assertEqual(d.admin.ask("DELETE", path).status, 409)
            self.assertEqual(d.admin.ask("DELETE", "/api/modes/farm").status, 409)
            d.process.kill()
            d.process.wait()
            d.start()
            after = d.admin.get(path).json
            self.assertEqual(after["state"], "interrupted")
            self.assertIn("while it was running", after["reason"])
            self.assertEqual(d.admin.get("/api/modes/farm").json["settings"], {"zone": "north"})
            again = d.admin.post(path + "/start")
            self.assertEqual(again.json["session"]["state"], "running", again)
            time.sleep(1.2)
            d.stop()
            d.start()
            after = d.admin.get(path).json
            self.assertEqual(after["state"], "interrupted")
            self.assertGreater(after["stats"]["running_s"], 1.0, "a clean stop loses nothing")
            self.assertGreater(after["ended"], after["started"])
            self.assertEqual(d.admin.post(path + "/start").status, 200)
            self.assertEqual(d.admin.post(path + "/stop").json["stopped_macros"], ["heal"])
            self.assertEqual(d.admin.ask("DELETE", path).json, {"deleted": made.json["id"]})
            self.assertEqual(d.admin.get(path).status, 404)

    def test_a_command_that_ran_when_the_daemon_died_has_failed(self):
        with Daemon() as d:
            record = command(d.admin, type="diagnostics", action="run")
            d.process.kill()
            d.process.wait()
            d.start()
            again = d.admin.get(f"/api/commands/{record['command_id']}").json
            # The result may have been lost with the process; the command itself may not.
            self.assertIn(again["state"], ("succeeded", "failed"))
            self.assertEqual(again["request"], {"type": "diagnostics", "action": "run"})

    def test_command_line(self):
        with Daemon() as d:
            mode(d.admin, "farm", "heal")
            self.assertEqual(d.cli("mode", "list").stdout.split()[:2], ["MODE", "MACROS"])
            self.assertEqual(d.cli("session", "start", "Hero", "--mode", "farm").returncode, 0)
            listed = d.cli("session", "list").stdout
            self.assertIn("Hero", listed)
            self.assertIn("running", listed)
            self.assertIn("succeeded", d.cli("command", "diagnostics", "run").stdout)
            self.assertEqual(d.cli("session", "stop").returncode, 0)
            wrong = d.cli("command", "rocket", "start")
            self.assertEqual(wrong.returncode, 2, wrong)
            self.assertIn("expected one of session, mode", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
