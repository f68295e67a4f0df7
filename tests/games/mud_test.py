#!/usr/bin/env python3
"""mud_test.py: a real TinyMUX server through the daemon: negotiation, framing, the quota.

TinyMUX gives a client one command a second after a bucket of commands. What must hold: at that pace
each answer comes within 100 ms and none is lost. 40 commands in the test; `--count 400` by hand.
"""
import signal
import sys
import time

sys.dont_write_bytecode = True
from peers import TinyMux, add, send, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402


def talks(admin, peer):
    add(admin, peer.settings("mux"))
    wait_state(admin, "mux", "ready")
    assert send(admin, "mux", "think gk").json["text"] == "gk"
    # What a command queues comes after its answer, as a line of its own.
    send(admin, "mux", "@pemit me=add(2,3) is [add(2,3)]")
    answer = send(admin, "mux", "bogus").json["text"]
    assert answer.startswith("Huh?"), answer
    assert "1 Player logged in" in send(admin, "mux", "WHO").json["text"]
    assert send(admin, "mux", "think a\r\n@shutdown").status == 400
    assert send(admin, "mux", "@shutdown").status == 409
    framing = send(admin, "mux", "OUTPUTSUFFIX mine", confirmed=True)
    assert framing.status == 400 and "link's own" in framing.json["detail"], framing
    assert send(admin, "mux", "think still").json["text"] == "still"


def wrong_password(admin, peer):
    add(admin, peer.settings("bad", password="wrong"))
    state = wait_state(admin, "bad", "failed")
    assert "different password" in state["reason"], state
    assert admin.ask("DELETE", "/api/games/bad").status == 204


def other_framings(admin, peer):
    add(admin, peer.settings("sentinel", options={"framing": "sentinel"}))
    wait_state(admin, "sentinel", "ready")
    assert send(admin, "sentinel", "think one").json["text"].splitlines()[-1] == "one"
    add(admin, peer.settings("quiet", options={"framing": "quiet", "quiet_ms": "60"}))
    wait_state(admin, "quiet", "ready")
    assert send(admin, "quiet", "think two").json["text"].splitlines()[-1] == "two"
    for name in ("sentinel", "quiet"):
        assert admin.ask("DELETE", f"/api/games/{name}").status == 204


def keeps_the_quota(admin, count):
    """The burst is used up first, so that every command meets the quota."""
    assert admin.ask("PUT", "/api/games/mux", {"rate_per_s": 1, "burst": 1}).status == 200
    slowest, began = 0.0, time.monotonic()
    for n in range(count):
        answer = send(admin, "mux", f"think n{n}")
        assert answer.status == 200 and answer.json["text"] == f"n{n}", (n, answer)
        slowest = max(slowest, answer.json["response_ms"])
    took = time.monotonic() - began
    print(f"{count} commands in {took:.1f} s, none lost, slowest answer {slowest:.1f} ms")
    assert slowest <= 100 and took >= count - 2


def comes_back(admin, peer):
    peer.stop(signal.SIGKILL)
    wait_state(admin, "mux", "waiting")
    peer.start()
    wait_state(admin, "mux", "ready", 40)
    assert send(admin, "mux", "think back").json["text"] == "back"


def main():
    count = int(sys.argv[sys.argv.index("--count") + 1]) if "--count" in sys.argv else 40
    with TinyMux() as peer, Daemon() as daemon:
        talks(daemon.admin, peer)
        wrong_password(daemon.admin, peer)
        other_framings(daemon.admin, peer)
        keeps_the_quota(daemon.admin, count)
        comes_back(daemon.admin, peer)
    print("ok")


if __name__ == "__main__":
    main()
