"""Players' data: one export and one deletion reach every room, and the audit never names a player."""
import contextlib
import json
import sqlite3
import stat
import time
import unittest

from gk import Daemon, wait_for

PLAYER = "mallory of the hill"
PATH = "/api/players/mallory%20of%20the%20hill"


class Players(unittest.TestCase):
    def fill(self, daemon):
        admin = daemon.admin
        started = admin.post("/api/movement/recording/start", {"name": "evening"})
        self.assertLess(started.status, 300, started)
        for who in (PLAYER, "bob"):
            claims = admin.post("/api/samples", {"samples": [{"signal": "fps", "value": 44, "subject": who}]})
            self.assertEqual(claims.status, 200, claims)
            items = [{"player": who, "seq": n, "client_ms": 50 * n, "server_ms": 50 * n, "x": x, "y": 0}
                     for n, x in [*((n, 0.2 * n) for n in range(1, 20)), (20, 400)]]
            moved = admin.post("/api/movement/validate", {"items": items, "session": {"max_speed": 5}})
            self.assertEqual(moved.status, 200, moved)
        self.assertLess(admin.post("/api/movement/recording/stop").status, 300)
        wait_for("the series", lambda: {"referee", "series", "recordings"} <= set(self.parts(daemon)))

    def parts(self, daemon, path=PATH):
        answer = daemon.admin.get(path + "/export")
        return answer.json["data"]["parts"] if answer.status == 200 else {}

    def test_export_and_deletion_reach_all_rooms_and_survive_a_restart(self):
        with Daemon() as daemon:
            self.fill(daemon)
            parts = self.parts(daemon)
            self.assertEqual(parts["series"][0]["samples"][0]["value"], 44)
            self.assertEqual(parts["recordings"][0]["file"], "evening.jsonl")
            file = daemon.data / "export.json"
            done = daemon.cli("player", "export", PLAYER, "--output", str(file))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            self.assertEqual(set(json.loads(file.read_text())["data"]["parts"]), set(parts))
            file.unlink()
            refused = daemon.cli("player", "delete", PLAYER)
            self.assertEqual(refused.returncode, 2, "without --yes")
            done = daemon.cli("--json", "player", "delete", PLAYER, "--yes")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(set(json.loads(done.stdout)["erased"]), {"referee", "series", "recordings"})
            pseudonym = json.loads(done.stdout)["pseudonym"]
            self.assertEqual(daemon.admin.get(PATH + "/export").status, 404)
            self.assertEqual(daemon.admin.ask("DELETE", PATH).status, 404)
            self.assertIn("series", self.parts(daemon, "/api/players/bob"), "nobody else is forgotten")
            rows = daemon.admin.get("/api/audit?action=player").json["items"]
            self.assertIn(("player.delete", pseudonym), [(r["action"], r["target"]) for r in rows])
            self.assertTrue(daemon.admin.get("/api/audit/verify").json["sound"])
            daemon.stop()
            daemon.start()
            self.assertEqual(daemon.admin.get(PATH + "/export").status, 404)
            daemon.stop()
            for found in daemon.data.rglob("*"):  # The negative control: bob is still found.
                if found.is_file() and found.suffix in (".db", ".jsonl"):
                    self.assertNotIn(b"mallory", found.read_bytes(), found)
            self.assertIn(b"bob", (daemon.data / "movement" / "evening.jsonl").read_bytes())

    def test_only_an_administrator_may_and_a_name_must_be_one(self):
        with Daemon() as daemon:
            viewer = daemon.add_user("vera", "viewer")
            self.assertEqual(viewer.get(PATH + "/export").status, 403)
            self.assertEqual(viewer.ask("DELETE", PATH).status, 403)
            self.assertEqual(daemon.anonymous().get(PATH + "/export").status, 401)
            self.assertEqual(daemon.admin.get("/api/players/" + "x" * 129 + "/export").status, 400)
            self.assertEqual(daemon.admin.get("/api/players/a%0Ab/export").status, 400)

    def test_a_running_recording_keeps_the_deletion_from_being_called_done(self):
        with Daemon() as daemon:
            self.fill(daemon)
            self.assertLess(daemon.admin.post("/api/movement/recording/start", {"name": "night"}).status, 300)
            refused = daemon.admin.ask("DELETE", PATH)
            self.assertEqual(refused.status, 503, refused)
            self.assertIn("recordings: a recording runs", refused.json["detail"])
            self.assertLess(daemon.admin.post("/api/movement/recording/stop").status, 300)
            self.assertEqual(daemon.admin.ask("DELETE", PATH).json["erased"], ["recordings"])

    def test_what_is_older_than_its_retention_is_forgotten(self):
        with Daemon() as daemon:
            daemon.stop()
            now = int(time.time() * 1e6)
            with contextlib.closing(sqlite3.connect(daemon.data / "state.db")) as db, db:
                for who, days in (("old-timer", 40), ("newcomer", 3)):
                    db.execute("INSERT INTO referee_baselines (player, updated_at_us, sessions, minutes, "
                               "gaps_per_minute, rtt_ms, interval_ms, nominal_ms) VALUES (?, ?, 3, 60, 0, 40, 50, 50)",
                               (who, now - days * 86_400_000_000))
            daemon.start()
            self.assertIn("referee", self.parts(daemon, "/api/players/old-timer"), "kept without a setting")
            daemon.stop()
            daemon.config = "[retention]\nplayer_days = 30\n"
            daemon.start()
            self.assertEqual(self.parts(daemon, "/api/players/old-timer"), {})
            self.assertIn("referee", self.parts(daemon, "/api/players/newcomer"))


if __name__ == "__main__":
    unittest.main()
