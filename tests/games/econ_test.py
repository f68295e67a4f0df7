#!/usr/bin/env python3
"""econ_test.py: a real Teeworlds server through the daemon."""
import signal
import stat
import sys
import threading

sys.dont_write_bytecode = True
from peers import (EconAdmin, Teeworlds, add, game_state, send, wait_for,  # noqa: E402
                   wait_state)
from gk import Daemon, WebSocket  # noqa: E402


def talks(daemon, admin, peer):
    add(admin, peer.settings("tee"))
    wait_state(admin, "tee", "ready")
    answer = send(admin, "tee", "echo hello").json
    assert answer["text"] == "hello", answer
    assert send(admin, "tee", "sv_max_clients").json["text"].startswith("Value: "), answer
    assert "No such command" in send(admin, "tee", "nosuchcmd").json["text"]
    assert "[chat]: *** hi there" in send(admin, "tee", 'say "hi there"').json["text"]
    print("answers:", answer)


def refuses(daemon, admin):
    bad = [("echo a\necho b", 400), ("echo a; shutdown", 400), ("echo \0", 400), ("", 400),
           ("x" * 501, 400), ("shutdown", 409), ('"SHUTDOWN"', 409), ("  shutdown", 409)]
    for command, status in bad:
        answer = send(admin, "tee", command)
        assert answer.status == status, (command, answer)
    assert send(admin, "nowhere", "echo").status == 404
    assert admin.post("/api/games/tee/commands", {"command": "echo", "extra": 1}).status == 400


def correlates(admin, peer, count=1000):
    other = EconAdmin(peer)
    wrong = 0
    for n in range(count):
        answer = send(admin, "tee", f"echo n{n}")
        assert answer.status == 200, answer
        wrong += answer.json["text"] != f"n{n}"
    sent = other.sent
    other.close()
    print(f"{count} commands, {wrong} wrong, beside {sent} commands of another admin")
    assert wrong == 0 and sent > 100
    history = admin.get("/api/games/tee/history?limit=500").json["items"]
    assert any("cmd='echo 12345'" in e["text"] for e in history if e["kind"] == "line")


def comes_back(admin, peer):
    # A server that hangs: its answer is missed, and what it did is unknown when it dies. (Unread
    # bytes also make the kernel free its port at once, which it cannot bind otherwise.)
    peer.process.send_signal(signal.SIGSTOP)
    late = send(admin, "tee", "echo late", timeout_ms=300)
    assert late.status == 408 and "was sent" in late.json["detail"], late
    answers = []
    thread = threading.Thread(target=lambda: answers.append(send(admin, "tee", "echo queued")))
    thread.start()
    wait_for("the command to wait", lambda: game_state(admin, "tee")["health"]["waiting"] == 1)
    peer.stop()
    thread.join()
    assert answers[0].status == 503 and "was not sent" in answers[0].json["detail"], answers
    state = wait_state(admin, "tee", "waiting")
    assert state["reason"], state
    assert send(admin, "tee", "echo x").status == 409
    peer.start()
    wait_state(admin, "tee", "ready", 30)
    assert send(admin, "tee", "echo back").json["text"] == "back"


def wrong_password(daemon, admin, peer):
    add(admin, peer.settings("bad", password="wrong"))
    state = wait_state(admin, "bad", "failed")
    assert "Wrong password" in state["reason"], state
    assert state["has_password"] and "password" not in state, state
    before = len([e for e in admin.get("/api/games/bad/history").json["items"]])
    health = admin.get("/api/health").json
    assert "game_links" in str(health) and "bad" in str(health), health
    # Nothing is tried until somebody changes something.
    changed = admin.ask("PUT", "/api/games/bad", peer.settings("bad"))
    assert changed.status == 200, changed
    wait_state(admin, "bad", "ready")
    assert len(admin.get("/api/games/bad/history").json["items"]) <= before + 3
    assert admin.ask("DELETE", "/api/games/bad").status == 204
    assert admin.get("/api/games/bad").status == 404
    # The server itself dies (0.7.5) when a client comes in the tick in which another left.
    wait_for("the server to notice", lambda: sum(
        "client dropped. cid=1" in e["text"]
        for e in admin.get("/api/games/tee/history").json["items"]) >= 2)


