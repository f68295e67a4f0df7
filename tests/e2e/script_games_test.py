#!/usr/bin/env python3
"""script_games_test.py: macros of examples/macros against real servers: fishing in TinyMUX, the
countdown and the greeter in Teeworlds, backups in OpenTTD. A server that is not installed is
skipped by name; with none the exit code is 77."""
import contextlib
import json
import pathlib
import shutil
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


def greets(admin):
    load(admin, "greeter")
    start(admin, "greeter", "tee")
    # A line as the server prints it when somebody joins; a real client is not part of the package.
    send(admin, "tee", "echo *** 'Bob%x' entered and joined the game")
    wait_for("the greeting", lambda: "> say Welcome Bob_x, have fun" in texts(admin, "greeter"))
    assert admin.post("/api/macro-safety/stop/greeter").json["stopped"]
    print("teeworlds: greeted")


def fishes(admin):
    for command in ("@create rod", "&casts rod=0",
                    "&do_cast rod=$cast:&casts rod=add(v(casts),1);@pemit %#=Nothing.",
                    "@set rod=!halt"):
        assert send(admin, "mux", command).status == 200, command
    # Every second cast bites; what it is comes in turn.
    send(admin, "mux", "&do_cast rod=$cast:&casts me=[add(v(casts),1)];"
                       "@pemit %#=switch(mod(add(v(casts),1),2),0,You feel a bite!,Nothing.)")
    send(admin, "mux", "&do_reel rod=$reel:@pemit %#=You catch a fish.")


def main():
    ran = []
    with Daemon() as daemon:
        admin = daemon.admin

        @contextlib.contextmanager
        def playing(kind, program, name):
            if not (shutil.which(program) or pathlib.Path("/usr/games", program).exists()):
                print(f"skipped: {program} is not installed")
                yield False
                return
            with kind() as peer:
                add(admin, peer.settings(name))
                wait_state(admin, name, "ready", 30)
                ran.append(name)
                yield True
        with playing(Teeworlds, "teeworlds-server", "tee") as there:
            if there:
                announces(admin)
                greets(admin)
    if not ran:
        sys.exit(77)
    print("ok:", ", ".join(ran))


if __name__ == "__main__":
    main()
