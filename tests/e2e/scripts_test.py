#!/usr/bin/env python3
"""scripts_test.py: the macro library of a real daemon, over REST, WebSocket and the CLI. Macros here
need no game; those of examples/macros meet real servers in script_games_test.py."""
import contextlib
import json
import pathlib
import socket
import sqlite3
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from gk import DEADLINE, Daemon, WebSocket, wait_for  # noqa: E402

BASE = "/api/macro-scripts"


def steps(*actions, **more):
    return {"name": "x", "actions": list(actions), **more}


def tell(text, to="log"):
    return {"type": "say", "command": text, "parameters": {"to": to}}


def pause(ms):
    return {"type": "pause", "delay_ms": ms}


def put(browser, name, body):
    return browser.ask("PUT", f"{BASE}/{name}", body)


def texts(browser, name):
    return [line["text"] for line in browser.get(f"{BASE}/{name}/log").json["lines"]]


def ended(browser, name):
    return wait_for(f"{name} to end", lambda: any(
        t == "ends" or t.startswith("fails") for t in texts(browser, name)) and texts(browser, name))


def library(admin):
    made = put(admin, "hello", {"steps": steps(tell("one"), description="says one")})
    assert made.status == 201 and made.json["version"] == 1, made
    assert made.json["description"] == "says one" and made.json["created_by"] == "admin", made
    assert put(admin, "hello", {"steps": steps(tell("two"))}).json["version"] == 2
    stale = put(admin, "hello", {"steps": steps(tell("three")), "expected_version": 1})
    assert stale.status == 409 and "it is at 2" in stale.json["detail"], stale
    versions = admin.get(f"{BASE}/hello/versions").json["items"]
    assert [v["version"] for v in versions] == [2, 1], versions
    assert "one" in admin.get(f"{BASE}/hello/versions/1").json["source"]
    back = admin.post(f"{BASE}/hello/versions/1/restore")
    assert back.status == 200 and back.json["version"] == 3 and "one" in back.json["source"], back
    assert [s["name"] for s in admin.get(BASE).json["items"]] == ["hello"]
    assert "source" not in admin.get(BASE).json["items"][0]


def refuses(admin):
    bad = put(admin, "bad", {"steps": steps(tell("x"), {"type": "say", "command": "${who}"})})
    assert bad.status == 400 and "actions[1].command: no variable who" in bad.json["detail"], bad
    assert put(admin, "bad", {"source": "{"}).status == 400
    assert put(admin, "bad", {"kind": "perl", "source": "x"}).status == 400
    assert put(admin, "bad", {"steps": steps(tell("x")), "extra": 1}).status == 400
    assert put(admin, "Bad", {"steps": steps(tell("x"))}).status == 400
    assert put(admin, "nobody", {"enabled": True}).status == 404
    late = put(admin, "hello", {"schedule": {"cron": "61 * * * *"}})
    assert late.status == 400 and "cron, minute" in late.body.decode(), late
    assert admin.get(f"{BASE}/bad").status == 404
    for path in ("/bad", "/bad/log", "/bad/versions", "/bad/schedule/next", "/hello/versions/77"):
        assert admin.get(BASE + path).status == 404, path
    assert admin.get(f"{BASE}/hello/schedule/next").status in (400, 409, 412)
    assert admin.get(f"{BASE}/hello/log?after=x").status == 400


def validates(admin):
    loops = [{"type": "loop", "parameters": {"count": 2, "actions": [pause(1000)]}}] * 6
    body = {"steps": steps(*loops)}
    report = admin.post(f"{BASE}/validate", {**body, "level": "basic"}).json
    assert report["valid"] and report["warnings"] and report["action_count"] == 12, report
    assert report["estimated_duration"] == 12, report
    report = admin.post(f"{BASE}/validate", {**body, "level": "strict"}).json
    assert not report["valid"] and "6 loops" in report["errors"][0]["message"], report
    report = admin.post(f"{BASE}/validate",
                        {"steps": steps({"type": "command", "command": "shutdown"})}).json
    assert report["errors"] == [{"path": "actions[0].command", "message": "shutdown is dangerous"}]


