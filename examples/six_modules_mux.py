#!/usr/bin/env python3
"""Six modules drive one character of a real text game (TinyMUX) over the lanes of a daemon.

Six processes share one connection to the game. Each takes the lane, plays its routine of game
commands, and thinks before it asks again. The game judges: the first command of a routine claims
an attribute of the character, each command reads it, the last one frees it; a routine that finds
another's claim, or loses its own, was mixed. Counted beside: starts before the gap between groups,
answers of another routine, answers slower than 100 ms (the game's command quota has run dry).

  six_modules_mux.py [--seconds N] [--bin FOLDER] [--gap S] [--think FACTOR] [--without-arbiter]
                     [--data FOLDER] [--macros] [--progress S] [--json FILE]
  --data    a daemon that runs already; else one is started
  --macros  the modules are process macros of the daemon, each with a connection of its own to the
            game, and ask for the lane over the connection that the daemon gave them
  exit code 1: a rule was broken
Needs python3 and tinymux (Debian).
"""
import argparse
import http.client
import json
import mmap
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "python"))
from gamekeeper_lanes import LaneError, PacketMutex  # noqa: E402

# Name: seconds between two routines, its group, its commands.
MODULES = {
    "fisher": (6, 1, ["use_with rod water"]),
    "trainer": (8, 4, ["attack dummy", "say exana"]),
    "auto_loot": (10, 2, ["open corpse", "move_item gold", "move_item arrow"]),
    "runemaker": (30, 3, ["move_item blank hand", "cast adori", "move_item rune bag"]),
    "stacker": (20, 1, ["move_item gold gold"]),
    "eater": (40, 2, ["use fish"]),
}
STEP = 0.2          # seconds that the character takes for one command of a routine
SLOW = 0.100        # an answer later than this: the quota has run dry
COLUMNS = ("routines", "commands", "mixed", "early", "foreign_answers", "slow", "refused",
           "wait_sum", "wait_max", "answer_sum", "answer_max")
LAST = struct.Struct("dq")  # end of the last routine, its group


class Board:
    """What six processes count, in shared memory: each writes its own row, the holder the last."""

    SIZE = 8192

    def __init__(self, path):
        if not path.exists():
            path.write_bytes(bytes(self.SIZE))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), self.SIZE)

    def row(self, number):
        return struct.unpack_from(f"{len(COLUMNS)}d", self.map, 1024 * (number + 1))

    def put(self, number, row):
        struct.pack_into(f"{len(COLUMNS)}d", self.map, 1024 * (number + 1), *row)

    def last(self):
        return LAST.unpack_from(self.map, 0)

    def set_last(self, end, group):
        LAST.pack_into(self.map, 0, end, group)


