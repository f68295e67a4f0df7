#!/usr/bin/env python3
"""openttd_test.py: a real OpenTTD server through the daemon: log-in, clock, and its pace.

What must hold: a sender that asks for 500 list_settings a second leaves the game's day at or below
2260 ms while at least 100 of them a second pass. The control, with --control: the same commands
past the daemon's pace stop the game's clock.
"""
import http.client
import json
import sys
import threading
import time

sys.dont_write_bytecode = True
from peers import OpenTtd, add, game_state, send, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402
from ttd_days import Days  # noqa: E402

DAY_MS = 2260


def talks(daemon, admin, peer):
    add(admin, peer.settings("ttd"))
    wait_state(admin, "ttd", "ready", 40)
    assert send(admin, "ttd", "getdate").json["text"].startswith("Date: ")
    assert "not found" in send(admin, "ttd", "nosuchcmd").json["text"]
    assert send(admin, "ttd", "quit").status == 409, "dangerous"
    assert len(send(admin, "ttd", "list_settings").json["text"].splitlines()) > 100
    known = wait_for("the list of commands",
                     lambda: admin.get("/api/games/ttd/completions?prefix=list_").json["items"])
    assert "list_cmds" in known, known


def knows_the_clock(admin):
    def whole():
        health = game_state(admin, "ttd")["health"]
        ratio = health["tick_ratio"]
        return health if ratio and 0.95 < ratio < 1.05 and health["latency_ms"] else None
    health = wait_for("a whole day and a pong", whole)
    performance = admin.get("/api/macro-safety/performance").json["current"]
    assert "tick_ratio" in performance, performance.keys()
    print(f"tick_ratio {health['tick_ratio']:.3f}, latency {health['latency_ms']:.1f} ms")


def ask(daemon, token, until, rate, counts, lock):
    """Asks `rate` times a second over one connection, whatever the answers are."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    body = json.dumps({"command": "list_settings", "timeout_ms": 5000})
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    due = time.monotonic()
    while time.monotonic() < until:
        connection.request("POST", "/api/games/ttd/commands", body, head)
        answer = connection.getresponse()
        answer.read()
        with lock:
            counts[answer.status] = counts.get(answer.status, 0) + 1
        due += 1 / rate
        time.sleep(max(0, due - time.monotonic()))


def keeps_the_clock(daemon, admin, peer, seconds=20):
    token = daemon.token_login("admin")["access_token"]
    days, counts, lock = Days(peer), {}, threading.Lock()
    wait_for("a day", lambda: days.gaps)
    del days.gaps[:]
    began = time.monotonic()
    threads = [threading.Thread(target=ask, args=(daemon, token, began + seconds, 12.5, counts, lock))
               for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    wait_for("another day", lambda: days.stalled_ms() < 500)
    asked, passed = sum(counts.values()), counts.get(200, 0)
    worst = max(days.gaps)
    print(f"asked {asked / took:.0f}/s, passed {passed / took:.0f}/s, {len(days.gaps)} days, "
          f"longest {worst:.0f} ms, answers {counts}")
    days.close()
    assert passed / took >= 100, counts
    assert worst <= DAY_MS, days.gaps


def control(peer, seconds=12):
    """The same without the daemon: 500 a second straight into the admin port."""
    days = Days(peer)
    wait_for("a day", lambda: days.gaps)
    end, due = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < end:
        days.pack(5, b"list_settings\0")
        due += 1 / 500
        time.sleep(max(0, due - time.monotonic()))
    print(f"without pace: days {[round(g) for g in days.gaps]}, none for {days.stalled_ms():.0f} ms")
    stalled = max(days.stalled_ms(), *days.gaps) > 2 * DAY_MS
    days.close()
    assert stalled, "the control did not stop the clock"


def wrong_password(admin, peer):
    add(admin, peer.settings("bad", password="wrong"))
    state = wait_state(admin, "bad", "failed")
    assert "password" in state["reason"], state
    assert admin.post("/api/games/bad/connect").status == 200
    wait_state(admin, "bad", "failed")
    assert admin.ask("DELETE", "/api/games/bad").status == 204


def comes_back(admin, peer):
    assert send(admin, "ttd", "quit", confirmed=True).status in (200, 503)
    wait_state(admin, "ttd", "waiting")
    peer.process.wait(20)
    peer.start()
    wait_state(admin, "ttd", "ready", 40)
    assert send(admin, "ttd", "getdate").status == 200


def main():
    with OpenTtd() as peer:
        with Daemon() as daemon:
            talks(daemon, daemon.admin, peer)
            knows_the_clock(daemon.admin)
            wrong_password(daemon.admin, peer)
            keeps_the_clock(daemon, daemon.admin, peer)
            comes_back(daemon.admin, peer)
        if "--control" in sys.argv:
            control(peer)
    print("ok")


if __name__ == "__main__":
    main()