def runs(daemon, admin):
    socket = WebSocket(admin)
    socket.subscribe("script:log", "script:changed")
    socket.receive()
    put(admin, "talk", {"steps": steps(tell("a"), pause(50), tell("b ${n}", "operators"),
                                       variables={"n": 0})})
    assert socket.wait_type("script:changed")["data"] == {"name": "talk", "change": "saved"}
    started = admin.post(f"{BASE}/talk/run", {"args": {"n": 7}})
    assert started.status == 201 and started.json["kind"] == "script", started
    assert ended(admin, "talk") == ["starts", "a", "notifies: b 7", "ends"]
    assert socket.wait_type("script:log")["data"]["macro_id"] == "talk"
    socket.close()
    assert admin.post(f"{BASE}/talk/run", {"args": {"m": 1}}).status == 400
    put(admin, "long", {"steps": steps(pause(60000))})
    assert admin.post("/api/macro-safety/start", {"macro_id": "long", "script": "long"}).status == 201
    assert admin.post(f"{BASE}/long/run").status == 409
    assert admin.post("/api/macro-safety/pause/long").status == 200
    assert admin.post("/api/macro-safety/resume/long").status == 200
    assert admin.post("/api/macro-safety/stop/long").json["stopped"]
    assert texts(admin, "long") == ["starts", "is paused", "goes on", "was stopped by admin"]
    admin.post(f"{BASE}/long/disable")
    assert "disabled" in admin.post(f"{BASE}/long/run").json["detail"]
    assert admin.post(f"{BASE}/long/enable").json["enabled"]
    put(admin, "gameless", {"steps": steps({"type": "command", "command": "look"})})
    refused = admin.post(f"{BASE}/gameless/run")
    assert refused.status == 409 and "expected a game at its start" in refused.json["detail"], refused


def levels(daemon, admin):
    """The level and the profile that somebody asks for hold, by API and by command line."""
    put(admin, "watched", {"steps": steps(pause(60000))})
    asked = admin.post(f"{BASE}/watched/run", {"safety_level": "dangerous", "profile": "heal"})
    assert (asked.json["safety_level"], asked.json["time_left"] <= 60) == ("dangerous", True), asked
    admin.post("/api/macro-safety/stop/watched")
    said = daemon.cli("--json", "macro", "start", "watched", "--level", "dangerous", "--profile", "heal")
    told = json.loads(said.stdout)
    assert (told["safety_level"], told["time_left"] <= 60) == ("dangerous", True), told
    admin.post("/api/macro-safety/stop/watched")
    wrong = admin.post(f"{BASE}/watched/run", {"safety_level": "lax"})
    assert wrong.status == 400 and "safe, risky or dangerous" in wrong.body.decode(), wrong
    user = daemon.add_user("lea", "user")
    assert user.post(f"{BASE}/watched/run", {"safety_level": "safe"}).status == 403, "weaker than its profile's"


def long_poll(admin):
    put(admin, "slow", {"steps": steps(pause(300), tell("now"))})
    admin.post(f"{BASE}/slow/run")
    log = admin.get(f"{BASE}/slow/log?after=1&wait_s=10").json
    assert [line["text"] for line in log["lines"]] == ["now"], log
    assert log["last"] == 2, log


def permissions(daemon, admin):
    user, viewer = daemon.add_user("una", "user"), daemon.add_user("vera", "viewer")
    assert put(user, "mine", {"steps": steps(tell("x"))}).status == 403
    assert user.post(f"{BASE}/hello/run").status == 201
    assert user.post(f"{BASE}/hello/disable").status == 403
    assert user.ask("DELETE", f"{BASE}/hello").status == 403
    assert viewer.get(f"{BASE}/hello").status == 200
    assert viewer.post(f"{BASE}/hello/run").status == 403
    assert daemon.anonymous().get(BASE).status == 401
    ended(admin, "hello")


