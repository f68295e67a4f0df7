#!/usr/bin/env python3
"""regression.py: has anything become slower? Compares key figures with the recorded ones.

Usage: GK_BIN=build/release/bin bench/regression.py [--record] [--plant FACTOR] [--log FILE] [name…]

Each figure is CPU time, compared with that of fixed pieces of work measured right before and right
after it (calibration_bench). A figure names the pieces that it resembles: a neighbour who fills the
caches slows a walk through memory fivefold and a chain of arithmetic not at all, so one piece for
everything calls unchanged code slower (docs/decisions/0043). The figures take turns, and of a
figure's rounds the shortest counts: a disturbance meets a round of each, not all of one.

Fails when a figure is over 1.15 of the recorded one (bench/recorded.json; --record rewrites it) in
the first rounds and in a second set. A figure that comes out a fifth lower is reported too: record
it, or the next regression hides in it. --plant 1.3 measures and makes each figure that much slower:
it fails unless all are found. --log appends every round as a line of JSON.
"""
import argparse
import collections
import functools
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))
from gk import BIN, Daemon  # noqa: E402

RECORDED = HERE / "recorded.json"
ALLOWED = 1.15  # chosen; docs/decisions/0043: 1.3 times slower is found although the noise is a tenth
ROUNDS = 5      # the shortest counts
AGAIN = 5       # more rounds before a figure is called slower


def run(*command, timeout=120):
    out = subprocess.run([str(BIN / command[0]), *command[1:]], text=True, capture_output=True, timeout=timeout)
    if out.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {out.stdout}{out.stderr}")
    return out.stdout


def calibration():
    """CPU time in ns of a round of each fixed piece of work."""
    return json.loads(run("calibration_bench"))


def google(program, name):
    """CPU time in ns of one Google Benchmark, the shortest of a few short runs."""
    out = json.loads(run(program, f"--benchmark_filter=^{name}$", "--benchmark_format=json",
                         "--benchmark_min_time=0.02", "--benchmark_repetitions=8"))
    rows = [row for row in out["benchmarks"] if row["run_type"] == "iteration"]
    if {row["run_name"] for row in rows} != {name}:
        raise SystemExit(f"{program} has no benchmark named {name} alone")
    return min(row["cpu_time"] * {"ns": 1, "us": 1e3, "ms": 1e6}[row["time_unit"]] for row in rows)


def cpu_ns(pid):
    """Of all threads; /proc/PID/schedstat is the first thread's alone."""
    return sum(int((thread / "schedstat").read_text().split()[0])
               for thread in pathlib.Path(f"/proc/{pid}/task").iterdir())


def on_one_cpu(measure):
    """With all programs on the same CPU: waking another that idles costs a virtual machine twelve times as
    much as waking a thread on this one, and which of them it is depends on who else runs."""
    @functools.wraps(measure)
    def pinned():
        all_of_them = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(all_of_them)})
        try:
            return measure()
        finally:
            os.sched_setaffinity(0, all_of_them)
    return pinned


@on_one_cpu
def request_cpu():
    """CPU time in ns that the daemon needs for one request with a session, when each comes alone."""
    with Daemon() as daemon:
        time.sleep(0.5)  # the start is over
        connection, parts = daemon.admin.connection(), []
        for _ in range(10):
            before = cpu_ns(daemon.process.pid)
            for _ in range(200):
                connection.request("GET", "/api/macro-safety/status", headers={"Cookie": daemon.admin.cookie})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
            parts.append((cpu_ns(daemon.process.pid) - before) / 200)
        connection.close()
        return min(parts)


@on_one_cpu
def start_cpu():
    """CPU time in ns from exec until an existing database is served, the shortest of five starts."""
    starts = []
    with Daemon() as daemon:
        for _ in range(5):
            daemon.stop()
            daemon.start()
            starts.append(cpu_ns(daemon.process.pid))
    return min(starts)


def sampler_cpu():
    out = json.loads(run("monitor_sampler_bench", "30", "100", "20"))
    return out["cpu_us_p50"] * 1e3


def arbiter(label):
    def measure():
        found = re.search(rf"^{re.escape(label)}\s.*p10 ([\d.]+)", run("arbiter_bench", "fast"), re.M)
        if not found:
            raise SystemExit(f"arbiter_bench prints no line {label!r} with a p10")
        return float(found[1])
    return measure