def keeps_secrets(daemon):
    assert "econpw" not in daemon.log_text()
    for path in daemon.data.rglob("*"):
        if path.is_file() and path.stat().st_size < 50e6:
            assert b"econpw" not in path.read_bytes(), path
            if path.suffix == ".key":
                assert not path.stat().st_mode & (stat.S_IRWXO | stat.S_IRWXG), path


def permissions(daemon, admin):
    viewer, user = daemon.add_user("vera", "viewer"), daemon.add_user("ulf", "user")
    assert viewer.get("/api/games").status == 200 and send(viewer, "tee", "echo").status == 403
    assert send(user, "tee", "echo mine").json["text"] == "mine"
    assert user.ask("DELETE", "/api/games/tee").status == 403
    tight = admin.ask("PUT", "/api/games/tee", {"users": ["anna"], "allow": ["echo", "sv_*"]})
    assert tight.status == 200, tight
    assert game_state(admin, "tee")["state"] == "ready", "lists need no new connection"
    assert send(user, "tee", "echo x").status == 403
    assert send(admin, "tee", "say hi").status == 403, "not on the allow-list"
    start = {"macro_id": "mine", "game": "tee"}
    refused = user.post("/api/macro-safety/start", start)
    assert refused.status == 403 and "named users" in refused.json["detail"], refused
    assert send(admin, "tee", "sv_max_clients").status == 200
    admin.ask("PUT", "/api/games/tee", {"users": [], "allow": []})
    assert send(user, "tee", "echo x").status == 200
    acts_for_a_macro(admin, user, viewer, start)


def refuses_what_is_overtaken(admin):
    """If-Match: a change of an older version of the settings is refused, its own is taken."""
    seen = admin.get("/api/games/tee").headers["ETag"]
    assert admin.ask("PUT", "/api/games/tee", {"burst": 19}, headers={"If-Match": seen}).status == 200
    assert admin.ask("PUT", "/api/games/tee", {"burst": 5}, headers={"If-Match": seen}).status == 412
    assert admin.ask("DELETE", "/api/games/tee", headers={"If-Match": seen}).status == 412
    assert game_state(admin, "tee")["burst"] == 19


def acts_for_a_macro(admin, user, viewer, start):
    """A macro of another program sends in its own name, until it is stopped."""
    ahead = send(user, "tee", "echo x", macro_id="mine")
    assert ahead.status == 409 and "no macro mine runs" in ahead.json["detail"], ahead
    assert user.post("/api/macro-safety/start", start).status == 201
    assert send(user, "tee", "echo for it", macro_id="mine").json["text"] == "for it"
    assert send(viewer, "tee", "echo x", macro_id="mine").status == 403
    newest = admin.get("/api/games/tee/history?limit=50").json["items"]
    assert any(e["kind"] == "command" and e["sender"] == "macro:mine" for e in newest), newest
    user.post("/api/macro-safety/stop/mine")
    assert send(user, "tee", "echo x", macro_id="mine").status == 409


def survives_restart(daemon):
    daemon.stop()
    daemon.start()
    admin = daemon.anonymous()
    assert admin.login("admin").status == 200
    wait_state(admin, "tee", "ready")
    assert send(admin, "tee", "echo again").json["text"] == "again"
    assert daemon.cli("game", "send", "tee", "echo", "cli").stdout.strip() == "cli"
    assert "tee" in daemon.cli("game", "list").stdout
    return admin


def main():
    with Teeworlds() as peer, Daemon() as daemon:
        admin = daemon.admin
        talks(daemon, admin, peer)
        refuses(daemon, admin)
        socket = WebSocket(admin)
        socket.send({"type": "subscribe", "topics": ["game:line", "game:state"]})
        wrong_password(daemon, admin, peer)
        correlates(admin, peer)
        comes_back(admin, peer)
        permissions(daemon, admin)
        refuses_what_is_overtaken(admin)
        samples = wait_for("latency", lambda: game_state(admin, "tee")["health"]["latency_ms"])
        print(f"latency {samples:.1f} ms")
        kinds = admin.get("/api/game-kinds").json["items"]
        assert {"teeworlds", "openttd", "stdio"} <= {k["name"] for k in kinds}
        assert admin.get("/api/games/tee/completions?prefix=sv_").json["items"] == ["sv_max_clients"]
        survives_restart(daemon)
        daemon.stop()
        keeps_secrets(daemon)
    print("ok")


if __name__ == "__main__":
    main()