def schedules(admin):
    body = {"schedule": {"cron": "30 2 * * *", "time_zone": "Europe/Berlin"}}
    assert put(admin, "talk", body).status == 200
    moments = admin.get(f"{BASE}/talk/schedule/next?n=3").json["next"]
    assert len(moments) == 3 and all(m.endswith(":30:00.000Z") for m in moments), moments
    nowhere = put(admin, "talk", {"schedule": {"cron": "* * * * *", "time_zone": "Mars/Base"}})
    assert nowhere.status == 400 and "Mars/Base" in nowhere.body.decode(), nowhere
    assert nowhere.json["errors"][0]["path"] == "schedule.time_zone", nowhere
    assert admin.get(f"{BASE}/talk").json["schedule"] == body["schedule"], "what was there holds"
    assert put(admin, "talk", {"schedule": None}).json["schedule"] is None


def exchange(daemon, admin):
    bundle = admin.get(f"{BASE}/export?names=hello,talk").json
    assert [s["name"] for s in bundle["scripts"]] == ["hello", "talk"], bundle
    assert admin.post(f"{BASE}/import", bundle).status == 409
    for name in ("hello", "talk"):
        assert admin.ask("DELETE", f"{BASE}/{name}").status == 200
    broken = json.loads(json.dumps(bundle))
    broken["scripts"][1]["source"] = "{}"
    answer = admin.post(f"{BASE}/import", broken)
    assert answer.status == 400 and "scripts[1]" in answer.json["detail"], answer
    assert admin.get(f"{BASE}/hello").status == 404  # nothing of it was applied
    assert admin.post(f"{BASE}/import", bundle).json["imported"] == ["hello", "talk"]
    assert not admin.get(f"{BASE}/hello").json["enabled"]
    exported = daemon.cli("macro", "export", "hello")
    assert json.loads(exported.stdout)["scripts"][0]["name"] == "hello", exported


def status_of_head(browser, path, length):
    """The answer to a POST of which the head is sent and not one byte of the body."""
    port = browser.daemon.port
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {length}",
            "Content-Type: application/json", "X-Gamekeeper-Csrf: 1"]
    if browser.cookie:
        head.append(f"Cookie: {browser.cookie}")
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), DEADLINE)) as peer:
        peer.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        return int(peer.recv(4096).split(b" ")[1])


def large(daemon, admin):
    """A library of more than 1 MiB goes out and in; who may not import sends no large body."""
    names = [f"big{i}" for i in range(8)]
    for name in names:
        source = "-- " + name * 50_000 + "\nlocal x = 1\n"
        assert put(admin, name, {"kind": "lua", "source": source}).status == 201
    bundle = admin.get(f"{BASE}/export?names={','.join(names)}").body
    assert 1_500_000 < len(bundle) < 2_000_000, len(bundle)
    assert admin.post(f"{BASE}/import?replace=true", bundle).json["imported"] == names
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        pathlib.Path(file.name).write_bytes(bundle)
        done = daemon.cli("macro", "import", file.name, "--replace")
        assert done.returncode == 0 and "big7" in done.stdout, done
    assert status_of_head(admin, f"{BASE}/import", 17 << 20) == 413
    assert status_of_head(admin, f"{BASE}/validate", len(bundle)) == 413  # imports only
    assert status_of_head(daemon.anonymous(), f"{BASE}/import", len(bundle)) == 401
    viewer = daemon.add_user("vito", "viewer")
    assert status_of_head(viewer, f"{BASE}/import", len(bundle)) == 403
    assert status_of_head(viewer, f"{BASE}/import?replce=true", 17 << 20) == 403
    for name in names:
        assert admin.ask("DELETE", f"{BASE}/{name}").status == 200


