"""Storage as an operator meets it: full and read-only disks, damaged, lost and newer files, updates."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time
import unittest

from gk import BIN, DEADLINE, PASSWORD, Daemon, alive, wait_for

MODULE = "/api/lock-modules/"


def mounts_allowed():
    return os.geteuid() == 0


class Mount:
    """A file system of its own for a data folder."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-mount-"))
        subprocess.run(["mount", *self.options, str(self.folder)], check=True)
        self.data = self.folder / "data"
        self.data.mkdir()
        return self

    def __exit__(self, *failure):
        subprocess.run(["umount", "-l", str(self.folder)], check=True)
        self.folder.rmdir()


class Loop:
    """An ext4 file system in a file, which turns read-only at an error, as a failing disk's does."""

    def __enter__(self):
        self.image = tempfile.NamedTemporaryFile(prefix="gk-image-")
        self.image.truncate(48 << 20)
        subprocess.run(["mkfs.ext4", "-q", self.image.name], check=True)
        self.device = subprocess.run(["losetup", "-f", "--show", self.image.name], check=True, text=True,
                                     capture_output=True).stdout.strip()
        try:
            self.mount = Mount("-o", "errors=remount-ro", self.device).__enter__()
        except BaseException:
            subprocess.run(["losetup", "-d", self.device], check=True)
            raise
        return self

    def break_it(self):
        pathlib.Path(f"/sys/fs/ext4/{pathlib.Path(self.device).name}/trigger_fs_error").write_text("1")

    def __exit__(self, *failure):
        self.mount.__exit__(*failure)
        subprocess.run(["losetup", "-d", self.device], check=True)
        self.image.close()