def commit_cpu():
    """CPU time in ns of one durable write among 64 that wait; in memory, because a disk's syncs take what they like."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        out = run("store_commit_bench", "--mode", "async", "--callers", "64", "--runs", "5", "--seconds", "0.2", "--dir", folder)
    return min(json.loads(line)["cpu_us_per_write"] for line in out.splitlines() if '"run"' in line) * 1e3


@on_one_cpu
def fanout_cpu():
    """CPU time in ns of the loop for one frame of 1 kB to one of 200 clients."""
    lines = run("net_ws_fanout_bench", "200", "1").splitlines()
    return json.loads(lines[0])["server_cpu_us_per_frame"] * 1e3


def kill_times():
    """For each shape of tree: the time in ns from the decision until all of it is gone, the shortest of ten."""
    return [shape["min_ms"] * 1e6 for shape in json.loads(run("macros_kill_bench", "--rounds", "10"))["shapes"]]


def append_cpu():
    """CPU time in ns of one sample that goes into its series."""
    return json.loads(run("monitor_series_bench"))["ns_per_sample"]


class Figure(collections.namedtuple("Figure", "measure mix")):
    """What is measured, in ns or a list of parts in ns, and the pieces of work that it resembles, with their
    shares of it."""


def like(**shares):
    assert abs(sum(shares.values()) - 1) < 1e-9, shares
    return shares


# Source of the shares: docs/decisions/0043.
FIGURES = {
    "accounts: a request's cookie": Figure(lambda: google("accounts_bench", "BM_AuthenticateByCookie/3000"), like(objects=1)),
    "accounts: a new access token": Figure(lambda: google("accounts_bench", "BM_VerifyNewAccessToken"), like(wide=1)),
    "arbiter: an uncontended grant": Figure(arbiter("acquire + release, no rival, traced"), like(chain=1)),
    "macros: the rules of 100 macros": Figure(lambda: google("macros_rules_bench", "evaluate_macros/100"), like(objects=1)),
    "referee: a movement in cache": Figure(lambda: google("referee_bench", "BM_MoveBatch2d/1000"), like(wide=1)),
    "referee: a movement of 100,000 players": Figure(lambda: google("referee_bench", "BM_MoveBatch2d/100000"), like(wide=0.85, spread=0.15)),
    "monitor: a sample of 20 processes": Figure(sampler_cpu, like(calls=1)),
    "monitor: a sample into its series": Figure(append_cpu, like(wide=1)),
    "monitor: a frame that a game counts": Figure(lambda: google("frames_bench", "tick"), like(chain=1)),
    "macros: decision to gone": Figure(kill_times, like(chain=0.5, pages=0.5)),
    "net: a frame to a WebSocket": Figure(fanout_cpu, like(calls=0.5, wide=0.5)),
    "store: a durable write": Figure(commit_cpu, like(objects=1)),
    "daemon: a request": Figure(request_cpu, like(calls=0.5, objects=0.5)),
    "daemon: a start": Figure(start_cpu, like(pages=0.5, objects=0.5)),
}


def reading(measure, slower=1.0):
    """A round: the figure, and each piece of work as it was around it."""
    before = calibration()
    parts = measure()
    after = calibration()
    parts = parts if isinstance(parts, list) else [parts]
    return {"parts": [part * slower for part in parts], "calibration": {piece: min(before[piece], after[piece]) for piece in before}}


def change(now, then, mix):
    """How many times as slow as then, after what the machine made of such work is taken out."""
    machine = math.prod((now["calibration"][piece] / then["calibration"][piece]) ** share for piece, share in mix.items())
    return sum(now["parts"]) / sum(then["parts"]) / machine


def undisturbed(readings):
    """Of a figure's rounds: the shortest, of each of its parts and of each piece of work. Neighbours come for
    tenths of seconds and only add, to a figure or to a piece; who stays adds to both."""
    pieces = readings[0]["calibration"]
    return {"parts": [min(parts) for parts in zip(*(each["parts"] for each in readings))],
            "calibration": {piece: min(each["calibration"][piece] for each in readings) for piece in pieces}}


def verdict(times):
    """"ok", "faster", "SLOWER" or "NEW", by how many times as slow as the recorded one; None: nothing is recorded."""
    if times is None:
        return "NEW"
    if times > ALLOWED:
        return "SLOWER"
    return "faster" if times < 0.8 else "ok"


def take_rounds(names, rounds, options):
    """name: readings. The figures take turns, so that what disturbs for a while meets each of them."""
    found = {name: [] for name in names}
    for number in range(rounds if names else 0):
        print(f"round {number + 1} of {rounds}, {len(names)} figures", file=sys.stderr, flush=True)
        for name in names:
            each = reading(FIGURES[name].measure, options.plant)
            found[name].append(each)
            if options.log:
                with open(options.log, "a", encoding="utf-8") as log:
                    log.write(json.dumps({"name": name, "at": round(time.time()), "load": os.getloadavg()[0], **each}) + "\n")
    return found


def judge(names, recorded, options):
    """name: times as slow as recorded, None when nothing is. What is slower gets a second chance."""
    def times(readings):
        return {name: change(undisturbed(each), recorded[name], FIGURES[name].mix) if name in recorded else None
                for name, each in readings.items()}
    found = times(take_rounds(names, ROUNDS, options))
    slower = [name for name, each in found.items() if verdict(each) == "SLOWER"]
    for name, each in times(take_rounds(slower, AGAIN, options)).items():
        found[name] = min(found[name], each)
    return found


def record(names, recorded, options):
    for name, readings in take_rounds(names, ROUNDS, options).items():  # As it is compared: more find shorter ones.
        each = undisturbed(readings)
        recorded[name] = {"parts": [round(part, 2) for part in each["parts"]],
                          "calibration": {piece: round(ns) for piece, ns in each["calibration"].items()}}
        print(f"recorded {name}: {sum(each['parts']):.4g} ns", flush=True)
    lines = (f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in sorted(recorded.items()))
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return 0


def main():
    options = argparse.ArgumentParser(description="Compares key figures with the recorded ones.")
    options.add_argument("--record", action="store_true", help="these are the figures from now on")
    options.add_argument("--plant", type=float, default=1.0, metavar="FACTOR", help="control: all that many times slower")
    options.add_argument("--log", metavar="FILE", help="append every round")
    options.add_argument("names", nargs="*", help="parts of names; none: all")
    options = options.parse_args()
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    names = [name for name in FIGURES if not options.names or any(part in name for part in options.names)]
    if options.record:
        return record(names, recorded, options)
    wrong = 0
    for name, times in judge(names, recorded, options).items():
        word = verdict(times)
        wrong += word != "SLOWER" if options.plant != 1 else word in ("SLOWER", "NEW")
        print(f"{word:8} {name}: " + (f"{times:.2f} of the recorded one" if times else "was not recorded yet"))
    print(f"{len(names) - wrong} {'found' if options.plant != 1 else 'passed'}, {wrong} {'not found' if options.plant != 1 else 'failed'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