def schedule_by_command_line(daemon, cli):
    """Windows, resume, profile, game and arguments; what is not named stays as it was."""
    said = cli("schedule", "wave", "--window", "22:00-02:00 fri,sat", "--window", "12:00-12:30",
               "--zone", "Europe/Berlin", "--resume", "yes", "--profile", "heal", "--args", '{"n": 7}')
    assert "at the start of 22:00 to 02:00 (fri,sat), 12:00 to 12:30, Europe/Berlin" in said, said
    assert said.count("next ") == 5, said
    kept = json.loads(daemon.cli("--json", "macro", "schedule", "wave").stdout)
    assert kept["schedule"] == {"time_zone": "Europe/Berlin", "windows": [
        {"start": "22:00", "end": "02:00", "days": "fri,sat"}, {"start": "12:00", "end": "12:30"}]}, kept
    assert (kept["resume"], kept["profile"], kept["args"]) == (True, "heal", {"n": 7}), kept
    said = cli("schedule", "wave", "--resume", "no", "--args", "", "--profile", "")
    assert "does not resume" in said and "22:00 to 02:00" in said and "profile    its own" in said, said
    assert json.loads(daemon.cli("--json", "macro", "schedule", "wave").stdout)["args"] is None
    assert "windows" in cli("list", "--library")
    for words, expected in ((["--window", "22:00"], 'got "22:00"'), (["--window", "25:00-26:00"], "windows[0].start"),
                            (["--zone", "UTC"], "--cron or --window beside --zone"),
                            (["--clear", "--cron", "* * * * *"], "either --clear or --cron"),
                            (["--args", "[1"], "--args: "), (["--args", "[1]"], "expected an object"),
                            (["--cron", "61 * * * *"], "minute")):
        wrong = daemon.cli("macro", "schedule", "wave", *words)
        assert wrong.returncode == 2 and expected in wrong.stderr, (words, wrong)
    assert "22:00 to 02:00" in cli("schedule", "wave"), "what was refused changed nothing"
    cli("disable", "wave")
    assert "it is disabled and will not start" in cli("schedule", "wave", "--cron", "0 4 * * *")
    cli("enable", "wave")


def command_line(daemon):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)

        def cli(*words, code=0):
            done = daemon.cli("macro", *words, cwd=folder)
            assert done.returncode == code, (words, done)
            return done.stdout
        assert "wrote wave.json" in cli("new", "wave")
        again = daemon.cli("macro", "new", "wave", cwd=folder)
        assert again.returncode != 0 and "wave.json exists" in again.stderr, again
        assert "valid (complete), 6 actions" in cli("check", "wave.json")
        cli("new", "--lua", "swim")
        assert (path / "swim.lua").read_text().startswith("-- name: swim")
        (path / "bad.json").write_text('{"name": "x", "actions": [{"type": "say", "command": "${a"}]}')
        assert "bad.json: error: actions[0].command: character 1" in cli("check", "bad.json", code=1)
        (path / "hum.json").write_text(json.dumps(steps(tell("hm"), pause(100), tell("mh"))))
        out = cli("run", "hum.json")
        assert "hm" in out and "mh" in out and "hum ended" in out, out
        (path / "sad.json").write_text(json.dumps(steps(tell("${v}"), variables={"v": "two\nlines"})))
        assert "fails: actions[0]" in cli("run", "sad.json", code=1)
        assert "saved wave, version 1" in cli("import", "wave.json")
        assert "wave" in cli("list", "--library")
        gameless = daemon.cli("macro", "schedule", "wave", "--cron", "0 4 * * *")  # It would fail at 4 every night.
        assert gameless.returncode == 2 and "game: expected the name of a game" in gameless.stderr, gameless
        assert cli("schedule", "wave", "--game", "arena", "--cron", "0 4 * * *").count("T04:00:00.000Z") == 5
        assert "by hand only" in cli("schedule", "wave", "--clear")
        schedule_by_command_line(daemon, cli)
        cli("disable", "hum")
        cli("enable", "hum")
        assert "started hum" in cli("start", "hum")
        wait_for("its last line", lambda: "ends" in cli("log", "hum").splitlines()[-1])
        other = daemon.cli("macro", "run", "hum.json", "--id", "drone", cwd=folder)
        assert "hum.json has the name x inside; it is kept as drone" in other.stderr, other
        (path / "hum.json").write_text(json.dumps(steps(tell("new"))))
        cli("run", "hum.json")
        listed = cli("versions", "hum").splitlines()
        assert listed[0].split() == ["VERSION", "SAVED", "BY"] and listed[1].split()[0] == "2", listed
        assert "hum has the text of version 1, as version 3" in cli("restore", "hum", "1")
        (path / "tab.lua").write_text('print("a", "b")')
        assert "a b" in cli("run", "tab.lua") and "x09" not in cli("log", "tab")
        assert "removed hum" in cli("remove", "hum")


