#!/usr/bin/env python3
"""luanti_test.py: a real Luanti server through the mod gamekeeper_link: commands and step times."""
import signal
import sys

sys.dont_write_bytecode = True
from peers import Luanti, add, game_state, send, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402


def ratio(admin):
    return game_state(admin, "mt")["health"]["tick_ratio"]


def main():
    with Luanti() as peer, Daemon() as daemon:
        admin = daemon.admin
        add(admin, peer.settings("mt"))
        wait_state(admin, "mt", "ready")
        print(send(admin, "mt", "status").json)
        assert "version" in send(admin, "mt", "status").json["text"]
        assert send(admin, "mt", "nosuch thing").json["text"] == "No such command: nosuch"
        assert "bang" in send(admin, "mt", "boom").json["text"]
        assert send(admin, "mt", "say hello").json["text"] == "said"
        assert send(admin, "mt", "shutdown").status == 409
        for n in range(20):
            assert send(admin, "mt", f"busy 0{n}").json["text"] == f"busy {n}", n
        assert "say" in admin.get("/api/games/mt/completions?prefix=s").json["items"]
        send(admin, "mt", "busy 0")
        wait_for("whole steps", lambda: ratio(admin) and 0.9 < ratio(admin) < 1.1)
        fast = ratio(admin)
        send(admin, "mt", "busy 300")
        wait_for("slow steps", lambda: ratio(admin) and ratio(admin) < 0.4)
        print(f"tick_ratio {fast:.2f}, with a busy mod {ratio(admin):.2f}")
        send(admin, "mt", "busy 0")
        peer.stop(signal.SIGKILL)
        state = wait_state(admin, "mt", "waiting")
        assert "gamekeeper_link" in state["reason"], state
        peer.start()
        wait_state(admin, "mt", "ready", 40)
        assert "version" in send(admin, "mt", "status").json["text"]
        # A world that is not there says so.
        answer = admin.post("/api/games", {"name": "none", "kind": "luanti",
                                           "options": {"world": "/nonexistent/world"}})
        assert answer.status == 201, answer
        wait_for("the reason", lambda: "/nonexistent/world" in game_state(admin, "none")["reason"])
    print("ok")


if __name__ == "__main__":
    main()
