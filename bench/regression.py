#!/usr/bin/env python3
"""regression.py: has anything become slower? Compares key figures with the recorded ones.

Usage: GK_BIN=build/release/bin bench/regression.py [--record] [--json FILE] [name…]

Each figure is CPU time, divided by the CPU time of a fixed piece of work that is measured right
before and after it (calibration_bench): a ratio is the same on a busy and on a quiet machine, and
nearly the same on another one. The lowest of a few runs counts, because disturbance only adds.
Fails when a ratio is over 1.25 of the recorded one (bench/recorded.json; --record rewrites it).
How long a killed macro lives is a time on the clock, most of it the kernel's: the quickest of ten
kills of each shape, and up to twice the recorded one passes.
A figure that comes out a fifth lower is reported too: record it, or the next regression hides in it.
"""
import argparse
import json
import pathlib
import re
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))
from gk import BIN, Daemon  # noqa: E402

RECORDED = HERE / "recorded.json"
ALLOWED = 1.25  # Source: issue of the platform base
ALLOWED_OF_CLOCK = 2.0  # chosen: neighbours on the machine slow a clock down, not CPU time
RUNS = 3        # the lowest counts
AGAIN = 2       # more runs before a figure is called slower


def run(*command, timeout=120):
    out = subprocess.run([str(BIN / command[0]), *command[1:]], text=True, capture_output=True, timeout=timeout)
    if out.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {out.stdout}{out.stderr}")
    return out.stdout


def calibration():
    return float(run("calibration_bench").split()[0])


def google(program, name):
    """CPU time in ns of one Google Benchmark."""
    out = json.loads(run(program, f"--benchmark_filter=^{name}$", "--benchmark_format=json", "--benchmark_min_time=0.2"))
    rows = out["benchmarks"]
    if len(rows) != 1:
        raise SystemExit(f"{program} has {len(rows)} benchmarks named {name}")
    return rows[0]["cpu_time"] * {"ns": 1, "us": 1e3, "ms": 1e6}[rows[0]["time_unit"]]


def cpu_ns(pid):
    """Of all threads; /proc/PID/schedstat is the first thread's alone."""
    return sum(int((thread / "schedstat").read_text().split()[0])
               for thread in pathlib.Path(f"/proc/{pid}/task").iterdir())


def request_cpu():
    """CPU time in ns that the daemon needs for one request with a session."""
    with Daemon(config="[http]\nmax_per_address = 1024\n") as daemon:
        arguments = [str(daemon.port), "/api/macro-safety/status", "5000", "3", "16", daemon.admin.cookie]
        time.sleep(0.5)  # the start is over
        before = cpu_ns(daemon.process.pid)
        out = json.loads(run("http_open_loop_bench", *arguments))
        assert out["not_200"] == 0, out
        return (cpu_ns(daemon.process.pid) - before) / out["n"]


def start_cpu():
    """CPU time in ns from exec until an existing database is served."""
    with Daemon() as daemon:
        daemon.stop()
        daemon.start()
        return cpu_ns(daemon.process.pid)


def sampler_cpu():
    out = json.loads(run("monitor_sampler_bench", "30", "100", "20"))
    return out["cpu_us_per_sample"] * 1e3


def arbiter(label):
    def measure():
        found = re.search(rf"^{re.escape(label)}\s.*p10 ([\d.]+)", run("arbiter_bench", "fast"), re.M)
        if not found:
            raise SystemExit(f"arbiter_bench prints no line {label!r} with a p10")
        return float(found[1])
    return measure


def used(*command):
    """What a program printed last, as JSON, and the CPU time in ns that it needed."""
    def cpu():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    before = cpu()
    out = json.loads(run(*command).splitlines()[-1])
    return out, (cpu() - before) * 1e9


def commit_cpu():
    """CPU time in ns of one durable write among 64 that wait, its share of the syncs included."""
    out, cpu = used("store_commit_bench", "--mode", "async", "--callers", "64",
                    "--runs", "1", "--seconds", "1", "--dir", str(BIN.parent))
    return cpu / out["writes"]


def fanout_cpu():
    """CPU time in ns of the loop for one frame of 1 kB to one of 200 clients."""
    lines = run("net_ws_fanout_bench", "200", "1").splitlines()
    return json.loads(lines[0])["server_cpu_us_per_frame"] * 1e3


def kill_time():
    """Time in ns from the decision until the whole tree is gone, the sum over the shapes of trees."""
    return sum(shape["min_ms"] for shape in json.loads(run("macros_kill_bench", "--rounds", "10"))["shapes"]) * 1e6


def append_cpu():
    """CPU time in ns of one sample that goes into its series."""
    return json.loads(run("monitor_series_bench"))["ns_per_sample"]


FIGURES = {
    "accounts: a request's cookie": lambda: google("accounts_bench", "BM_AuthenticateByCookie/3000"),
    "accounts: a new access token": lambda: google("accounts_bench", "BM_VerifyNewAccessToken"),
    "arbiter: an uncontended grant": arbiter("acquire + release, no rival, traced"),
    "macros: the rules of 100 macros": lambda: google("macros_rules_bench", "evaluate_macros/100"),
    "referee: a movement in cache": lambda: google("referee_bench", "BM_MoveBatch2d/1000"),
    "referee: a movement of 100,000 players": lambda: google("referee_bench", "BM_MoveBatch2d/100000"),
    "monitor: a sample of 20 processes": sampler_cpu,
    "monitor: a sample into its series": append_cpu,
    "monitor: a frame that a game counts": lambda: google("frames_bench", "tick"),
    "macros: decision to gone": kill_time,
    "net: a frame to a WebSocket": fanout_cpu,
    "store: a durable write": commit_cpu,
    "daemon: a request": request_cpu,
    "daemon: a start": start_cpu,
}


BY_THE_CLOCK = {"macros: decision to gone"}


def ratio(measure, runs):
    best = None
    for _ in range(runs):
        before = calibration()
        value = measure()
        after = calibration()
        found = value / min(before, after)
        best = found if best is None else min(best, found)
    return best


def allowed(name):
    return ALLOWED_OF_CLOCK if name in BY_THE_CLOCK else ALLOWED


def verdict(now, then, limit=ALLOWED):
    """"ok", "faster", "SLOWER" or "NEW": a ratio against the recorded one, None when there is none."""
    if then is None:
        return "NEW"
    if now > then * limit:
        return "SLOWER"
    return "faster" if now < then * 0.8 else "ok"


def main():
    options = argparse.ArgumentParser(description="Compares key figures with the recorded ones.")
    options.add_argument("--record", action="store_true", help="these are the figures from now on")
    options.add_argument("names", nargs="*", help="parts of names; none: all")
    options = options.parse_args()
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    failed, found = 0, {}
    for name, measure in FIGURES.items():
        if options.names and not any(part in name for part in options.names):
            continue
        now, then = ratio(measure, RUNS), recorded.get(name)
        if verdict(now, then, allowed(name)) == "SLOWER" and not options.record:
            now = min(now, ratio(measure, AGAIN))
        found[name] = now
        word = "recorded" if options.record else verdict(now, then, allowed(name))
        failed += word in ("SLOWER", "NEW")
        change = f"{now / then:.2f} of the recorded one" if then else "was not recorded yet"
        print(f"{word:8} {name}: {now:.4g} calibrations, {change}", flush=True)
    if options.record:
        RECORDED.write_text(json.dumps({**recorded, **found}, indent=2, sort_keys=True) + "\n")
    print(f"{len(found) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
