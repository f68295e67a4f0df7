"""Macros that hurt are stopped, the whole tree of them, and the reason can be read afterwards."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from gk import BIN, Daemon, WebSocket, alive, pids_of, wait_for


def cancellations(daemon):
    return daemon.admin.get("/api/macro-safety/cancellations").json["items"]


def active(daemon):
    return {i["macro_id"]: i for i in daemon.admin.get("/api/macro-safety/active-macros").json["items"]}


class Runaway(unittest.TestCase):
    def test_a_program_that_eats_a_core_is_stopped_and_explained(self):
        marker = f"{3600 + os.getpid()}s"
        with Daemon() as daemon:
            watcher = WebSocket(daemon.admin)
            watcher.subscribe("macro:cancelled")
            answer = daemon.admin.post("/api/macro-safety/start", {
                "macro_id": "dance", "macro_name": "Dance", "safety_level": "dangerous",
                "command": [shutil.which("stress-ng"), "--cpu", "2", "--timeout", marker]})
            self.assertEqual(answer.status, 201, answer)
            wait_for("stress-ng to run", lambda: pids_of(marker))
            event = watcher.wait_type("macro:cancelled")["data"]
            self.assertEqual(event["macro_id"], "dance")
            self.assertIn("Performance threshold exceeded: cpu_usage", event["cancellation_reason"])
            wait_for("the whole tree to be gone", lambda: not pids_of(marker), 2)
            self.assertNotIn("dance", active(daemon))
            stored = wait_for("the stored event", lambda: cancellations(daemon))[0]
            self.assertEqual(stored["id"], event["id"])
            self.assertEqual(stored["outcome"], "killed")
            self.assertLess(stored["gone_ms"], 1000)
            files = wait_for("the log file", lambda: list((daemon.data / "logs").glob("macro_cancellations_*.json")))
            self.assertEqual(len(files), 1)
            log = json.loads(files[0].read_text())
            self.assertEqual(log["cancellations"][0]["macro_id"], "dance")
            self.assertIn("fps", log["cancellations"][0]["performance_metrics"])
            evidence = daemon.admin.get(f"/api/macro-safety/cancellations/{event['id']}/evidence").json
            self.assertEqual(evidence["rule"]["signal"], "cpu_usage")
            self.assertTrue(evidence["series"])

    def test_an_innocent_macro_survives_beside_a_guilty_one_and_a_busy_machine(self):
        with Daemon() as daemon:
            compiler = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            try:
                for name, command in (("quiet", [shutil.which("sleep"), "600"]), ("dance", [sys.executable, "-c", "while True: pass"])):
                    answer = daemon.admin.post("/api/macro-safety/start", {
                        "macro_id": name, "safety_level": "dangerous", "command": command})
                    self.assertEqual(answer.status, 201, answer)
                wait_for("the guilty one to be cancelled", lambda: cancellations(daemon))
                time.sleep(1.5)  # fifteen more decisions
                self.assertEqual([e["macro_id"] for e in cancellations(daemon)], ["dance"])
                self.assertIn("quiet", active(daemon))
            finally:
                compiler.kill()
                compiler.wait()

    def test_processes_that_flee_their_session_are_caught(self):
        marker = f"gk-flee-{os.getpid()}"
        flee = ("import os,sys,time\n"
                "for _ in range(3):\n"
                "  if os.fork()==0:\n"
                "    os.setsid()\n"
                "    if os.fork(): os._exit(0)\n"
                "    time.sleep(600)\n"
                f"time.sleep(600) # {marker}")
        with Daemon() as daemon:
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "flee", "safety_level": "safe",
                                                          "command": [sys.executable, "-c", flee]})
            wait_for("four processes", lambda: len(pids_of(marker)) >= 4)
            self.assertTrue(daemon.admin.post("/api/macro-safety/stop/flee").json["stopped"])
            wait_for("all of them to be gone", lambda: not pids_of(marker), 2)

    def test_a_macro_cannot_read_the_data_folder_or_reach_the_admin_socket(self):
        with Daemon() as daemon:
            script = ("import os,socket,sys\n"
                      f"d={str(daemon.data)!r}\n"
                      "out=[]\n"
                      "try: out.append('files:'+','.join(sorted(os.listdir(d))))\n"
                      "except OSError as e: out.append('refused')\n"
                      "try:\n"
                      "  s=socket.socket(socket.AF_UNIX); s.connect(d+'/gamekeeper.sock'); out.append('CONNECTED')\n"
                      "except OSError as e: out.append('no socket')\n"
                      f"for p in ('/proc/{daemon.process.pid}/environ','/proc/{daemon.process.pid}/root'+d+'/state.db'):\n"
                      "  try: open(p,'rb').read(1); out.append('READ '+p)\n"
                      "  except OSError: pass\n"
                      f"try: os.kill({daemon.process.pid},0); out.append('SIGNAL')\n"
                      "except OSError: pass\n"
                      "sys.exit(0 if out in (['files:','no socket'],['refused','no socket']) else 1)\n")
            code = f"import subprocess,sys; r=subprocess.run([sys.executable,'-c',{script!r}]); open('/tmp/gk-spy-{os.getpid()}','w').write(str(r.returncode))"
            result = pathlib.Path(f"/tmp/gk-spy-{os.getpid()}")
            result.unlink(missing_ok=True)
            # Negative control: the same script outside a macro does reach the socket.
            outside = subprocess.run([sys.executable, "-c", script]).returncode
            self.assertEqual(outside, 1)
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "spy", "safety_level": "safe",
                                                          "command": [sys.executable, "-c", code]})
            wait_for("the spy's report", lambda: result.exists() and result.read_text())
            if daemon.admin.get("/api/health/dependencies").json["status"] == "degraded":
                self.skipTest("this system refuses namespaces, and the health check says so")
            self.assertEqual(result.read_text(), "0")
            result.unlink()


class External(unittest.TestCase):
    def test_the_process_of_an_external_macro_is_stopped_when_its_time_is_over(self):
        with Daemon() as daemon:
            program = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            try:
                self.assertEqual(daemon.admin.post("/api/macro-safety/profiles", {
                    "macro_id": "short", "name": "Short", "safety_level": "safe", "max_duration": 1}).status, 201)
                answer = daemon.admin.post("/api/macro-safety/start", {
                    "macro_id": "short", "macro_name": "Short", "pid": program.pid})
                self.assertEqual(answer.status, 201, answer)
                event = wait_for("the cancellation", lambda: cancellations(daemon))[0]
                self.assertRegex(event["cancellation_reason"], r"^Duration exceeded: \d+(\.\d+)? s > 1 s$")
                self.assertEqual(event["outcome"], "signalled")
                program.wait(5)
            finally:
                program.kill()
                program.wait()

    def test_a_macro_without_a_process_is_told(self):
        with Daemon() as daemon:
            daemon.admin.post("/api/macro-safety/profiles", {"macro_id": "told", "name": "Told", "max_duration": 1})
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "told", "macro_name": "Told"})
            event = wait_for("the cancellation", lambda: cancellations(daemon))[0]
            self.assertIn(event["outcome"], ("notified", "still_acting"))


class EmergencyStop(unittest.TestCase):
    def start_three(self, daemon, marker):
        for i in range(3):
            answer = daemon.admin.post("/api/macro-safety/start", {
                "macro_id": f"m{i}", "command": [shutil.which("sleep"), marker], "safety_level": "safe"})
            self.assertEqual(answer.status, 201, answer)
        wait_for("three sleepers", lambda: len(pids_of(marker)) >= 3)

    def gone(self, daemon, marker):
        wait_for("all to be gone", lambda: not pids_of(marker), 2)
        wait_for("an empty list", lambda: not active(daemon), 2)

    def test_by_api_cli_and_signal(self):
        with Daemon() as daemon:
            marker = str(100000 + os.getpid())
            self.start_three(daemon, marker)
            self.assertEqual(daemon.admin.post("/api/macro-safety/stop-all").json["stopped"], 3)
            self.gone(daemon, marker)
            self.start_three(daemon, marker)
            done = daemon.cli("macro", "stop-all")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.gone(daemon, marker)
            self.start_three(daemon, marker)
            daemon.signal(signal.SIGUSR2)
            self.gone(daemon, marker)

    def test_no_macro_outlives_a_killed_daemon(self):
        for confinement in ("auto", "session"):
            marker = str(200000 + os.getpid())
            with self.subTest(confinement), Daemon(config=f"[macros]\nconfinement = '{confinement}'\n") as daemon:
                self.start_three(daemon, marker)
                daemon.process.kill()
                daemon.process.wait()
                wait_for("all to be gone", lambda: not pids_of(marker), 2)


class CommandLine(unittest.TestCase):
    def test_macro_run_reports_why_it_was_cancelled(self):
        with Daemon() as daemon:
            done = daemon.cli("macro", "run", "--id", "dance", "--level", "dangerous", "--",
                              sys.executable, "-c", "while True: pass")
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("cpu_usage", done.stdout)

    def test_a_signal_to_macro_run_stops_the_macro(self):
        with Daemon() as daemon:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(number):
                    watch = subprocess.Popen([str(BIN / "gamekeeper"), "--data", str(daemon.data), "macro", "run", "--id",
                                              "long", "--", "sleep", "60"], stderr=subprocess.PIPE, text=True)
                    self.assertIn("Ctrl-C stops it", watch.stderr.readline())
                    watch.send_signal(number)
                    self.assertEqual(watch.wait(20), 128 + number)
                    watch.stderr.close()
                    wait_for("it to be gone", lambda: "long" not in active(daemon))
            done = daemon.cli("macro", "run", "--id", "long", "--detach", "--", "sleep", "60")
            self.assertIn("`gamekeeper macro stop long` stops it", done.stderr)
            self.assertIn("long", active(daemon))

    def test_names_are_checked_before_anything_is_written_or_asked(self):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            for words in (["macro", "new", "Bad Name"], ["profile", "load", "../x"], ["macro", "stop", "a/b"],
                          ["macro", "run", "--id", "A", "--", "true"], ["macro", "versions", ".."]):
                done = daemon.cli(*words, cwd=folder)
                self.assertEqual(done.returncode, 2, (words, done))
                self.assertIn("expected a name of 1 to 64 of a-z, 0-9, _ and -, got", done.stderr)
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [])

    def test_a_macro_is_paused_and_resumed(self):
        with Daemon() as daemon:
            daemon.cli("macro", "run", "--id", "long", "--detach", "--", "sleep", "60")
            self.assertEqual(daemon.cli("macro", "pause", "long").stdout, "paused long\n")
            self.assertEqual(daemon.cli("macro", "resume", "long").stdout, "long goes on\n")
            self.assertNotEqual(daemon.cli("macro", "resume", "long").returncode, 0, "it is not paused")

    def test_macro_run_reports_a_normal_end(self):
        with Daemon() as daemon:
            done = daemon.cli("macro", "run", "--id", "short", "--level", "safe", "--", "sleep", "0.2")
            self.assertEqual(done.returncode, 0, done)
            self.assertIn("ended", done.stdout)

    def test_macro_run_ends_as_its_program_and_shows_its_last_words(self):
        with Daemon() as daemon:
            script = "for i in $(seq 30); do echo line $i; done; printf 'no \\033[2Jkey'; exit 7"
            done = daemon.cli("macro", "run", "--id", "bad", "--", "sh", "-c", script)
            self.assertEqual(done.returncode, 7, done)
            told = done.stderr.split("the last that it printed:\n")[1].splitlines()
            self.assertEqual((told[0], told[-1], len(told)), ("  line 12", "  no \\x1b[2Jkey", 20))
            self.assertIn("bad ended with exit code 7", done.stderr)
            kept = daemon.admin.get("/api/macro-safety/output/bad").json
            self.assertEqual((kept["exit_code"], kept["signal"]), (7, None))
            self.assertIsNotNone(kept["ended_at"])
            crash = daemon.cli("macro", "run", "--id", "crash", "--", "sh", "-c", "kill -SEGV $$")
            self.assertEqual(crash.returncode, 128 + 11, crash)
            self.assertIn("it printed nothing", crash.stderr)

    def test_last_words_and_levels_survive_the_daemon(self):
        with Daemon() as daemon:
            ended = daemon.cli("macro", "run", "--id", "sad", "--level", "dangerous", "--",
                               "sh", "-c", "echo last words; exit 3")
            self.assertEqual(ended.returncode, 3, ended)
            started = daemon.admin.post("/api/macro-safety/start", {
                "macro_id": "busy", "command": ["/bin/sh", "-c", "echo at work; sleep 600"]})
            self.assertEqual(started.status, 201, started)
            wait_for("its words", lambda: "at work" in daemon.admin.get("/api/macro-safety/output/busy").json["output"])
            # What was answered a moment ago is behind the audit rows of later requests in the same writer.
            for stop in (daemon.stop, lambda: (daemon.process.kill(), daemon.process.wait())):
                stop()
                daemon.start()
                admin = daemon.admin = daemon.anonymous()
                self.assertEqual(admin.login("admin").status, 200)
                last = admin.get("/api/macro-safety/output/sad").json
                self.assertEqual((last["output"], last["exit_code"], last["signal"]), ("last words\n", 3, None))
                self.assertIsNotNone(last["ended_at"])
                self.assertIn("at work", admin.get("/api/macro-safety/output/busy").json["output"])
                simulated = admin.post("/api/macro-safety/simulate", {"macro_id": "sad"}).json
                self.assertEqual((simulated["safety_level"], simulated["level_from"]), ("dangerous", "last_run"))

    def test_no_macro_of_another_program_is_paused(self):
        with Daemon() as daemon:
            daemon.cli("macro", "start", "--id", "far")
            refused = daemon.cli("macro", "pause", "far")
            self.assertNotEqual(refused.returncode, 0, refused)
            self.assertIn("runs in another program: it can only be told to stop", refused.stderr)

    def test_reading_commands_work_and_speak_json(self):
        with Daemon() as daemon:
            for command in (["status"], ["health"], ["metrics"], ["top", "--once"], ["macro", "list"],
                            ["macro", "cancellations"], ["macro", "check"], ["profile", "list"], ["profile", "show", "dance"]):
                plain = daemon.cli(*command)
                self.assertEqual(plain.returncode, 0, (command, plain.stderr))
                self.assertTrue(plain.stdout.strip(), command)
            for command in (["status"], ["health"], ["macro", "list"], ["profile", "list"]):
                json.loads(daemon.cli("--json", *command).stdout)
            self.assertIn("gamekeeper_", daemon.cli("metrics", "--prometheus").stdout)

    def test_the_quarantine_is_listed_and_lifted(self):
        with Daemon(config="[macros]\nquarantine_s = 3600\n") as daemon:
            self.assertEqual(daemon.cli("macro", "quarantine", "lift", "short").returncode, 3)
            daemon.admin.post("/api/macro-safety/profiles", {"macro_id": "short", "max_duration": 1})
            self.assertEqual(daemon.cli("macro", "start", "--id", "short").returncode, 0)
            wait_for("the cancellation", lambda: cancellations(daemon))
            self.assertIn("Duration exceeded", daemon.cli("macro", "quarantine", "list").stdout)
            refused = daemon.cli("macro", "start", "--id", "short")
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("gamekeeper macro quarantine lift short", refused.stderr)
            self.assertNotIn("POST", refused.stderr)
            self.assertEqual(daemon.cli("macro", "quarantine", "lift", "short").returncode, 0)
            self.assertEqual(daemon.cli("macro", "start", "--id", "short").returncode, 0)

    def test_errors_have_their_exit_codes(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.cli("macro", "stop", "nobody").returncode, 3)
            unknown = daemon.cli("macro", "run", "--id", "x1", "--profile", "nowhere", "--", "sleep", "9")
            self.assertEqual(unknown.returncode, 2, unknown)
            self.assertIn('heal, travel; there is no profile "nowhere"', unknown.stderr)
            self.assertIn('"items":[]', daemon.cli("--json", "macro", "list").stdout)
            self.assertEqual(daemon.cli("profile", "load", "../../etc/passwd").returncode, 2)
            self.assertEqual(daemon.cli("nonsense").returncode, 2)


class Windows(unittest.TestCase):
    def test_a_window_of_the_profile_cancels_and_is_named(self):
        with Daemon() as daemon:
            window = {"name": "always", "cron": "* * * * *", "duration_s": 60, "max_duration": 1,
                      "time_zone": "Europe/Berlin"}
            made = daemon.admin.post("/api/macro-safety/profiles", {
                "macro_id": "short", "max_duration": 3600, "windows": [window]})
            self.assertEqual(made.status, 201, made)
            self.assertEqual(made.json["windows"], [{**window, "thresholds": {}}])
            self.assertEqual(daemon.admin.ask("PUT", "/api/macro-safety/profiles/short", made.json).status, 200)
            daemon.admin.post("/api/macro-safety/start", {"macro_id": "short"})
            self.assertEqual(active(daemon)["short"]["window"], "always")
            event = wait_for("the cancellation", lambda: cancellations(daemon))[0]
            self.assertEqual(event["window"], "always")
            evidence = daemon.admin.get(f"/api/macro-safety/cancellations/{event['id']}/evidence").json
            self.assertEqual(evidence["rule"]["window"], "always")

    def test_faults_name_their_place(self):
        with Daemon() as daemon:
            answer = daemon.admin.post("/api/macro-safety/profiles", {"macro_id": "short", "windows": [
                {"cron": "0 25 * * *", "duration_s": 60, "time_zone": "Mars/Olympus"}]})
            self.assertEqual(answer.status, 400)
            self.assertIn("windows[0].cron", answer.body.decode())
            self.assertIn("windows[0].time_zone", answer.body.decode())


class ProfileSet(unittest.TestCase):
    def test_what_is_named_is_set_or_taken_away_and_the_rest_stays(self):
        with Daemon() as daemon:
            def cli(*words):
                done = daemon.cli("profile", *words)
                self.assertEqual(done.returncode, 0, done)
                return done.stdout

            def own():
                return daemon.admin.get("/api/macro-safety/profiles/dance").json
            usual = own()
            window = {"name": "night", "cron": "0 22 * * *", "duration_s": 28800, "max_duration": 60}
            cli("set", "dance", "--cpu", "40", "--max-duration", "90", "--cancel", "no", "--level", "risky",
                "--windows", json.dumps([window]), "--patterns", '[{"matcher": "commands", "count": 5}]')
            shown = cli("set", "dance", "--fps", "0", "--description", "at night", "--dry-run", "yes", "--notify", "no")
            now = own()
            self.assertEqual((now["thresholds"]["cpu_usage_max"], now["max_duration"], now["auto_cancel_enabled"],
                              now["safety_level"], now["thresholds"]["fps_min"], now["description"], now["dry_run"],
                              now["discord_notify"], now["windows"][0]["max_duration"]),
                             (40, 90, False, "risky", 0, "at night", True, False, 60))
            self.assertRegex(shown, r"cpu_usage_max +40\n")
            self.assertRegex(shown, r"commands +pause at 5 in 5 s\n")
            self.assertRegex(shown, r"window +night: 0 22 \* \* \* \(UTC\) for 8 h 0 min; max_duration 60\n")
            ahead = daemon.admin.get("/api/macro-safety/profiles/dance/windows/next").json
            self.assertEqual(len(ahead["next"]), 5)
            self.assertIn(f"{ahead['next'][0]['from']} to {ahead['next'][0]['to']}  night", shown)
            self.assertRegex(shown, "open now +" + (ahead["open"] or "none"))
            cli("set", "dance", "--unset", "cpu", "--unset", "max-duration", "--unset", "windows", "--level", "dangerous")
            now = own()
            self.assertEqual((now["thresholds"]["cpu_usage_max"], now["max_duration"], now["windows"]),
                             (usual["thresholds"]["cpu_usage_max"], usual["max_duration"], []))
            self.assertEqual(now["thresholds"]["fps_min"], 0, "what was not named stays")
            answer = json.loads(daemon.cli("--json", "profile", "set", "dance", "--cpu", "30").stdout)
            self.assertEqual(answer["thresholds"]["cpu_usage_max"], 30)

    def test_faults_name_their_place_and_change_nothing(self):
        with Daemon() as daemon:
            before = daemon.admin.get("/api/macro-safety/profiles/dance").json
            for words, part in (([], "expected something to set"), (["--cpu", "900"], "thresholds.cpu_usage_max"),
                                (["--cpu", "nan"], "nan"), (["--cpu", "3", "--unset", "cpu"], "either --cpu or --unset cpu"),
                                (["--unset", "everything"], "max-duration"), (["--windows", "{}"], "expected a JSON list"),
                                (["--windows", '[{"cron": "0 25 * * *"}]'], "windows[0].cron"), (["--level", "lax"], "risky")):
                done = daemon.cli("profile", "set", "dance", *words)
                self.assertEqual(done.returncode, 2, (words, done))
                self.assertIn(part, done.stderr)
            self.assertEqual(daemon.admin.get("/api/macro-safety/profiles/dance").json, before)


class Simulate(unittest.TestCase):
    def test_history_answers_what_a_stricter_profile_would_have_done(self):
        with Daemon() as daemon:
            code = "import time\nwhile True:\n t=time.monotonic()+0.02\n while time.monotonic()<t: pass\n time.sleep(0.02)"
            started = daemon.admin.post("/api/macro-safety/start", {
                "macro_id": "half", "safety_level": "safe", "command": [sys.executable, "-c", code]})
            self.assertEqual(started.status, 201, started)

            def simulated(limit):
                answer = daemon.admin.post("/api/macro-safety/simulate", {"macro_id": "half", "patch": {
                    "safety_level": "dangerous", "thresholds": {"cpu_usage_max": limit}}})
                self.assertEqual(answer.status, 200, answer)
                return answer.json
            found = wait_for("a decision over the history", lambda: (
                lambda r: r if any(d["action"] == "cancel" for d in r["decisions"]) else None)(simulated(5)))
            self.assertTrue(found["runs_recorded"])
            self.assertRegex(found["decisions"][-1]["reason"], r"cpu_usage [0-9.]+ > 5$")
            self.assertGreaterEqual(found["samples_used"], 4, "two of demand, two of CPU")
            self.assertIn("half", active(daemon), "a simulation never acts")
            self.assertFalse(cancellations(daemon))
            plain = daemon.cli("simulate", "half", "--level", "dangerous", "--cpu", "5")
            self.assertEqual(plain.returncode, 0, plain.stderr)
            self.assertIn("cancel", plain.stdout)
            self.assertRegex(plain.stdout, r"\d s of 24 h 0 min recorded")
            self.assertIn("samples from", plain.stdout)
            self.assertIn("level dangerous, as asked for", plain.stdout)
            last = json.loads(daemon.cli("--json", "simulate", "half").stdout)
            self.assertEqual((last["safety_level"], last["level_from"]), ("safe", "last_run"))
            other = daemon.admin.post("/api/macro-safety/simulate", {"macro_id": "never_ran"}).json
            self.assertEqual((other["safety_level"], other["level_from"]), ("risky", "profile"))
            self.assertIn("level safe, as at its last start", daemon.cli("simulate", "half").stdout)

    def test_faults_name_their_place(self):
        with Daemon() as daemon:
            for body, part in (({}, "macro_id"), ({"macro_id": "a", "from": "yesterday"}, "from"),
                               ({"macro_id": "a", "kind": "plugin"}, "kind"),
                               ({"macro_id": "a", "safety_level": "mild"}, "safety_level"),
                               ({"macro_id": "a", "patch": {"max_duration": 0}}, "patch.max_duration"),
                               ({"macro_id": "a", "from": "2020-01-01T00:00:00Z"}, "7 days")):
                answer = daemon.admin.post("/api/macro-safety/simulate", body)
                self.assertEqual(answer.status, 400, (body, answer))
                self.assertIn(part, answer.body.decode())


class BadInput(unittest.TestCase):
    def test_start_names_what_is_wrong(self):
        with Daemon() as daemon:
            for body, part in (({}, "macro_id"), ({"macro_id": "UPPER CASE"}, "macro_id"),
                               ({"macro_id": "a", "safety_level": "brave"}, "safe"),
                               ({"macro_id": "a", "pid": 999999999}, "pid"),
                               ({"macro_id": "a", "command": []}, "command"),
                               ({"macro_id": "a", "command": ["/nonexistent/program"]}, "/nonexistent/program"),
                               ({"macro_id": "a", "nonsense": 1}, "nonsense")):
                answer = daemon.admin.post("/api/macro-safety/start", body)
                self.assertGreaterEqual(answer.status, 400, (body, answer))
                self.assertLess(answer.status, 500, (body, answer))
                self.assertIn(part, answer.body.decode(), body)
            self.assertEqual(active(daemon), {})

    def test_an_override_file_reports_file_key_and_range_and_changes_nothing(self):
        with Daemon() as daemon:
            folder = daemon.data / "config" / "macro_safety"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "bad.safe.json").write_text('{"dance": {"max_duration": -5, "nonsense": 1}}')
            before = daemon.admin.get("/api/macro-safety/profiles/dance").json
            answer = daemon.admin.post("/api/macro-safety/overrides/bad/load")
            self.assertEqual(answer.status, 400, answer)
            text = answer.body.decode()
            for part in ("bad.safe.json", "max_duration", "nonsense"):
                self.assertIn(part, text)
            self.assertEqual(daemon.admin.get("/api/macro-safety/profiles/dance").json, before)

    def test_an_override_tightens_at_once_and_loosens_only_when_approved(self):
        with Daemon() as daemon:
            folder = daemon.data / "config" / "macro_safety"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "club.safe.json").write_text(json.dumps({
                "heal": {"max_duration": 30}, "dance": {"safety_level": "safe", "auto_cancel_enabled": False}}))
            answer = daemon.admin.post("/api/macro-safety/overrides/club/load").json
            self.assertTrue(answer["applied"] and answer["pending"], answer)
            self.assertEqual(daemon.admin.get("/api/macro-safety/profiles/heal").json["max_duration"], 30)
            self.assertTrue(daemon.admin.get("/api/macro-safety/profiles/dance").json["auto_cancel_enabled"])
            for words, said in (([], f"expected --hash {answer['hash']} or --yes"), (["--hash", "0" * 32], "not 000")):
                done = daemon.cli("profile", "approve", "club", *words)
                self.assertNotEqual(done.returncode, 0, done)
                self.assertIn(said, done.stderr)
                self.assertTrue(daemon.admin.get("/api/macro-safety/profiles/dance").json["auto_cancel_enabled"])
            self.assertIn("auto_cancel_enabled", daemon.cli("profile", "approve", "club").stderr, "what would loosen")
            loaded = daemon.cli("profile", "load", "club").stdout
            self.assertRegex(loaded, r"holds +heal +max_duration +60 +30 +tightens")
            self.assertRegex(loaded, r"waits +dance +auto_cancel_enabled +true +false +loosens")
            self.assertIn(f"gamekeeper profile approve club --hash {answer['hash']}", loaded)
            done = daemon.cli("profile", "approve", "club", "--hash", answer["hash"])
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r"club: (\d+) of \1 changes hold\n$")
            self.assertFalse(daemon.admin.get("/api/macro-safety/profiles/dance").json["auto_cancel_enabled"])

    def test_an_override_file_is_noticed_when_it_is_written_spoilt_and_removed(self):
        with Daemon() as daemon:
            def limit():
                return daemon.admin.get("/api/macro-safety/profiles/heal").json["max_duration"]
            file = daemon.data / "config" / "macro_safety" / "night.safe.json"
            usual = limit()
            file.write_text('{"heal": {"max_duration": 20}}')
            wait_for("the new limit", lambda: limit() == 20)
            file.write_text('{"heal": {"max_duration": "soon"}}')
            wait_for("the refusal in the log", lambda: "macros.override_refused" in daemon.log_text())
            self.assertEqual(limit(), 20, "a bad file changes nothing")
            file.unlink()
            wait_for("the usual limit", lambda: limit() == usual)


if __name__ == "__main__":
    unittest.main()
