"""gamekeeper db: a backup of a running daemon can be put back, and damage is found."""
import json
import shutil
import tempfile
import unittest
import pathlib

from gk import PASSWORD, Daemon, wait_for


class Backup(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-backup-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def test_a_backup_of_a_running_daemon_brings_back_what_was_deleted(self):
        copy = str(self.folder / "monday")
        with Daemon() as daemon:
            daemon.add_user("marta", "user")
            (daemon.data / "config" / "macro_safety" / "club.safe.json").write_text('{"heal": {"max_duration": 30}}')
            done = daemon.cli("db", "backup", copy)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotEqual(daemon.cli("db", "backup", copy).returncode, 0, "never over another backup")
            users = {u["username"]: u["id"] for u in daemon.admin.get("/api/users").json["items"]}
            self.assertEqual(daemon.admin.ask("DELETE", f"/api/users/{users['marta']}").status, 204)
            refused = daemon.cli("db", "restore", copy)
            self.assertNotEqual(refused.returncode, 0, "while the daemon runs")
            self.assertIn(str(daemon.process.pid), refused.stderr)
            daemon.stop()
            done = daemon.cli("db", "restore", copy)
            self.assertEqual(done.returncode, 0, done.stderr)
            daemon.start()
            self.assertEqual(daemon.anonymous().login("marta").status, 200)
            admin = daemon.anonymous()
            self.assertEqual(admin.login("admin", PASSWORD).status, 200)
            self.assertEqual(admin.get("/api/macro-safety/profiles/heal").json["max_duration"], 30)
            aside = list(daemon.data.glob("before-restore-*"))
            self.assertEqual(len(aside), 1)
            self.assertTrue((aside[0] / "state.db").exists(), "what was there is kept")

    def test_a_backup_over_http_is_listed_audited_restored_and_deleted(self):
        with Daemon() as daemon:
            admin = daemon.admin
            self.assertEqual(admin.get("/api/backups").json, {"items": [], "next_cursor": None})
            daemon.add_user("marta", "user")
            made = admin.post("/api/backups")
            self.assertEqual(made.status, 201, made)
            name, path = made.json["name"], pathlib.Path(made.json["path"])
            self.assertEqual(made.json["state"], "ready")
            self.assertEqual(made.json["bytes"], sum((path / f).stat().st_size for f in ("state.db", "telemetry.db")))
            self.assertEqual(path.stat().st_mode & 0o077, 0, "others may read the backup")
            self.assertEqual([b["name"] for b in admin.get("/api/backups").json["items"]], [name])
            self.assertEqual(admin.ask("DELETE", "/api/backups/..%2Fstate.db").status, 400)
            self.assertEqual(admin.ask("DELETE", "/api/backups/2026-01-01-000000").status, 404)
            marta = daemon.anonymous()
            self.assertEqual(marta.login("marta").status, 200)
            self.assertEqual([marta.get("/api/backups").status, marta.post("/api/backups").status], [403, 403])
            users = {u["username"]: u["id"] for u in admin.get("/api/users").json["items"]}
            self.assertEqual(admin.ask("DELETE", f"/api/users/{users['marta']}").status, 204)
            daemon.stop()
            done = daemon.cli("db", "restore", str(path))
            self.assertEqual(done.returncode, 0, done.stderr)
            daemon.start()
            self.assertEqual(daemon.anonymous().login("marta").status, 200)
            admin = daemon.anonymous()
            self.assertEqual(admin.login("admin", PASSWORD).status, 200)
            self.assertEqual(admin.ask("DELETE", f"/api/backups/{name}").status, 204)
            self.assertFalse(path.exists())
            audit = admin.get("/api/audit?action=backup").json["items"]
            self.assertEqual([(r["actor"], r["action"], r["target"]) for r in audit],
                             [("admin", "backup.delete", name), ("admin", "backup.create", "")])
            self.assertEqual(daemon.cli("audit", "verify").returncode, 0)

    def test_a_missed_backup_of_the_schedule_is_made_at_the_start_and_the_old_one_goes(self):
        with Daemon(config="") as daemon:
            mine = daemon.admin.post("/api/backups").json
            daemon.stop()
            # As if the schedule had made it in 2026's first minute, and the daemon had been off since.
            folder = pathlib.Path(mine["path"]).parent
            old = folder / "2026-01-01-000000-scheduled"
            shutil.copytree(mine["path"], old)
            manifest = json.loads((old / "backup.json").read_text())
            manifest["created_at"] = "2026-01-01T00:00:00.000Z"
            (old / "backup.json").write_text(json.dumps(manifest))
            daemon.config = '[backups]\nschedule = "30 4 * * *"\ntime_zone = "Europe/Berlin"\nkeep = 1\n'
            daemon.start()
            admin = daemon.anonymous()
            self.assertEqual(admin.login("admin", PASSWORD).status, 200)
            names = lambda: [b["name"] for b in admin.get("/api/backups").json["items"] if b["state"] == "ready"]
            wait_for("the backup that was missed", lambda: len(names()) == 2 and str(old.name) not in names())
            made = [b for b in admin.get("/api/backups").json["items"] if b["scheduled"]]
            self.assertEqual(len(made), 1)
            self.assertEqual(names(), sorted([made[0]["name"], mine["name"]], reverse=True), "the one that a person made stays")
            self.assertFalse(old.exists())
            check = wait_for("the check", lambda: next((c for c in admin.get("/api/health").json["checks"] if c["name"] == "backups"), None))
            self.assertEqual(check["status"], "ok", check)
            self.assertIn("next at", check["detail"])
            daemon.stop()
            done = daemon.cli("db", "restore", made[0]["path"])
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_damage_is_found_and_never_restored(self):
        copy = self.folder / "copy"
        with Daemon() as daemon:
            self.assertEqual(daemon.cli("db", "check").returncode, 0)
            self.assertEqual(daemon.cli("db", "backup", str(copy)).returncode, 0)
            self.assertEqual(daemon.cli("db", "check", str(copy), "--full").returncode, 0)
            file = copy / "state.db"
            content = bytearray(file.read_bytes())
            for at in range(8192, len(content) - 4096, 4096):
                content[at:at + 64] = b"\xff" * 64
            file.write_bytes(content)
            done = daemon.cli("db", "check", str(copy))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("DAMAGED", done.stdout)
            self.assertIn("state.db", done.stdout)
            daemon.stop()
            before = (daemon.data / "state.db").read_bytes()
            refused = daemon.cli("db", "restore", str(copy))
            self.assertNotEqual(refused.returncode, 0)
            self.assertEqual((daemon.data / "state.db").read_bytes(), before)

    def test_what_is_no_backup_is_named(self):
        with Daemon(setup=False) as daemon:
            daemon.stop()
            refused = daemon.cli("db", "restore", str(self.folder))
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("is no backup", refused.stderr)


if __name__ == "__main__":
    unittest.main()
