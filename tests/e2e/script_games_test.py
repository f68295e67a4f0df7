#!/usr/bin/env python3
"""script_games_test.py: macros of examples/macros against real servers: fishing in TinyMUX, the
countdown and the greeter in Teeworlds, backups in OpenTTD. A server that is not installed is
skipped by name; with none the exit code is 77."""
import contextlib
import json
import pathlib
import shutil
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "games"))
from gk import Daemon, wait_for  # noqa: E402
from peers import OpenTtd, Teeworlds, TinyMux, add, send, wait_state  # noqa: E402

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "macros"
BASE = "/api/macro-scripts"


def texts(admin, name):
    answer = admin.get(f"{BASE}/{name}/log")
    return [line["text"] for line in answer.json["lines"]] if answer.status == 200 else []


def load(admin, name, change=None, **settings):
    program = json.loads((EXAMPLES / f"{name}.json").read_text())
    if change:
        change(program)
    answer = admin.ask("PUT", f"{BASE}/{name}", {"steps": program, **settings})
    assert answer.status == 201, answer


def start(admin, name, game, **args):
    answer = admin.post(f"{BASE}/{name}/run", {"game": game, "args": args})
    assert answer.status == 201, answer


def ended(admin, name, deadline=60):
    wait_for(f"{name} to end", lambda: any(t == "ends" or t.startswith("fails")
                                           for t in texts(admin, name)), deadline)
    return texts(admin, name)


def announces(admin):
    def hurry(program):  # minutes become tenths of a second; the words stay
        for action in program["actions"]:
            for step in [action, *action.get("parameters", {}).get("actions", [])]:
                if step["type"] == "pause":
                    step["parameters"]["seconds"] = 0.05
    load(admin, "announcements", hurry)
    start(admin, "announcements", "tee", reason='lunch"; shutdown')
    log = ended(admin, "announcements")
    assert log[-1] == "ends", log
    said = [t for t in log if t.startswith("> say")]
    assert said[0] == "> say The server restarts in 5 minutes for lunch__ shutdown", said
    assert said[1:] == [f"> say Restart in {n} minutes" for n in (4, 3, 2, 1)] + [
        f"> say Restart in {n}" for n in (5, 4, 3, 2, 1)] + ["> say Restart now"], said
    seen = admin.get("/api/games/tee/history?limit=500").body.decode()
    assert "*** Restart now" in seen, seen[-2000:]
    print("teeworlds: the countdown was said by the real server")


def join_as(peer, name):
    """The words that the server prints when somebody joins, echoed by another administrator: a client
    is not part of Debian's server package. The echo lacks "[game]: ", and so does the macro here."""
    with socket.create_connection(("127.0.0.1", peer.port), 5) as other:
        other.sendall(f"{peer.password}\n".encode())
        seen = b""
        while b"successful" not in seen:
            seen += other.recv(4096)
        other.sendall(f"echo team_join player='0:{name}' team=0\n".encode())
        while b"team_join" not in seen:
            seen += other.recv(4096)


def greets(admin, peer):
    def anybody(program):
        wait = program["actions"][0]["parameters"]["actions"][0]["parameters"]
        wait["line"] = wait["line"].removeprefix("[game]: ")
    load(admin, "greeter", anybody)
    start(admin, "greeter", "tee")
    join_as(peer, "Bob%x")
    wait_for("the greeting", lambda: "> say Welcome Bob_x, have fun" in texts(admin, "greeter"))
    assert admin.post("/api/macro-safety/stop/greeter").json["stopped"]
    print("teeworlds: greeted a player by name")


def fishes(admin):
    for command in ("@create rod", "&casts rod=0",
                    "&do_cast rod=$cast:&casts me=[add(v(casts),1)];@pemit %#="
                    "[switch(mod(add(v(casts),1),2),0,You feel a bite!,Nothing.)]",
                    "&do_reel rod=$reel:@pemit %#=You catch a fish.",
                    "&do_stow rod=$stow:@pemit %#=The rod is stowed."):
        answer = send(admin, "mux", command)
        assert answer.status == 200, (command, answer)
    load(admin, "fishing")
    start(admin, "fishing", "mux", full=2)
    log = ended(admin, "fishing")
    assert log[-1] == "ends" and log[-2].startswith("notifies: 2 fish in "), log
    assert log.count("caught a fish") == 2 == sum(t == "> reel" for t in log), log
    start(admin, "fishing", "mux")
    wait_for("a cast", lambda: texts(admin, "fishing")[-1].startswith("> cast"))
    assert admin.post("/api/macro-safety/stop/fishing").json["stopped"]
    wait_for("on_cancel", lambda: "on_cancel is done" in texts(admin, "fishing"))
    wait_for("the rod", lambda: "The rod is stowed." in
             admin.get("/api/games/mux/history?limit=500").body.decode())
    print("tinymux: fished, and stowed the rod when stopped")


