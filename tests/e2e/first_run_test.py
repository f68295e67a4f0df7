"""From nothing to a logged-in administrator, and what is refused on the way."""
import signal
import socket
import stat
import subprocess
import time
import unittest

from gk import BIN, PASSWORD, Daemon, WebSocket, wait_for


class FirstRun(unittest.TestCase):
    def test_only_setup_and_health_are_served_before_the_first_admin(self):
        with Daemon(setup=False) as daemon:
            browser = daemon.anonymous()
            self.assertEqual(browser.get("/api/health/live").status, 200)
            self.assertTrue(browser.get("/api/setup").json["needed"])
            refused = browser.get("/api/macro-safety/status")
            self.assertEqual(refused.status, 503)
            self.assertIn("setup", refused.json["detail"])

    def test_setup_code_is_private_and_works_once(self):
        with Daemon(setup=False) as daemon:
            file = daemon.data / "setup-code"
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            code = file.read_text().strip()
            self.assertEqual(len(code.replace("-", "")), 32)
            wrong = daemon.anonymous().post("/api/setup", {"code": "0" * 32, "username": "eve", "password": PASSWORD})
            self.assertIn(wrong.status, (401, 403))
            daemon.setup()
            wait_for("the code's file to be gone", lambda: not file.exists())
            again = daemon.anonymous().post("/api/setup", {"code": code, "username": "eve", "password": PASSWORD})
            self.assertIn(again.status, (401, 403, 409))
            self.assertFalse(daemon.anonymous().get("/api/setup").json["needed"])

    def test_setup_explains_a_weak_password(self):
        with Daemon(setup=False) as daemon:
            code = (daemon.data / "setup-code").read_text().strip()
            answer = daemon.anonymous().post("/api/setup", {"code": code, "username": "admin", "password": "short"})
            self.assertEqual(answer.status, 400)
            self.assertIn("12", answer.body.decode())

    def test_setup_by_the_cli(self):
        with Daemon(setup=False) as daemon:
            done = daemon.cli("setup", "--username", "boss", "--password-stdin", input=PASSWORD + "\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(daemon.anonymous().login("boss").status, 200)

    def test_login_profile_logout(self):
        with Daemon() as daemon:
            browser = daemon.anonymous()
            self.assertEqual(browser.login("admin", "wrong password here").status, 401)
            unknown = browser.login("nobody", "wrong password here")
            self.assertEqual(unknown.status, 401)
            answer = browser.login("admin")
            cookie = answer.headers["Set-Cookie"]
            for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
                self.assertIn(part, cookie)
            self.assertEqual(browser.get("/api/auth/profile").json["user"]["username"], "admin")
            self.assertEqual(browser.post("/api/auth/logout").status, 204)
            self.assertEqual(browser.get("/api/auth/profile").status, 401)

    def test_logout_closes_open_sockets(self):
        with Daemon() as daemon:
            browser = daemon.anonymous()
            browser.login("admin")
            socket_ = WebSocket(browser)
            socket_.subscribe("metric:sample")
            self.assertEqual(socket_.wait_type("metric:sample")["type"], "metric:sample")
            started = time.monotonic()
            browser.post("/api/auth/logout")
            while True:
                frame = socket_.receive()
                if isinstance(frame, tuple):
                    break
            self.assertEqual(frame, ("close", 4401))
            self.assertLess(time.monotonic() - started, 1.0)

    def test_secrets_are_not_in_the_log(self):
        with Daemon() as daemon:
            browser = daemon.anonymous()
            browser.login("admin")
            token = browser.cookie.split("=", 1)[1]
            browser.login("admin", "a wrong pass phrase")
            daemon.stop()
            log = daemon.log_text()
            self.assertIn("/api/auth/login", log)  # the log is there at all
            for secret in (PASSWORD, "a wrong pass phrase", token):
                self.assertNotIn(secret, log)

    def test_sessions_survive_a_restart(self):
        with Daemon() as daemon:
            browser = daemon.admin
            daemon.stop()
            daemon.lines.clear()
            daemon.start()
            self.assertEqual(browser.get("/api/auth/profile").status, 200)


class BadStart(unittest.TestCase):
    def run_daemon(self, *options, **kw):
        return subprocess.run([str(BIN / "gamekeeperd"), *options], text=True, capture_output=True, timeout=20, **kw)

    def test_all_configuration_errors_are_reported_at_once(self):
        with Daemon() as daemon:
            bad = daemon.data / "bad.toml"
            bad.write_text('nonsense = 1\n[monitor]\ninterval_s = 1000\n[log]\nlevel = "loud"\n')
            done = self.run_daemon("--data", str(daemon.data / "other"), "--config", str(bad))
            self.assertEqual(done.returncode, 2)
            for part in (f"{bad}:1: nonsense", f"{bad}:3: monitor.interval_s", "0.1 to 60", f"{bad}:5: log.level"):
                self.assertIn(part, done.stderr)

    def test_a_port_in_use_is_named(self):
        with Daemon() as daemon:
            done = self.run_daemon("--data", str(daemon.data / "other"), "--listen", f"127.0.0.1:{daemon.port}")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(str(daemon.port), done.stderr)
            self.assertIn("--listen", done.stderr)

    def test_two_daemons_never_share_a_data_folder(self):
        with Daemon() as daemon:
            done = self.run_daemon("--data", str(daemon.data), "--listen", "127.0.0.1:0")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(str(daemon.process.pid), done.stderr)

    def test_another_address_needs_consent(self):
        with Daemon() as daemon:
            done = self.run_daemon("--data", str(daemon.data / "other"), "--listen", "0.0.0.0:0")
            self.assertEqual(done.returncode, 2)
            self.assertIn("--insecure-http", done.stderr)

    def test_a_data_folder_that_cannot_be_made(self):
        done = self.run_daemon("--data", "/proc/nowhere/gk", "--listen", "127.0.0.1:0")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/proc/nowhere", done.stderr)

    def test_unknown_option_ends_with_2(self):
        self.assertEqual(self.run_daemon("--nonsense").returncode, 2)

    def test_the_cli_says_how_to_start_a_daemon(self):
        done = subprocess.run([str(BIN / "gamekeeper"), "--data", "/nonexistent", "status"], text=True, capture_output=True)
        self.assertEqual(done.returncode, 6)
        self.assertIn("gamekeeperd", done.stderr)


class Shutdown(unittest.TestCase):
    def test_term_under_load_ends_within_5_s_with_nothing_lost(self):
        with Daemon() as daemon:
            names = []
            for i in range(20):
                answer = daemon.admin.post("/api/macro-safety/profiles", {"macro_id": f"m{i}", "name": f"M {i}"})
                self.assertIn(answer.status, (200, 201), answer)
                names.append(f"m{i}")
            sockets = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(40)]
            for s in sockets:
                s.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n")  # never finished
            started = time.monotonic()
            daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.process.wait(10), 0)
            self.assertLess(time.monotonic() - started, 5)
            daemon.lines.clear()
            daemon.start()
            items = daemon.admin.get("/api/macro-safety/profiles").json["items"]
            kept = {item["macro_id"] for item in items}
            self.assertTrue(set(names) <= kept, kept)


if __name__ == "__main__":
    unittest.main()
