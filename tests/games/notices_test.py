#!/usr/bin/env python3
"""notices_test.py: players of real game servers read why a macro was cancelled; commands; audit."""
import json
import socket
import struct
import sys
import threading

sys.dont_write_bytecode = True
from peers import OpenTtd, Teeworlds, add, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402
from receiver_stub import Receiver  # noqa: E402

WEBHOOK_SECRET = "signs-0123456789abcdef"


class Listener:
    """Somebody on the server who is not Gamekeeper, and keeps what the server says."""

    def __init__(self, port, first, after=b""):
        self.sock, self.seen = socket.create_connection(("127.0.0.1", port), 5), b""
        self.sock.sendall(first)
        threading.Thread(target=self._read, daemon=True).start()
        wait_for("the listener to be let in", lambda: self.seen)
        self.sock.sendall(after)

    def _read(self):
        try:
            while chunk := self.sock.recv(65536):
                self.seen += chunk
        except OSError:
            pass

    def close(self):
        self.sock.close()


def econ_listener(peer):
    listener = Listener(peer.port, (peer.password + "\n").encode())
    wait_for("the console", lambda: b"successful" in listener.seen)
    return listener


def ttd_listener(peer):
    def pack(kind, body):
        return struct.pack("<HB", len(body) + 3, kind) + body
    # Subscribes to the server's console: what it says to players is printed there.
    return Listener(peer.port, pack(0, peer.password.encode() + b"\0listener\0001\0"),
                    pack(2, struct.pack("<HH", 6, 0x40)))


def cancel_one(admin, macro_id, name):
    started = admin.post("/api/macro-safety/start", {"macro_id": macro_id, "macro_name": name,
                                                     "command": ["/bin/sleep", "300"]})
    assert started.status == 201, started
    assert admin.post("/api/macro-safety/stop-all").status == 200


def players_are_told(daemon, listeners):
    for name, listener in listeners.items():
        made = daemon.cli("notice", "add", f"players-{name}", "game", "--game", name)
        assert made.returncode == 0, made
        tried = daemon.cli("notice", "test", f"players-{name}")
        assert tried.returncode == 0 and tried.stdout == "delivered\n", tried
        wait_for(f"{name} to say it", lambda: b"Gamekeeper test message" in listener.seen)
    before = {name: listener.seen.count(b"Digging macro") for name, listener in listeners.items()}
    assert set(before.values()) == {0}, before
    cancel_one(daemon.admin, "dig", "Digging macro")
    for name, listener in listeners.items():
        wait_for(f"{name} to say why", lambda: b"Auto-Cancelled: Digging macro" in listener.seen)
        assert b"Emergency stop" in listener.seen, listener.seen[-500:]
    # The control: a receiver that is switched off says nothing, although the other one does.
    assert daemon.cli("notice", "set", "players-ttd", "--disable").returncode == 0
    cancel_one(daemon.admin, "saw", "Sawing macro")
    wait_for("the other one", lambda: b"Sawing macro" in listeners["tee"].seen)
    assert b"Sawing macro" not in listeners["ttd"].seen


def secrets_are_asked_for(daemon):
    with Receiver() as hook:
        url = hook.url("/very-secret")
        made = daemon.cli("notice", "add", "hook", "webhook", "--secret", "--event", "macro.*",
                          input=f"{url}\n{WEBHOOK_SECRET}\n")
        assert made.returncode == 0, made
        assert daemon.cli("notice", "test", "hook").stdout == "delivered\n"
        assert "x-gamekeeper-signature" in hook.requests[0]["headers"]
        assert daemon.cli("notice", "set", "hook", "--all-events").returncode == 0
        shown = json.loads(daemon.cli("notice", "list", "--json").stdout)["items"]
        one = next(r for r in shown if r["name"] == "hook")
        assert one["events"] == [] and one["signed"], one
        assert daemon.cli("notice", "test", "hook").stdout == "delivered\n", "its URL stayed"
    # A new address, where nobody listens.
    assert daemon.cli("notice", "set", "hook", "--url", input="http://127.0.0.1:1/very-secret\n").returncode == 0
    gone = daemon.cli("notice", "test", "hook")
    assert gone.returncode == 1 and gone.stdout.startswith("pending: "), gone
    assert "pending" in daemon.cli("notice", "outbox", "--state", "pending").stdout
    assert daemon.cli("notice", "remove", "hook").returncode == 0
    assert "its receiver was deleted" in daemon.cli("notice", "outbox", "--state", "failed").stdout
    wrong = daemon.cli("notice", "add", "hook", "pigeon", input="\n")
    assert wrong.returncode != 0 and "discord" in wrong.stderr, wrong


def everything_is_in_the_audit(daemon):
    rows = daemon.admin.get("/api/audit?limit=200").json["items"]
    mine = [r for r in rows if r["action"].startswith("notices.receiver.") and r["target"] == "hook"]
    done = [r["action"].rpartition(".")[2] for r in reversed(mine)]
    assert done == ["create", "test", "change", "test", "change", "test", "delete"], done
    moved, change = [r for r in mine if r["action"].endswith("change")]  # Newest first.
    before, after = (json.loads(v) if isinstance(v, str) else v for v in (change["before"], change["after"]))
    assert before["events"] == ["macro.*"] and after["events"] == [], change
    assert after["url_changed"] is False and after["secret_changed"] is False, change
    assert '"url_changed":true' in json.dumps(moved["after"]).replace(" ", "").replace("\\", ""), moved
    text = json.dumps(rows)
    assert "very-secret" not in text and WEBHOOK_SECRET not in text
    assert daemon.cli("audit", "verify").returncode == 0


def main():
    with Teeworlds() as tee, OpenTtd() as ttd, Daemon(
            config='[notices]\nallow_private = ["127.0.0.0/8"]\n') as daemon:
        assert "Nobody is told" in daemon.cli("notice", "list").stdout
        for name, peer in (("tee", tee), ("ttd", ttd)):
            add(daemon.admin, peer.settings(name))
            wait_state(daemon.admin, name, "ready", 40)
        listeners = {"tee": econ_listener(tee), "ttd": ttd_listener(ttd)}
        players_are_told(daemon, listeners)
        secrets_are_asked_for(daemon)
        everything_is_in_the_audit(daemon)
        for listener in listeners.values():
            listener.close()
    print("ok")


if __name__ == "__main__":
    main()
