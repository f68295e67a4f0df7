#!/usr/bin/env python3
"""lua_test.py: Lua macros in a real daemon: what they may do, how they are stopped, what they keep."""
import sys
import time
import unittest

sys.dont_write_bytecode = True
from gk import Daemon, alive, wait_for  # noqa: E402

CONFIG = "[macros]\nquarantine_s = 0\n"


def put(daemon, name, source, status=201):
    answer = daemon.admin.ask("PUT", f"/api/macro-scripts/{name}", {"kind": "lua", "source": f"-- name: {name}\n{source}"})
    assert answer.status in (200, status), answer
    return answer


def run(daemon, name, **body):
    answer = daemon.admin.post(f"/api/macro-scripts/{name}/run", body)
    assert answer.status in (200, 201), answer
    return answer.json


def log(daemon, name):
    return [line["text"] for line in daemon.admin.get(f"/api/macro-scripts/{name}/log").json["lines"]]


def running(daemon):
    return {item["macro_id"]: item for item in daemon.admin.get("/api/macro-safety/active-macros").json["items"]}


def wait_log(daemon, name, text):
    return wait_for(f"{text!r} in the log of {name}", lambda: any(text in line for line in log(daemon, name)))


class Lua(unittest.TestCase):
    def test_a_script_speaks_keeps_and_ends(self):
        with Daemon(config=CONFIG) as daemon:
            put(daemon, "hello", '-- needs: nothing\nlocal n = (state.get("n") or 0) + 1\nstate.set("n", n)\n'
                                 'state.set("t", {a = {1, 2, "x"}, b = true})\n'
                                 'log("run", n, state.get("t").a[3], args.who, game.metrics().cpu_usage)\n'
                                 'log(game.send("look"))\nsleep(0.01)')
            run(daemon, "hello", args={"who": "Lena"})
            wait_log(daemon, "hello", "run\t1\tx\tLena")
            wait_for("its end", lambda: "hello" not in running(daemon))
            run(daemon, "hello")
            wait_log(daemon, "hello", "run\t2\tx\tnil")
            self.assertTrue(any("nil\t" in line for line in log(daemon, "hello")), log(daemon, "hello"))

    def test_one_that_is_removed_leaves_nothing_to_its_name(self):
        counts = '-- needs: nothing\nstate.set("n", (state.get("n") or 0) + 1)\nlog("run", state.get("n"))'
        with Daemon(config=CONFIG) as daemon:
            for begun in ("removed and put again", "restarted in between"):
                with self.subTest(begun):
                    put(daemon, "counts", counts)
                    run(daemon, "counts")
                    wait_log(daemon, "counts", "run\t1")
                    wait_for("its end", lambda: "counts" not in running(daemon))
                    self.assertEqual(log(daemon, "counts").count("run\t1"), 1)
                    self.assertEqual(daemon.admin.ask("DELETE", "/api/macro-scripts/counts").status, 200)
                    if begun.startswith("restarted"):
                        daemon.stop()
                        daemon.start()
            put(daemon, "counts", counts)
            self.assertEqual(log(daemon, "counts"), [])

    def test_what_needs_a_game_does_not_start_without_one(self):
        with Daemon(config=CONFIG) as daemon:
            put(daemon, "asks", 'local reply = game.send("list")\nlog(reply)')
            for path, body in (("/api/macro-scripts/asks/run", {}),
                               ("/api/macro-safety/start", {"macro_id": "asks", "script": "asks"})):
                refused = daemon.admin.post(path, body)
                self.assertEqual(refused.status, 409, refused)
                self.assertIn('expected a game at its start, or "-- game: NAME" in its head', refused.json["detail"])
            self.assertFalse(running(daemon))
            started = daemon.cli("macro", "start", "asks")
            self.assertNotEqual(started.returncode, 0)
            self.assertIn("acts on a game and names none", started.stderr)

    def test_what_does_not_compile_is_refused_with_its_line(self):
        with Daemon(config=CONFIG) as daemon:
            answer = daemon.admin.ask("PUT", "/api/macro-scripts/bad", {"kind": "lua", "source": "-- name: bad\nlog(\n))"})
            self.assertEqual(answer.status, 400, answer)
            self.assertIn("bad:3:", answer.body.decode())
            put(daemon, "fails", 'local t = nil\nlog(t.x)')
            run(daemon, "fails")
            wait_log(daemon, "fails", "fails:3: attempt to index a nil value")
            wait_for("its end", lambda: "fails" not in running(daemon))

    def test_an_emergency_stop_ends_it_for_sure_in_either_confinement(self):
        for confinement in ("auto", "session"):
            with self.subTest(confinement), Daemon(config=f"[macros]\nconfinement = '{confinement}'\n") as daemon:
                put(daemon, "sleeps", 'log("here")\nsleep(600)')
                run(daemon, "sleeps")
                wait_log(daemon, "sleeps", "here")
                daemon.admin.post("/api/macro-safety/stop-all")
                wait_for("its end", lambda: "sleeps" not in running(daemon))
                event = daemon.admin.get("/api/macro-safety/cancellations?limit=1").json["items"][0]
                self.assertEqual((event["macro_id"], event["outcome"]), ("sleeps", "killed"))

    def test_what_loops_is_stopped_and_the_daemon_stays_quick(self):
        with Daemon(config=CONFIG) as daemon:
            put(daemon, "spin", "while true do pcall(function() while true do end end) end")
            run(daemon, "spin")
            wait_for("it to run", lambda: "spin" in running(daemon))
            begin = time.monotonic()
            self.assertEqual(daemon.admin.post("/api/macro-safety/stop/spin").status, 200)
            wait_for("its end", lambda: "spin" not in running(daemon))
            self.assertLess(time.monotonic() - begin, 2)

    def test_a_flood_of_frames_costs_others_nothing(self):
        with Daemon(config=CONFIG) as daemon:
            put(daemon, "flood", 'while true do log(("x"):rep(4000)) end')
            run(daemon, "flood")
            times = []
            for _ in range(50):
                begin = time.monotonic()
                self.assertEqual(daemon.admin.get("/api/macro-safety/status").status, 200)
                times.append(time.monotonic() - begin)
            self.assertLess(sorted(times)[25], 0.1, times)
            daemon.admin.post("/api/macro-safety/stop-all")
            wait_for("its end", lambda: not running(daemon))

    def test_a_paused_script_goes_on_where_it_was(self):
        with Daemon(config=CONFIG) as daemon:
            put(daemon, "count", 'for i = 1, 1000 do log("at " .. i) sleep(0.02) end')
            run(daemon, "count")
            wait_log(daemon, "count", "at 5")
            self.assertEqual(daemon.admin.post("/api/macro-safety/pause/count").status, 200)
            time.sleep(0.1)
            before = len(log(daemon, "count"))
            time.sleep(0.2)
            self.assertEqual(len(log(daemon, "count")), before)
            self.assertEqual(daemon.admin.post("/api/macro-safety/resume/count").status, 200)
            wait_for("it to go on", lambda: len(log(daemon, "count")) > before)

    def test_a_macro_reads_no_other_ones_memory(self):
        with Daemon(config=CONFIG) as daemon:
            put(daemon, "keeper", 'state.set("secret", state.get("secret") or "blue")\n'
                                  'log("found", state.get("secret"))')
            put(daemon, "thief", 'for _, key in ipairs{"secret", "keeper/secret", "keeper:secret", "../keeper/secret",\n'
                                 '  "macro:keeper/secret", "keeper\\0secret"} do\n'
                                 '  local _, value = pcall(state.get, key)\n'
                                 '  if value == "blue" then log("stolen with", key) end\nend\nlog("nothing more")')
            for name, last in (("keeper", "found\tblue"), ("thief", "nothing more")):
                run(daemon, name)
                wait_log(daemon, name, last)
            self.assertFalse([line for line in log(daemon, "thief") if "stolen" in line])

    def test_no_worker_outlives_the_daemon(self):
        with Daemon(config=CONFIG) as daemon:
            put(daemon, "spin", "while true do pcall(function() while true do end end) end")
            run(daemon, "spin")
            with open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children") as file:
                children = [int(pid) for pid in file.read().split()]
            self.assertTrue(children)
            daemon.process.kill()  # No chance to clean up.
            daemon.process.wait()
            wait_for("the worker to die", lambda: not any(alive(pid) for pid in children))


if __name__ == "__main__":
    unittest.main()
