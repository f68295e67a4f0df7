#!/usr/bin/env python3
"""detect_test.py: real servers of this machine are found, told apart, and can be added as offered."""
import socket
import sys
import threading

sys.dont_write_bytecode = True
from peers import Luanti, OpenTtd, Quake3, Teeworlds, TinyMux, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402


class Silent:
    """A server of something else on a port of its own: whoever connects is counted."""

    def __init__(self):
        self.sock, self.connections = socket.create_server(("127.0.0.1", 0)), 0
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self.sock.accept()
            except OSError:
                return
            self.connections += 1


def main():
    with Teeworlds() as tee, OpenTtd() as ttd, TinyMux() as mux, Luanti() as world, \
            Quake3() as quake, Daemon() as daemon:
        admin, other = daemon.admin, Silent()
        answer = admin.post("/api/games/detect")
        assert answer.status == 200, answer
        found = {(i["kind"], i["port"]): i for i in answer.json["items"]}
        for kind, peer in (("teeworlds", tee), ("openttd", ttd), ("mud", mux), ("quake3", quake)):
            one = found[kind, peer.port]
            assert one["proven"] and one["pid"] == peer.process.pid and one["game"] is None, one
        # The game's own port speaks another protocol than its console, so it is not offered.
        assert ("openttd", ttd.game_port) not in found, found
        assert other.connections == 0, "a port of a program that is no game was asked"
        place = str(world.world)
        mine = [i for i in answer.json["items"] if i["body"].get("options", {}).get("world") == place]
        assert len(mine) == 1 and mine[0]["needs"] is None, mine
        # What is offered can be added as it is, but for the password; then it says so.
        body = found["openttd", ttd.port]["body"]
        assert admin.post("/api/games", {**body, "password": ttd.password}).status == 201
        wait_state(admin, body["name"], "ready", 40)
        assert admin.post("/api/games", mine[0]["body"]).status == 201
        wait_state(admin, mine[0]["body"]["name"], "ready", 40)
        again = {(i["kind"], i["port"]): i for i in admin.post("/api/games/detect").json["items"]}
        assert again["openttd", ttd.port]["game"] == body["name"], again
        # Probes are no log-ins: the server of Teeworlds counts no wrong password.
        for _ in range(5):
            admin.post("/api/games/detect")
        tee_body = {**found["teeworlds", tee.port]["body"], "password": tee.password}
        assert admin.post("/api/games", tee_body).status == 201
        wait_state(admin, tee_body["name"], "ready", 20)
        assert daemon.add_user("ulf", "user").post("/api/games/detect").status == 403
        tee.stop()
        gone = [i for i in admin.post("/api/games/detect").json["items"] if i["port"] == tee.port]
        assert gone == [], "the control: who is gone is not found"
        listed = daemon.cli("game", "detect")
        assert listed.returncode == 0 and "openttd" in listed.stdout, listed
    print("ok")


if __name__ == "__main__":
    main()