class Mux:
    """A TinyMUX of our own on a free port of the loopback."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["/usr/games/tinymux-install"], cwd=folder, check=True, capture_output=True)
        self.game = folder / "tinymux" / "game"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        conf = self.game / "netmux.conf"
        text = re.sub(r"(?m)^port\s.*$", f"port {self.port}\nip_address 127.0.0.1", conf.read_text())
        conf.write_text(text)
        self.log = open(self.game / "out.log", "wb")
        self.process = subprocess.Popen(["bin/netmux", "-c", "netmux.conf", "-p", "netmux.pid"],
                                        cwd=self.game, env={**os.environ, "LD_LIBRARY_PATH": "bin"},
                                        stdout=self.log, stderr=self.log)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def connect(port):
    """A connection to the game, logged in."""
    end = time.monotonic() + 20
    while True:
        try:
            sock = socket.create_connection(("127.0.0.1", port), 5)
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    sock.sendall(b"connect wizard potrzebie\r\n")
    ready = f"ready{sock.getsockname()[1]}"
    Talk(sock).ask(f"think {ready}", ready)
    return sock


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def start_macro(data, name, command):
    """Over the daemon's socket, whose owner is an administrator."""
    connection = UnixConnection(str(data / "gamekeeper.sock"))
    body = json.dumps({"macro_id": name, "safety_level": "safe", "command": command})
    connection.request("POST", "/api/macro-safety/start", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 201:
        raise RuntimeError(f"{name} was not started: {answer.status} {text[:300]!r}")


def stop_macro(data, name):
    connection = UnixConnection(str(data / "gamekeeper.sock"))
    connection.request("POST", f"/api/macro-safety/stop/{name}", "{}", {"Content-Type": "application/json"})
    connection.getresponse().read()


class Talk:
    """Commands and their answers on the shared connection; whoever holds the lane reads."""

    def __init__(self, sock):
        self.sock = sock

    def ask(self, command, mark, patience=2):
        """Sends one command; the line with `mark`, and how many answers to others came before."""
        self.sock.settimeout(patience)
        self.sock.sendall(command.encode() + b"\r\n")
        text, end = b"", time.monotonic() + patience
        while True:
            lines = text.split(b"\r\n")
            for number, line in enumerate(lines[:-1]):
                if mark.encode() in line:
                    foreign = sum(line.startswith(b"gk") for line in lines[:number])
                    return line.decode(errors="replace"), foreign
            if time.monotonic() > end:
                raise TimeoutError(f"no answer to {command!r}: {text!r}")
            part = self.sock.recv(4096)
            if not part:
                raise ConnectionResetError("the game closed the connection")
            text += part


def play(talk, name, row, board, shared):
    """One routine. Each command tells what it does, who held the character, and claims or frees."""
    group, actions = MODULES[name][1], MODULES[name][2]
    for position, action in enumerate(actions):
        mark = f"gk-{name}-{int(row['commands'])}."
        last = position == len(actions) - 1
        begin = time.monotonic()
        # [set()] answers nothing; it comes after the reading of the old value.
        answer, others = talk.ask(
            f"think {mark} {action} held=[v(gkhold)] [set(me,gkhold:{'free' if last else name})]",
            mark)
        spent = time.monotonic() - begin
        expected = "free" if position == 0 else name
        row["mixed"] += f"held={expected}" not in answer
        # On connections of their own, the game tells each answer to all of them.
        row["foreign_answers"] += others if shared else 0
        row["slow"] += spent > SLOW
        row["commands"] += 1
        row["answer_sum"] += spent
        row["answer_max"] = max(row["answer_max"], spent)
        if not last:
            time.sleep(STEP)
    board.set_last(time.monotonic(), group)


def module(name, number, board, sock, path, options, end):
    """The life of one module."""
    think, group, _ = MODULES[name]
    chance = random.Random(number)
    row = dict.fromkeys(COLUMNS, 0.0)
    talk, lane = Talk(sock), PacketMutex(name, path=path, timeout=30)
    while time.monotonic() < end:
        asked = time.monotonic()
        try:
            if not options.without_arbiter:
                lane.acquire()
            now = time.monotonic()
            last, last_group = board.last()
            row["early"] += last_group not in (0, group) and now - last < options.gap
            row["wait_sum"] += now - asked
            row["wait_max"] = max(row["wait_max"], now - asked)
            play(talk, name, row, board, not options.module)
            row["routines"] += 1
            if not options.without_arbiter:
                lane.release()
        except TimeoutError:
            row["mixed"] += 1  # another module has read our answer
        except (LaneError, OSError) as error:
            row["refused"] += 1
            print(f"{name}: {error!r}", flush=True)
        board.put(number, [row[c] for c in COLUMNS])
        pause = think * options.think * chance.uniform(0.8, 1.2)
        time.sleep(max(0.0, min(pause, end - time.monotonic())))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_daemon(binaries, data):
    process = subprocess.Popen([str(binaries / "gamekeeperd"), "--data", str(data), "--listen", "127.0.0.1:0"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        if re.search(r"http://127\.0\.0\.1:\d+", line):
            break
    end = time.monotonic() + 20
    while not (data / "lanes.sock").exists() and time.monotonic() < end:
        time.sleep(0.05)
    return process


def report(board, seconds, options, daemon_cpu=None):
    total = dict.fromkeys(COLUMNS, 0.0)
    print(f"after {seconds:.0f} s")
    print(f"{'module':<10} {'routines':>8} {'commands':>8} {'mean wait':>10} {'longest':>9} {'mean answer':>12} {'slowest':>9}")
    rows = {}
    for number, name in enumerate(MODULES):
        row = dict(zip(COLUMNS, board.row(number)))
        rows[name] = row
        for column in COLUMNS:
            total[column] += row[column]
        print(f"{name:<10} {row['routines']:8.0f} {row['commands']:8.0f} "
              f"{1e3 * row['wait_sum'] / max(row['routines'], 1):7.0f} ms {row['wait_max']:7.2f} s "
              f"{1e3 * row['answer_sum'] / max(row['commands'], 1):9.2f} ms {1e3 * row['answer_max']:6.1f} ms")
    starved = sum(row["routines"] == 0 for row in rows.values())
    print(f"{total['commands']:.0f} commands in {total['routines']:.0f} routines: {total['mixed']:.0f} mixed, "
          f"{total['early']:.0f} too early, {total['foreign_answers']:.0f} foreign answers, "
          f"{total['slow']:.0f} slower than {1e3 * SLOW:.0f} ms, {total['refused']:.0f} refused, {starved} starved", flush=True)
    if daemon_cpu is not None:
        print(f"the daemon used {daemon_cpu:.2f} s of CPU", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(
            {"seconds": seconds, "modules": rows, "daemon_cpu_s": daemon_cpu}, indent=1))
    return sum(total[c] for c in ("mixed", "early", "foreign_answers", "slow", "refused")) + starved


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--gap", type=float, default=1.0, help="switch gap of the lane, to judge by")
    parser.add_argument("--think", type=float, default=1.0)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--without-arbiter", action="store_true")
    parser.add_argument("--progress", type=float, default=0)
    parser.add_argument("--json")
    parser.add_argument("--macros", action="store_true")
    parser.add_argument("--module", nargs=3, metavar=("NAME", "PORT", "BOARD"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.module:
        name, port, board = options.module
        end = time.monotonic() + options.seconds
        module(name, list(MODULES).index(name), Board(pathlib.Path(board)), connect(int(port)), None, options, end)
        return 0
    folder = pathlib.Path(tempfile.mkdtemp(prefix="six-modules-"))
    daemon, mux, children = None, None, []
    try:
        mux = Mux(folder)
        data = options.data or folder / "data"
        if options.data is None:
            daemon = start_daemon(options.bin.resolve(), data)
        board, sock = Board(folder / "board"), connect(mux.port)
        Talk(sock).ask("&gkhold me=free", "Set")
        begin = time.monotonic()
        end = begin + options.seconds
        for number, name in enumerate(MODULES):
            if options.macros:
                start_macro(data, name, [sys.executable, "-B", str(pathlib.Path(__file__).resolve()), "--module", name,
                                         str(mux.port), str(folder / "board"), "--seconds", str(options.seconds),
                                         "--gap", str(options.gap), "--think", str(options.think)])
                continue
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                module(name, number, board, sock, str(data / "lanes.sock"), options, end)
                os._exit(0)
            children.append(pid)
        shown = begin
        while time.monotonic() < end:
            time.sleep(min(1.0, max(0.0, end - time.monotonic())))
            if options.progress and time.monotonic() - shown >= options.progress:
                shown = time.monotonic()
                report(board, shown - begin, options, cpu_seconds(daemon.pid) if daemon else None)
        while children:
            os.waitpid(children.pop(), 0)
        if options.macros:
            time.sleep(2)  # the last routine of each
        cpu = cpu_seconds(daemon.pid) if daemon else None
        return 1 if report(board, time.monotonic() - begin, options, cpu) else 0
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if options.macros and (options.data or daemon):
            for name in MODULES:
                stop_macro(options.data or folder / "data", name)
        if mux:
            mux.stop()
        if daemon:
            daemon.terminate()
            daemon.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