def resumes(daemon):
    admin = daemon.admin
    body = {"steps": steps({"type": "loop", "parameters": {"count": 1000, "actions": [
        {"type": "pause", "delay_ms": 20, "parameters": {"add": {"n": 1}}}]}},
        variables={"n": 0}, settings={"keep": ["n"]}), "resume": True}
    assert put(admin, "count", body).status == 201
    assert admin.post(f"{BASE}/count/run").status == 201

    def active():
        return [m["macro_id"] for m in admin.get("/api/macro-safety/active-macros").json["items"]]
    wait_for("it to run", lambda: "count" in active())
    for stop in (daemon.stop, lambda: (daemon.process.kill(), daemon.process.wait())):
        stop()
        daemon.start()
        admin = daemon.anonymous()
        assert admin.login("admin").status == 200
        wait_for("it to run again", lambda: "count" in active())
        assert "resumes after a restart of the daemon" in texts(admin, "count")
    assert admin.post("/api/macro-safety/stop/count").json["stopped"]
    daemon.stop()
    daemon.start()
    admin = daemon.anonymous()
    assert admin.login("admin").status == 200
    assert active() == []  # it was stopped by a person: it does not come back


def logs_survive(daemon):
    """A log is as it was after a stop; kill -9 may cost what is younger than a second or so."""
    admin = daemon.admin = daemon.anonymous()
    assert admin.login("admin").status == 200
    put(admin, "diary", {"steps": steps(tell("one"), pause(60000))})
    admin.post(f"{BASE}/diary/run")
    wait_for("its line", lambda: "one" in texts(admin, "diary"))
    daemon.stop()  # At once: what is not written yet is written now.
    daemon.start()
    admin = daemon.admin = daemon.anonymous()
    assert admin.login("admin").status == 200
    assert texts(admin, "diary") == ["starts", "one", "was cancelled: The daemon stops"], texts(admin, "diary")
    admin.post(f"{BASE}/diary/run")
    wait_for("its line", lambda: texts(admin, "diary").count("one") == 2)
    known = admin.get(f"{BASE}/diary/log").json["last"]

    def on_disk():
        with contextlib.closing(sqlite3.connect(f"file:{daemon.data}/telemetry.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT max(number) FROM macro_log WHERE macro_id = 'diary'").fetchone()[0]
    begun = time.monotonic()
    wait_for("the lines to be written", lambda: on_disk() == known, 10)
    print(f"a line is on disk after {time.monotonic() - begun:.1f} s")
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()
    admin = daemon.admin = daemon.anonymous()
    assert admin.login("admin").status == 200
    assert texts(admin, "diary")[-2:] == ["starts", "one"], texts(admin, "diary")
    assert admin.get(f"{BASE}/diary/log").json["last"] == known
    assert "one" in daemon.cli("macro", "log", "diary").stdout


def main():
    with Daemon() as daemon:
        admin = daemon.admin
        library(admin)
        refuses(admin)
        validates(admin)
        runs(daemon, admin)
        levels(daemon, admin)
        long_poll(admin)
        permissions(daemon, admin)
        schedules(admin)
        exchange(daemon, admin)
        large(daemon, admin)
        command_line(daemon)
        resumes(daemon)
        logs_survive(daemon)
    print("ok")


if __name__ == "__main__":
    main()