def saves(admin, peer):
    load(admin, "backup")
    for slot in (1, 2):
        before = len(texts(admin, "backup"))
        start(admin, "backup", "ttd")
        wait_for("the backup", lambda: texts(admin, "backup")[before:][-1:] == ["ends"])
        assert f"saved as backup{slot}" in texts(admin, "backup"), texts(admin, "backup")
        assert list(peer.folder.rglob(f"backup{slot}.sav")), list(peer.folder.rglob("*.sav"))
        wait_for("its end", lambda: admin.get("/api/macro-safety/active-macros").json["items"] == [])
    print("openttd: two backups under two names, on disk")


def asks_companies(admin):
    def hurry(program):
        loop = program["actions"][0]["parameters"]
        loop["count"] = 2
        loop["actions"][-1]["parameters"]["seconds"] = 0.05
    load(admin, "company_password", hurry)
    start(admin, "company_password", "ttd")
    log = ended(admin, "company_password")
    # A fresh server has no company: nobody is told.
    assert log[-1] == "ends" and [t for t in log if t[0] == ">"] == ["> companies"] * 2, log
    print("openttd: the companies were read twice")


def says(admin, game, heard, words):
    """A text of Lua in the words of each game; what a console would obey is in it."""
    source = "log(game.say(args.text))"
    assert admin.ask("PUT", f"{BASE}/says", {"kind": "lua", "source": source}).status in (200, 201)
    text = f'{game} closes at #5, don\'t "stay";shutdown'
    before = len(texts(admin, "says"))
    answer = admin.post(f"{BASE}/says/run", {"game": game, "args": {"text": text}})
    if answer.status == 503:
        return print("skipped: game.say:", answer.json["detail"])
    assert answer.status == 201, answer
    wait_for("it to end", lambda: texts(admin, "says")[before:][-1:] == ["ends"])
    safe = text.replace('"', "'").replace(";", " ")
    said = [t for t in texts(admin, "says")[before:] if t.startswith("> ")]
    assert said == ["> " + words.replace("{text}", safe)], said
    wait_for("the game to say it", lambda: any(
        heard + safe in entry["text"] for entry in
        admin.get(f"/api/games/{game}/history?limit=500").json["items"] if entry["kind"] != "command"))
    wait_state(admin, game, "ready", 5)  # Nobody shut it down.
    wait_for("it to be gone", lambda: admin.get("/api/macro-safety/active-macros").json["items"] == [])
    print(f"{game}: said a text in its words")


def guards(admin):
    """The company guard is Lua: only where this daemon has a Lua worker."""
    source = (EXAMPLES / "company_guard.lua").read_text()
    answer = admin.ask("PUT", f"{BASE}/company_guard", {"kind": "lua", "source": source})
    assert answer.status == 201, answer
    answer = admin.post(f"{BASE}/company_guard/run",
                        {"game": "ttd", "args": {"every_s": 0.1, "rounds": 2}})
    if answer.status == 503:
        return print("skipped: company_guard.lua:", answer.json["detail"])
    assert answer.status == 201, answer
    log = ended(admin, "company_guard")
    assert log[-1] == "ends" and log.count("> companies") == 2, log
    print("openttd: the company guard read the companies twice")


def main():
    ran = []
    with Daemon() as daemon:
        admin = daemon.admin

        @contextlib.contextmanager
        def playing(kind, program, name):
            if not (shutil.which(program) or pathlib.Path("/usr/games", program).exists()):
                print(f"skipped: {program} is not installed")
                yield None
                return
            with kind() as peer:
                add(admin, peer.settings(name))
                wait_state(admin, name, "ready", 30)
                ran.append(name)
                yield peer
        with playing(Teeworlds, "teeworlds-server", "tee") as peer:
            if peer:
                announces(admin)
                greets(admin, peer)
                says(admin, "tee", "*** ", 'say "{text}"')
        with playing(TinyMux, "tinymux-install", "mux") as peer:
            if peer:
                fishes(admin)
                says(admin, "mux", 'You say, "', "say {text}")
        with playing(OpenTtd, "openttd", "ttd") as peer:
            if peer:
                saves(admin, peer)
                asks_companies(admin)
                guards(admin)
                says(admin, "ttd", "", 'say "{text}"')
    if not ran:
        sys.exit(77)
    print("ok:", ", ".join(ran))


if __name__ == "__main__":
    main()
