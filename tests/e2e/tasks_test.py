"""Task graphs end as they should, and an operation is done wholly or not at all, whatever is killed."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from gk import Daemon, WebSocket, pids_of, wait_for


def sh(name, script, **more):
    return {"id": name, "action": {"type": "process", "command": ["/bin/sh", "-c", script]}, **more}


def sleep(name, seconds, **more):
    return {"id": name, "action": {"type": "sleep", "seconds": seconds}, **more}


def start_again(daemon, username="admin"):
    """Starts a daemon that was killed or stopped, and logs in."""
    daemon.lines = []
    daemon.start()
    browser = daemon.anonymous()
    assert browser.login(username).status == 200
    return browser


def submit(browser, *tasks, name="test"):
    answer = browser.post("/api/task-graphs", {"name": name, "tasks": list(tasks)})
    assert answer.status == 201, answer
    return answer.json["id"]


def graph(browser, number):
    return browser.get(f"/api/task-graphs/{number}").json


def end_of(browser, number):
    return wait_for(f"graph {number} to end",
                    lambda: (g := graph(browser, number))["state"] != "running" and g)


def tasks_of(whole):
    return {task["name"]: task for task in whole["tasks"]}


class Graphs(unittest.TestCase):
    def test_a_graph_with_a_failure_a_retry_a_deadline_and_a_skip(self):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            tries = os.path.join(folder, "tries")
            socket = WebSocket(daemon.admin)
            socket.subscribe("task:completed")
            number = submit(
                daemon.admin,
                sh("good", "echo out; echo err >&2"),
                sh("bad", "exit 4", retries={"max": 3, "base_s": 0.01}),
                sh("after_bad", "true", depends_on=["bad"]),
                sh("flaky", f"echo x >> {tries}; [ $(wc -l < {tries}) -ge 3 ] || exit 75",
                   retries={"max": 4, "base_s": 0.01}),
                sleep("late", 60, deadline_s=0.3),
                sh("after_good", "true", depends_on=["good", "flaky"], priority="critical"))
            whole = end_of(daemon.admin, number)
            tasks = tasks_of(whole)
            self.assertEqual({n: t["state"] for n, t in tasks.items()},
                             {"good": "succeeded", "bad": "failed", "after_bad": "skipped",
                              "flaky": "succeeded", "late": "failed", "after_good": "succeeded"})
            self.assertEqual(tasks["flaky"]["attempts"], 3)
            self.assertEqual(tasks["bad"]["attempts"], 1, "exit code 4 is not transient")
            self.assertEqual(tasks["late"]["reason"], "its deadline passed")
            self.assertEqual(tasks["after_bad"]["reason"], "it depends on bad, which failed")
            self.assertEqual(tasks["good"]["result"]["output"], "out\nerr\n")
            self.assertEqual(whole["state"], "failed")
            self.assertEqual(whole["counts"]["succeeded"], 3)
            seen = set()
            while len(seen) < 6:
                frame = socket.receive()
                if frame.get("topic") == "task:completed":
                    seen.add(frame["data"]["name"])
            status = daemon.admin.get(f"/api/tasks/{number}.bad/status").json
            self.assertEqual(status, {"id": f"{number}.bad", "state": "failed",
                                      "reason": "exit code 4", "attempts": 1})
            failed = daemon.admin.get("/api/tasks?state=failed").json["items"]
            self.assertEqual({t["name"] for t in failed}, {"bad", "late"})

    def test_cancel_ends_the_whole_tree_of_a_program(self):
        marker = f"{7000 + os.getpid()}.25"
        with Daemon() as daemon:
            number = submit(daemon.admin, sh("long", f"(setsid sleep {marker} &) ; sleep {marker}"),
                            sh("next", "true", depends_on=["long"]))
            wait_for("two sleepers", lambda: len(pids_of(marker)) >= 2)
            answer = daemon.admin.post(f"/api/tasks/{number}.long/cancel")
            self.assertEqual(answer.json["state"], "cancelled", answer)
            wait_for("the tree to be gone", lambda: not pids_of(marker), 3)
            self.assertEqual(end_of(daemon.admin, number)["state"], "cancelled")
            self.assertEqual(daemon.admin.post(f"/api/tasks/{number}.long/cancel").status, 409)

    def test_deferred_tasks_wait_for_an_idle_machine(self):
        with Daemon(config="[monitor]\ninterval_s = 0.2\n") as daemon:
            stop = []
            for _ in range(os.cpu_count() * 2):
                stop.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            try:
                time.sleep(1.0)
                number = submit(daemon.admin, sleep("lazy", 0, priority="deferred"), sleep("now", 0))
                wait_for("the normal task",
                         lambda: tasks_of(graph(daemon.admin, number))["now"]["state"] == "succeeded")
                time.sleep(1.5)
                self.assertEqual(tasks_of(graph(daemon.admin, number))["lazy"]["state"], "ready")
            finally:
                for process in stop:
                    process.kill()
                    process.wait()
            # Other work of this machine may go on: what it may not do is run before it is idle.

    def test_bad_graphs_are_refused_and_nothing_is_taken(self):
        with Daemon() as daemon:
            user = daemon.add_user("ann", "user")
            viewer = daemon.add_user("vic", "viewer")
            post = lambda who, *tasks: who.post("/api/task-graphs", {"tasks": list(tasks)})
            cycle = post(user, sleep("a", 0, depends_on=["b"]), sleep("b", 0, depends_on=["a"]))
            self.assertEqual(cycle.status, 400)
            self.assertIn("cycle: ", cycle.json["detail"])
            missing = post(user, sleep("a", 0, depends_on=["zz"]))
            self.assertIn("zz", missing.body.decode())
            self.assertEqual(missing.status, 400)
            self.assertEqual(post(user, sleep("a", 0, deadline_s=-1)).status, 400)
            self.assertEqual(post(user, sh("a", "true")).status, 403, "programs need tasks:admin")
            self.assertEqual(post(viewer, sleep("a", 0)).status, 403)
            self.assertEqual(post(user, sleep("a", 0)).status, 201)
            self.assertEqual(len(daemon.admin.get("/api/task-graphs").json["items"]), 1)
            self.assertEqual(user.get("/api/task-graphs/g99").status, 404)

    def test_a_killed_daemon_takes_its_programs_along_and_records_why(self):
        marker = f"{8000 + os.getpid()}.5"
        with Daemon() as daemon:
            done = submit(daemon.admin, sleep("a", 0))
            end_of(daemon.admin, done)
            number = submit(daemon.admin, sh("long", f"sleep {marker}"))
            wait_for("the sleeper", lambda: pids_of(marker))
            daemon.process.kill()
            daemon.process.wait()
            wait_for("the sleeper to be gone", lambda: not pids_of(marker), 3)
            browser = start_again(daemon)
            self.assertEqual(graph(browser, done)["state"], "succeeded")
            whole = graph(browser, number)
            self.assertEqual((whole["state"], whole["reason"]), ("failed", "the daemon restarted"))
            # An orderly stop ends programs as well.
            number = submit(browser, sh("long", f"sleep {marker}"))
            wait_for("the sleeper", lambda: pids_of(marker))
            daemon.stop()
            wait_for("the sleeper to be gone", lambda: not pids_of(marker), 3)

    def test_the_example_of_the_page_and_the_manual_runs(self):
        root = pathlib.Path(__file__).parents[2]
        example = json.loads((root / "examples/nightly.json").read_text())
        page = (root / "web/src/rooms/submit.tsx").read_text()
        for task in example["tasks"]:
            self.assertIn(f'id: "{task["id"]}"', page)
            self.assertIn(f'type: "{task["action"]["type"]}"', page)
        with Daemon() as daemon:
            run = daemon.cli("task", "run", str(root / "examples/nightly.json"), "--wait")
            self.assertEqual(run.returncode, 0, run)
            self.assertEqual(daemon.admin.get("/api/operations/settings").json["items"], [])

    def test_the_command_line_runs_shows_and_cancels(self):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "graph.json")
            with open(file, "w") as out:
                json.dump({"name": "nightly", "tasks": [sh("a", "echo hi"), sh("b", "exit 1")]}, out)
            run = daemon.cli("task", "run", file, "--wait")
            self.assertEqual(run.returncode, 1, run)
            self.assertIn("exit code 1", run.stdout)
            self.assertIn("nightly", daemon.cli("task", "list").stdout)
            self.assertIn("1 of 2, 1 failed", daemon.cli("task", "list").stdout)
            shown = daemon.cli("task", "show", "g1", "--json")
            self.assertEqual(json.loads(shown.stdout)["state"], "failed")
            with open(file, "w") as out:
                json.dump({"tasks": [sleep("a", 600)]}, out)
            self.assertEqual(daemon.cli("task", "run", file).returncode, 0)
            self.assertEqual(daemon.cli("task", "cancel", "g2").returncode, 0)
            self.assertIn("cancelled", daemon.cli("task", "show", "g2").stdout)
            self.assertEqual(daemon.cli("task", "cancel", "g2.a").returncode, 4)
            self.assertEqual(daemon.cli("task", "show", "g77").returncode, 3)
            self.assertEqual(daemon.cli("task", "run", "/no/such/file").returncode, 3)


def operation(browser, kind, request, **more):
    return browser.post("/api/operations", {"kind": kind, "resource": "game", "input": request, **more})


def transaction(text, wait_s):
    """Two settings and two files, with a pause in the middle."""
    return {"steps": [
        {"kind": "setting.set", "input": {"key": "one", "value": text}},
        {"kind": "file.write", "input": {"path": "one.txt", "content": text}},
        {"kind": "wait", "input": {"seconds": wait_s}},
        {"kind": "setting.set", "input": {"key": "two", "value": text}},
        {"kind": "file.write", "input": {"path": "two.txt", "content": text}}]}


class Operations(unittest.TestCase):
    def state(self, daemon, browser):
        """All four values; equal when nothing is half-way."""
        settings = {i["key"]: i["value"] for i in browser.get("/api/operations/settings").json["items"]}
        config = daemon.data / "config"
        read = lambda name: (config / name).read_text() if (config / name).exists() else None
        left = [p.name for p in config.rglob("*.gk-tmp")]
        self.assertEqual(left, [], "nothing is left over")
        return [settings.get("one"), settings.get("two"), read("one.txt"), read("two.txt")]

    def restart(self, daemon):
        daemon.process.kill()
        daemon.process.wait()
        return start_again(daemon)

    def test_a_daemon_killed_in_the_middle_leaves_nothing_half_done(self):
        with Daemon() as daemon:
            browser = daemon.admin
            self.assertEqual(operation(browser, "transact", transaction("old", 0)).status, 200)
            self.assertEqual(self.state(daemon, browser), ["old"] * 4)
            answer = operation(browser, "transact", transaction("new", 60), wait=False)
            self.assertEqual(answer.status, 202, answer)
            wait_for("the first file", lambda: (daemon.data / "config/one.txt").read_text() == "new")
            browser = self.restart(daemon)
            self.assertEqual(self.state(daemon, browser), ["old"] * 4)
            self.assertIn("rolled back what a crash had interrupted", daemon.log_text())

    def test_a_daemon_killed_at_any_moment_leaves_all_or_nothing(self):
        chance = random.Random(1)
        with Daemon() as daemon:
            browser, known = daemon.admin, "v0"
            self.assertEqual(operation(browser, "transact", transaction(known, 0)).status, 200)
            for round_ in range(6):
                acknowledged = [known]
                at = [0]

                def write():
                    try:
                        for n in range(1, 1000):
                            at[0] = n
                            text = f"v{round_}.{n}"
                            if operation(browser, "transact", transaction(text, 0)).status == 200:
                                acknowledged.append(text)
                    except (OSError, Exception):
                        pass  # the daemon was killed

                writer = threading.Thread(target=write)
                writer.start()
                time.sleep(chance.uniform(0.02, 0.4))
                daemon.process.kill()
                writer.join()
                daemon.process.wait()
                browser = start_again(daemon)
                state = self.state(daemon, browser)
                self.assertEqual(len(set(state)), 1, state)
                self.assertIn(state[0], [acknowledged[-1], f"v{round_}.{at[0]}"])
                known = state[0]

    def test_conflicts_follow_the_table(self):
        with Daemon() as daemon:
            admin, user = daemon.admin, daemon.add_user("ann", "user")
            first = operation(admin, "transact", transaction("a", 60), wait=False).json
            one = operation(user, "settings.set", {"values": {"x": 1}}, wait=False).json
            two = operation(user, "settings.set", {"values": {"y": 2}}, wait=False).json
            listed = {i["id"]: i for i in admin.get("/api/operations").json["items"]}
            self.assertEqual(listed[one["id"]]["state"], "waiting")
            self.assertEqual(listed[two["id"]]["merged_into"], one["id"])
            cancelled = admin.post(f"/api/operations/{first['id']}/cancel")
            self.assertEqual(cancelled.status, 200, cancelled)
            get = lambda number: admin.get(f"/api/operations/{number}").json
            wait_for("the merged one", lambda: get(two["id"])["state"] == "succeeded")
            self.assertEqual(get(one["id"])["steps_run"], 2)
            wait_for("the roll-back", lambda: get(first["id"])["state"] == "failed")
            self.assertFalse((daemon.data / "config/one.txt").exists())
            rules = {"items": [{"one": "transact", "other": "transact", "strategy": "abort"}]}
            self.assertEqual(user.ask("PUT", "/api/operations/conflicts", rules).status, 403)
            self.assertEqual(admin.ask("PUT", "/api/operations/conflicts", rules).status, 200)
            operation(admin, "transact", transaction("a", 60), wait=False)
            refused = operation(admin, "transact", transaction("b", 0))
            self.assertEqual(refused.status, 409)
            self.assertIn("conflicts with transact", refused.json["detail"])
            self.assertEqual(operation(user, "file.write", {"path": "a", "content": ""}).status, 403)
            self.assertEqual(operation(admin, "file.write", {"path": "../state.db", "content": ""}).status, 400)
            browser = self.restart(daemon)
            self.assertEqual(browser.get("/api/operations/conflicts").json["items"], rules["items"])
            self.assertEqual(browser.get("/api/operations").json["locked_resources"], 0)


    def test_what_operations_change_is_in_the_audit(self):
        with Daemon() as daemon:
            admin, user = daemon.admin, daemon.add_user("ann", "user")
            self.assertEqual(operation(user, "settings.set", {"values": {"motd": "secret word"}}).status, 200)
            broken = {"steps": [{"kind": "setting.set", "input": {"key": "x", "value": 1}},
                                {"kind": "file.write", "input": {"path": "no/such/folder/a", "content": ""}}]}
            self.assertNotEqual(operation(admin, "transact", broken).status, 200)
            self.assertEqual(operation(user, "file.write", {"path": "a", "content": ""}).status, 403)
            rules = {"items": [{"one": "transact", "other": "transact", "strategy": "abort"}]}
            self.assertEqual(admin.ask("PUT", "/api/operations/conflicts", rules).status, 200)
            rows = admin.get("/api/audit?action=operation").json["items"]
            self.assertEqual([(r["action"], r["actor"]) for r in rows],
                             [("operation.conflicts", "admin"), ("operation.rolled_back", "admin"), ("operation.run", "ann")])
            self.assertIn("motd", json.dumps(rows[2]["after"]))
            self.assertNotIn("secret word", json.dumps(rows))
            verified = daemon.cli("audit", "verify")
            self.assertEqual(verified.returncode, 0, verified.stderr)


if __name__ == "__main__":
    unittest.main()
