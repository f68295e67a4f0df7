#!/usr/bin/env python3
"""greedy.py: the macro of the demo. It asks an OpenTTD server for all its settings, over and over.

Usage: greedy.py --report FILE [--rate N] [--burn] --direct PORT PASSWORD_FILE
       greedy.py --report FILE [--rate N] [--burn] --through PORT TOKEN_FILE GAME MACRO_ID

--direct speaks to the server's admin port itself; --through sends each command to Gamekeeper. --burn
keeps a core busy besides. FILE always holds what it has asked and what was answered.
"""
import argparse
import http.client
import json
import os
import pathlib
import socket
import struct
import threading
import time

COMMAND = "list_settings"
CONNECTIONS = 48  # --through: each waits for its answer, so that many may be asked for at a time.


class Counts:
    """What was asked and answered, written to a file that is whole at any time."""

    def __init__(self, path):
        self.path, self.mutex = pathlib.Path(path), threading.Lock()
        self.asked = self.passed = self.refused = 0
        threading.Thread(target=self._write, daemon=True).start()

    def add(self, asked=0, passed=0, refused=0):
        with self.mutex:
            self.asked += asked
            self.passed += passed
            self.refused += refused

    def _write(self):
        next_file = self.path.with_suffix(".next")
        while True:
            with self.mutex:
                now = {"asked": self.asked, "passed": self.passed, "refused": self.refused}
            next_file.write_text(json.dumps(now))
            os.replace(next_file, self.path)
            time.sleep(0.1)


def pace(rate):
    """Returns at each moment when the next request is due; late ones come at once."""
    due = time.monotonic()
    while True:
        yield
        due = max(due + 1 / rate, time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))


def read_answers(sock, counts):
    data = b""
    while chunk := sock.recv(262_144):
        data += chunk
        at = ends = 0
        while len(data) - at >= 3:
            size = struct.unpack_from("<H", data, at)[0]
            if len(data) - at < size:
                break
            ends += data[at + 2] == 125  # RCON_END
            at += size
        data = data[at:]
        counts.add(passed=ends)


def flood_directly(port, password_file, rate, counts):
    password = pathlib.Path(password_file).read_text()
    sock = socket.create_connection(("127.0.0.1", port), 5)
    sock.settimeout(None)

    def pack(kind, text):
        body = text.encode()
        return struct.pack("<HB", len(body) + 3, kind) + body

    sock.sendall(pack(0, f"{password}\0greedy\0001\0"))
    threading.Thread(target=read_answers, args=(sock, counts), daemon=True).start()
    for _ in pace(rate):
        sock.sendall(pack(5, f"{COMMAND}\0"))
        counts.add(asked=1)


def ask_gamekeeper(port, token, game, macro_id, rate, counts):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"command": COMMAND, "macro_id": macro_id})
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for _ in pace(rate):
        counts.add(asked=1)
        try:
            connection.request("POST", f"/api/games/{game}/commands", body, head)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            counts.add(refused=1)
            continue
        counts.add(passed=answer.status == 200, refused=answer.status != 200)


def burn():
    while True:
        sum(range(1000))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", required=True)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--burn", action="store_true")
    parser.add_argument("--direct", nargs=2)
    parser.add_argument("--through", nargs=4)
    options = parser.parse_args()
    counts = Counts(options.report)
    if options.burn:
        # A process of its own: threads of one interpreter share one core.
        if os.fork() == 0:
            burn()
    if options.direct:
        flood_directly(int(options.direct[0]), options.direct[1], options.rate, counts)
    port, token_file, game, macro_id = options.through
    token = pathlib.Path(token_file).read_text()
    for _ in range(CONNECTIONS):
        threading.Thread(target=ask_gamekeeper, daemon=True,
                         args=(int(port), token, game, macro_id, options.rate / CONNECTIONS,
                               counts)).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