def fill(folder):
    """Takes all the space there is; returns the file that holds it."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(b"x" * 16)
    return ballast


def put_module(daemon, name, priority):
    return daemon.admin.ask("PUT", MODULE + name, {"priority": priority})


def metric(daemon, name, labels=""):
    text = daemon.admin.get("/api/metrics/prometheus").body.decode()
    found = re.search(rf"^{re.escape(name)}{re.escape(labels)} (\S+)$", text, re.M)
    return float(found[1]) if found else None


class Disk(unittest.TestCase):
    def refuses_and_recovers(self, daemon, break_disk, mend_disk, reason):
        admin = daemon.admin
        self.assertIn(put_module(daemon, "healer", 10).status, (200, 201))
        started = admin.post("/api/macro-safety/start", {"macro_id": "dance", "command": ["/bin/sleep", "600"]})
        self.assertIn(started.status, (200, 201, 202), started)
        pid = wait_for("the macro's process", lambda: next(
            (m.get("pid") for m in admin.get("/api/macro-safety/active-macros").json["items"] if m.get("pid")), None))
        break_disk()
        refused = wait_for("a refusal", lambda: (lambda a: a if a.status >= 400 else None)(
            put_module(daemon, "healer", int(time.monotonic() * 1000) % 100)))
        self.assertEqual(refused.status, 503, refused)
        self.assertEqual(refused.json["type"].rpartition("/")[2], "unavailable")
        self.assertIn("not made", refused.json["detail"])
        self.assertRegex(refused.json["detail"].lower(), reason)
        self.assertIn("state.db", refused.json["detail"])
        self.assertEqual(admin.get(MODULE + "healer").status, 200, "reading goes on")
        self.assertEqual(admin.get("/api/audit").status, 200, "also from the file")
        self.assertEqual(metric(daemon, "gamekeeper_store_failing", '{store="state"}'), 1)
        health = wait_for("a failed check", lambda: (lambda a: a if a.status == 503 else None)(
            admin.get("/api/health/database")))
        self.assertRegex(health.json["detail"].lower(), reason)
        self.assertEqual(daemon.anonymous().get("/api/health").json["status"], "failed")
        self.assertEqual(daemon.anonymous().get("/api/health/live").status, 200)
        stopped = admin.post("/api/macro-safety/stop-all")
        self.assertLess(stopped.status, 300, stopped)
        wait_for("the macro to end without a disk", lambda: not alive(pid))
        if mend_disk is None:
            return
        mend_disk()
        wait_for("writes to work again", lambda: put_module(daemon, "healer", 77).status == 200)
        self.assertEqual(metric(daemon, "gamekeeper_store_failing", '{store="state"}'), 0)
        wait_for("health", lambda: admin.get("/api/health/database").status == 200)
        daemon.stop()
        daemon.start()
        self.assertEqual(admin.get(MODULE + "healer").json["priority"], 77)

    @unittest.skipUnless(mounts_allowed(), "mounts a file system")
    def test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room(self):
        with Mount("-t", "tmpfs", "-o", "size=12m", "tmpfs") as mount, Daemon(data=mount.data) as daemon:
            ballast = None

            def break_disk():
                nonlocal ballast
                ballast = fill(mount.folder)

            # WAL space that is there is reused: write until it is used up.
            def refuse():
                break_disk()
                for n in range(3000):
                    if put_module(daemon, f"m{n % 50}", n % 100).status >= 400:
                        return
                self.fail("a full disk took 3,000 writes")

            self.refuses_and_recovers(daemon, refuse, lambda: ballast.unlink(), "full")
            self.assertEqual(daemon.cli("db", "check", "--full").returncode, 0)

    @unittest.skipUnless(mounts_allowed(), "mounts a file system")
    def test_a_backup_that_finds_no_room_is_503_and_leaves_nothing(self):
        with Mount("-t", "tmpfs", "-o", "size=12m", "tmpfs") as mount, Daemon(data=mount.data) as daemon:
            first = daemon.admin.post("/api/backups")
            self.assertEqual(first.status, 201, "with room")
            ballast = fill(mount.folder)
            # Room for the row of the audit, not for a copy of the databases.
            room = pathlib.Path(first.json["path"], "state.db").stat().st_size // 2
            os.truncate(ballast, ballast.stat().st_size - room)
            before = sorted(p.name for p in (daemon.data / "backups").iterdir())
            time.sleep(1.1)  # The name of a backup is its second.
            refused = daemon.admin.post("/api/backups")
            self.assertEqual((refused.status, refused.json["type"]), (503, "unavailable"), refused)
            self.assertIn("could not be made", refused.json["detail"])
            self.assertEqual(sorted(p.name for p in (daemon.data / "backups").iterdir()), before)
            ballast.unlink()
            self.assertEqual(daemon.admin.post("/api/backups").status, 201, "with room again")

    @unittest.skipUnless(mounts_allowed(), "mounts a file system")
    def test_a_backup_of_the_schedule_that_finds_no_room_is_told_and_costs_no_old_one(self):
        with Mount("-t", "tmpfs", "-o", "size=12m", "tmpfs") as mount, Daemon(data=mount.data, config="") as daemon:
            made = pathlib.Path(daemon.admin.post("/api/backups").json["path"])
            daemon.stop()
            # As if the schedule had made it long ago: one is due at the start.
            old = made.rename(made.with_name("2026-01-01-000000-scheduled"))
            manifest = json.loads((old / "backup.json").read_text())
            (old / "backup.json").write_text(json.dumps({**manifest, "created_at": "2026-01-01T00:00:00.000Z"}))
            daemon.config = '[backups]\nschedule = "30 4 * * *"\nkeep = 1\n'
            ballast = fill(mount.folder)
            # Room for the start, not for a copy of the databases.
            os.truncate(ballast, ballast.stat().st_size - (old / "state.db").stat().st_size // 2)
            daemon.start()
            admin = daemon.anonymous()
            self.assertEqual(admin.login("admin", PASSWORD).status, 200)
            check = lambda status: wait_for(f"backups to be {status}", lambda: next(
                (c for c in admin.get("/api/health").json["checks"] if c["name"] == "backups" and c["status"] == status), None))
            told = check("degraded")
            self.assertIn("could not be made", told["detail"])
            self.assertIn("2026-01-01", told["detail"], "which the last whole one is")
            self.assertEqual([p.name for p in (daemon.data / "backups").iterdir()], [old.name])
            self.assertIn("backup.schedule_failed", (daemon.data / "logs" / "gamekeeper.log").read_text())
            ballast.unlink()
            daemon.stop()
            daemon.start()
            check("ok")
            wait_for("the old one to go, a new one being whole", lambda: not old.exists())
            self.assertEqual(len(list((daemon.data / "backups").glob("*-scheduled"))), 1)

    @unittest.skipUnless(mounts_allowed(), "mounts a file system")
    def test_telemetry_waits_in_memory_for_a_full_disk_and_is_saved_later(self):
        config = "[monitor]\ninterval_s = 0.1\n"
        with Mount("-t", "tmpfs", "-o", "size=12m", "tmpfs") as mount, \
                Daemon(data=mount.data, config=config) as daemon:
            ballast = fill(mount.folder)
            failures = "gamekeeper_series_save_failures_total"
            wait_for("a batch that cannot be saved", lambda: metric(daemon, failures) or None, 60)
            self.assertEqual(metric(daemon, "gamekeeper_series_unsaved_lost_samples_total"), 0)
            self.assertEqual(metric(daemon, "gamekeeper_store_failing", '{store="telemetry"}'), 1)
            check = wait_for("a degraded check", lambda: (lambda c: c if c["status"] == "degraded" else None)(
                daemon.admin.get("/api/health/telemetry").json))
            self.assertIn("wait in memory", check["detail"])
            during = daemon.admin.get("/api/metrics/series?name=cpu_usage").json
            self.assertTrue(any(p["value"] is not None for p in during["points"]))
            ballast.unlink()
            daemon.stop()
            newest = self.samples(daemon.data, "cpu_usage")
            stamps = [t for t, _ in newest]
            self.assertEqual(stamps, sorted(stamps))
            self.assertLess(max(b - a for a, b in zip(stamps, stamps[1:])), 1_500_000, "no gap in what was saved")

    @staticmethod
    def samples(data, name):
        with contextlib.closing(sqlite3.connect(data / "telemetry.db")) as db:
            rows = db.execute("SELECT data FROM series_chunk c JOIN series s ON s.id = c.series_id "
                              "WHERE s.name = ? AND s.subject = '' ORDER BY c.rowid", (name,)).fetchall()
        return [pair for (blob,) in rows for pair in struct.iter_unpack("<qd", blob)]

    @unittest.skipUnless(mounts_allowed() and shutil.which("losetup"), "mounts a file system")
    def test_a_disk_that_turned_read_only_refuses_writes_and_nothing_else(self):
        with Loop() as loop, Daemon(data=loop.mount.data) as daemon:
            # What was mounted read-only by an error stays so until it is repaired and mounted anew.
            self.refuses_and_recovers(daemon, loop.break_it, None, "i/o error|read-?only")

    @unittest.skipUnless(mounts_allowed(), "mounts a file system")
    def test_a_read_only_data_folder_at_the_start_is_named(self):
        with Mount("-t", "tmpfs", "-o", "size=12m", "tmpfs") as mount:
            with Daemon(data=mount.data) as daemon:
                daemon.stop()
                subprocess.run(["mount", "-o", "remount,ro", str(mount.folder)], check=True)
                ended = start_and_end(daemon)
                self.assertEqual(ended.returncode, 5)
                self.assertIn("Read-only file system", ended.stdout + ended.stderr)
                self.assertIn(str(mount.data), ended.stdout + ended.stderr)
                subprocess.run(["mount", "-o", "remount,rw", str(mount.folder)], check=True)
                daemon.start()


def start_and_end(daemon):
    """Starts a daemon that must end by itself."""
    return subprocess.run([str(BIN / "gamekeeperd"), "--data", str(daemon.data), "--listen", "127.0.0.1:0"],
                          text=True, capture_output=True, timeout=DEADLINE)


def damage(file):
    content = bytearray(file.read_bytes())
    for at in range(4096, len(content), 4096):
        content[at:at + 64] = b"\xff" * 64
    file.write_bytes(content)


class Files(unittest.TestCase):
    def test_a_damaged_state_db_ends_the_start_and_is_not_touched(self):
        with Daemon() as daemon:
            copy = str(daemon.data) + "-copy"
            self.addCleanup(shutil.rmtree, copy, True)
            self.assertEqual(daemon.cli("db", "backup", copy).returncode, 0)
            daemon.process.kill()  # An unclean end, after which the file is checked.
            daemon.process.wait()
            with contextlib.closing(sqlite3.connect(daemon.data / "state.db")) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            damage(daemon.data / "state.db")
            (daemon.data / "state.db-wal").write_bytes(b"of a writer that was killed")
            before = (daemon.data / "state.db").read_bytes()
            ended = start_and_end(daemon)
            text = ended.stdout + ended.stderr
            self.assertEqual(ended.returncode, 9, text)
            self.assertIn("state.db", text)
            self.assertIn("db check --full", text)
            self.assertIn("db restore", text)
            self.assertEqual((daemon.data / "state.db").read_bytes(), before)
            self.assertEqual(daemon.cli("db", "restore", copy).returncode, 0)
            daemon.start()
            self.assertEqual(daemon.anonymous().login("admin", PASSWORD).status, 200)

    def test_a_file_that_is_no_database_ends_the_start(self):
        with Daemon() as daemon:
            daemon.stop()
            (daemon.data / "state.db").write_bytes(b"holiday photographs " * 1000)
            ended = start_and_end(daemon)
            self.assertEqual(ended.returncode, 9, ended)
            self.assertIn("db restore", ended.stdout + ended.stderr)

    def test_a_lost_state_db_is_not_a_first_start(self):
        with Daemon() as daemon:
            daemon.stop()
            for file in daemon.data.glob("state.db*"):
                file.unlink()
            ended = start_and_end(daemon)
            self.assertEqual(ended.returncode, 4, ended)
            self.assertIn("is missing", ended.stdout + ended.stderr)
            self.assertFalse((daemon.data / "state.db").exists())
            self.assertFalse((daemon.data / "setup-code").exists(), "nobody is offered the setup")

    def test_a_damaged_telemetry_db_is_set_aside_and_a_new_one_begun(self):
        with Daemon() as daemon:
            for round in range(4):
                daemon.stop()
                (daemon.data / "telemetry.db").write_bytes(b"not a database, %d " % round * 1000)
                daemon.start()
                self.assertIn("telemetry.db is damaged", "".join(daemon.lines))
                self.assertEqual(metric(daemon, "gamekeeper_store_set_aside_total", '{store="telemetry"}'), 1)
            kept = sorted(p for p in daemon.data.glob("telemetry.db.corrupt-*"))
            self.assertEqual(len(kept), 2, kept)
            self.assertIn(b"not a database, 3", kept[-1].read_bytes())
            self.assertIn(put_module(daemon, "healer", 10).status, (200, 201))
            daemon.stop()
            self.assertEqual(daemon.cli("db", "check").returncode, 0)

    def test_a_newer_database_is_refused_and_not_touched(self):
        with Daemon() as daemon:
            for name, room in (("state.db", "accounts"), ("telemetry.db", "monitor")):
                daemon.stop()
                with contextlib.closing(sqlite3.connect(daemon.data / name)) as db, db:
                    db.execute("INSERT INTO gamekeeper_migrations VALUES (?, 99, 'from the future', 'x', 0)", (room,))
                ended = start_and_end(daemon)
                text = ended.stdout + ended.stderr
                self.assertEqual(ended.returncode, 4, text)
                self.assertIn("newer than this program", text)
                self.assertIn(f"{room}/99", text)
                with contextlib.closing(sqlite3.connect(daemon.data / name)) as db, db:
                    db.execute("DELETE FROM gamekeeper_migrations WHERE number = 99")
            daemon.start()

    def test_an_edited_migration_is_refused(self):
        with Daemon() as daemon:
            daemon.stop()
            with contextlib.closing(sqlite3.connect(daemon.data / "state.db")) as db, db:
                db.execute("UPDATE gamekeeper_migrations SET checksum = 'abc' WHERE room = 'accounts' AND number = 1")
            ended = start_and_end(daemon)
            self.assertEqual(ended.returncode, 4, ended)
            self.assertIn("checksum", ended.stdout + ended.stderr)

    def test_an_update_copies_the_file_first_and_keeps_three_copies(self):
        with Daemon() as daemon:
            self.assertIn(put_module(daemon, "healer", 55).status, (200, 201))
            for number in range(5):
                daemon.stop()
                with contextlib.closing(sqlite3.connect(daemon.data / "state.db")) as db, db:
                    # As of a version without the health check's table.
                    db.execute("DROP TABLE health_probe")
                    db.execute("DELETE FROM gamekeeper_migrations WHERE room = 'server'")
                copy = daemon.data / "state.db.before-server-1"
                if copy.exists():
                    copy.rename(daemon.data / f"state.db.before-server-{number + 100}")
                daemon.start()
                self.assertTrue(copy.exists())
            copies = list(daemon.data.glob("state.db.before-*"))
            self.assertEqual(len(copies), 3, copies)
            with contextlib.closing(sqlite3.connect(copy)) as db:
                self.assertEqual(db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'health_probe'").fetchone()[0], 0)
            self.assertEqual(daemon.admin.get(MODULE + "healer").json["priority"], 55)

    def test_a_backup_carries_the_key_of_second_factors(self):
        with Daemon() as daemon:
            copy = pathlib.Path(str(daemon.data) + "-copy")
            self.addCleanup(shutil.rmtree, copy, True)
            self.assertEqual(daemon.cli("db", "backup", str(copy)).returncode, 0)
            key = (daemon.data / "accounts.key").read_bytes()
            self.assertEqual((copy / "accounts.key").read_bytes(), key)
            self.assertEqual((copy / "accounts.key").stat().st_mode & 0o777, 0o600)
            elsewhere = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-"))
            self.addCleanup(shutil.rmtree, elsewhere, True)
            with contextlib.ExitStack() as stack:
                other = Daemon(data=elsewhere, setup=False)
                stack.callback(other.stop)
                self.assertEqual(other.cli("db", "restore", str(copy)).returncode, 0)
                other.start()
                self.assertEqual((elsewhere / "accounts.key").read_bytes(), key)
                self.assertEqual(other.anonymous().login("admin", PASSWORD).status, 200)


class History(unittest.TestCase):
    def test_100_full_series_fit_in_40_mb_and_come_back_after_a_restart(self):
        with Daemon() as daemon:
            daemon.stop()
            now = int(time.time() * 1e6)
            with contextlib.closing(sqlite3.connect(daemon.data / "telemetry.db")) as db, db:
                for n in range(100):
                    series = db.execute("INSERT INTO series(name, subject, unit) VALUES ('fps', ?, '1/s') RETURNING id",
                                        (f"client-{n}",)).fetchone()[0]
                    for chunk in range(10):
                        first = now - (10_000 - chunk * 1_000) * 100_000
                        blob = b"".join(struct.pack("<qd", first + i * 100_000, 60.0) for i in range(1_000))
                        db.execute("INSERT INTO series_chunk VALUES (?, ?, ?, 1000, ?)",
                                   (series, first, first + 999 * 100_000, blob))
                    for fold in range(30):
                        at = now - (100 - fold) * 3_600_000_000
                        db.execute("INSERT INTO series_aggregate VALUES (?, ?, ?, 3600, 1, 2, 1.5, 2, 2)",
                                   (series, at, at + 360_000_000))
            daemon.start()
            wait_for("the series", lambda: (metric(daemon, "gamekeeper_series") or 0) >= 100)
            status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
            rss = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000
            peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000
            series = metric(daemon, "gamekeeper_series_memory_bytes") / 1e6
            print(f"100 full series: {rss:.1f} MB resident, at most {peak:.1f}, of them {series:.1f} series")
            self.assertLess(rss, 40)
            answer = daemon.admin.get("/api/metrics/series?name=fps&subject=client-42&aggregates=true&step=3600"
                                      f"&from={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now / 1e6 - 101 * 3600))}").json
            self.assertEqual(len(answer["aggregates"]), 30)
            self.assertEqual(answer["aggregates"][0]["timestamp"], answer["aggregates"][0]["from"])
            self.assertGreaterEqual(sum(p["value"] is not None for p in answer["points"]), 31)


class Descriptors(unittest.TestCase):
    def test_64_file_descriptors_are_enough_to_serve_and_to_say_no(self):
        with Daemon() as daemon:
            daemon.stop()
            launcher = daemon.data / "few"
            launcher.write_text(f"#!/bin/sh\nulimit -n 64\nexec {BIN / 'gamekeeperd'} \"$@\"\n")
            launcher.chmod(0o755)
            daemon.start(program=str(launcher))
            held = []
            self.addCleanup(lambda: [s.close() for s in held])
            for _ in range(100):  # More than there are descriptors.
                with contextlib.suppress(OSError):
                    held.append(socket.create_connection(("127.0.0.1", daemon.port), 2))
            self.assertTrue(alive(daemon.process.pid))
            limit = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
            self.assertRegex(limit, r"Max open files\s+64\s+64")
            for s in held:
                s.close()
            wait_for("answers once there is room", lambda: self.answers(daemon))
            self.assertIn(put_module(daemon, "healer", 10).status, (200, 201))

    @staticmethod
    def answers(daemon):
        with contextlib.suppress(OSError):
            return daemon.admin.get("/api/health/live").status == 200


if __name__ == "__main__":
    unittest.main()
