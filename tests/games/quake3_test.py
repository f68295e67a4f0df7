#!/usr/bin/env python3
"""quake3_test.py: a real ioquake3 server through the daemon: rcon over UDP, long answers, its end.

The server drops rcon beyond ten at once and then one a second; the default pace stays within. The
control goes beyond it, and loses commands.
"""
import sys
import threading

sys.dont_write_bytecode = True
from peers import Quake3, add, game_state, send, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402


def talks(daemon, admin):
    assert "map: box" in send(admin, "q3", "status").json["text"]
    assert "gk-test" in send(admin, "q3", "sv_hostname").json["text"]
    unknown = send(admin, "q3", "nosuchcmd").json["text"]
    assert "nosuchcmd" in unknown.lower() or unknown == "", unknown
    assert send(admin, "q3", "set gk_note one-two").status == 200
    assert "one-two" in send(admin, "q3", "gk_note").json["text"]
    # Hundreds of lines in many datagrams, whole and in order.
    listed = send(admin, "q3", "cvarlist").json["text"].splitlines()
    assert len(listed) > 190 and listed[-1].endswith("cvar indexes"), listed[-3:]
    for command, status in (("status; quit", 400), ("quit", 409), ("killserver", 409)):
        assert send(admin, "q3", command).status == status, command


def keeps_answers_apart(admin, senders=3, each=2):
    """Quake's rcon has no ids: one command at a time is what keeps answers apart."""
    wrong = []

    def ask(mine):
        for n in range(each):
            text = send(admin, "q3", f"echo mine-{mine}-{n}").json["text"]
            if text.strip() != f"mine-{mine}-{n}":
                wrong.append((mine, n, text))
    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [], wrong


def loses_what_is_too_fast(admin, peer):
    add(admin, peer.settings("hasty", rate_per_s=50, burst=50, reply_timeout_ms=700))
    wait_state(admin, "hasty", "ready")
    answers = [send(admin, "hasty", f"echo {n}").status for n in range(12)]
    assert answers[0] == 200 and 408 in answers, answers
    assert admin.ask("DELETE", "/api/games/hasty").status == 204


def main():
    with Quake3() as peer, Daemon() as daemon:
        admin = daemon.admin
        add(admin, peer.settings("q3"))
        wait_state(admin, "q3", "ready")
        talks(daemon, admin)
        keeps_answers_apart(admin)
        latency = wait_for("a pong", lambda: game_state(admin, "q3")["health"]["latency_ms"])
        print(f"latency {latency:.1f} ms")
        add(admin, peer.settings("bad", password="wrong"))
        state = wait_state(admin, "bad", "failed")  # Without a command.
        assert "assword" in state["reason"], state
        assert admin.ask("DELETE", "/api/games/bad").status == 204
        peer.stop()
        peer.start()  # Its counts of rcon begin anew.
        loses_what_is_too_fast(admin, peer)
        peer.stop()
        wait_for("the end to be noticed", lambda: game_state(admin, "q3")["state"] != "ready", 40)
        peer.start()
        wait_state(admin, "q3", "ready", 70)
        assert "map: box" in send(admin, "q3", "status").json["text"]
        assert peer.password not in daemon.log_text()
    print("ok")


if __name__ == "__main__":
    main()
