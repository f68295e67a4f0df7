#!/usr/bin/env python3
"""openttd_pace.py: the days of a real OpenTTD server while a sender asks for 500 commands a second.

By hand; the figures are in docs/performance.md. Usage: openttd_pace.py [--days N] [--busy]
[--settle SECONDS] [--in-flight N]. With --busy stress-ng takes the cores. Each is measured with the pace that
follows the game, and without; the days before the pace has settled are told apart.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
from openttd_test import Until, ask  # noqa: E402
from peers import OpenTtd, add, game_state, wait_for, wait_state  # noqa: E402
from gk import Daemon  # noqa: E402
from ttd_days import Days  # noqa: E402

CORES = os.cpu_count()


def said(what, days, passed, seconds, pace):
    worst, middle = max(days), statistics.median(days)
    late = sum(day > 2260 for day in days)
    print(f"{what}: {len(days)} days, median {middle:.0f} ms, longest {worst:.0f} ms, {late} above "
          f"2260 ms; {passed / seconds:.1f} commands/s pass; pace {pace:.0f}/s; load "
          f"{pathlib.Path('/proc/loadavg').read_text().split()[0]}", flush=True)


def run(adaptive, busy, count, settle, in_flight):
    with OpenTtd() as peer, Daemon() as daemon:
        admin = daemon.admin
        add(admin, peer.settings("ttd", adaptive_pace=adaptive, **in_flight))
        wait_state(admin, "ttd", "ready", 40)
        token = daemon.token_login("admin")["access_token"]
        days, counts, lock = Days(peer), {}, threading.Lock()
        wait_for("days", lambda: len(days.gaps) >= 3)
        load = subprocess.Popen(["stress-ng", "--cpu", str(CORES), "--quiet"]) if busy else None
        try:
            time.sleep(5 if busy else 0)
            idle_from = len(days.gaps)
            wait_for("days without commands", lambda: len(days.gaps) >= idle_from + 4, 60)
            idle = days.gaps[idle_from:]
            until = Until()
            threads = [threading.Thread(target=ask, args=(daemon, token, until, 12.5, counts, lock),
                                        daemon=True) for _ in range(40)]
            first = len(days.gaps)
            for thread in threads:
                thread.start()
            time.sleep(settle)
            begin, at, before = len(days.gaps), time.monotonic(), counts.get(200, 0)
            wait_for("the days", lambda: len(days.gaps) >= begin + count, 30 * count)
            took, passed = time.monotonic() - at, counts.get(200, 0) - before
            pace = game_state(admin, "ttd")["health"]["pace_per_s"]
            until.over()
            for thread in threads:
                thread.join()
        finally:
            if load:
                load.terminate()
                load.wait()
        what = f"{'busy' if busy else 'quiet'}, {'follows' if adaptive else 'fixed'}"
        print(f"{what}, before: longest of {len(idle)} {max(idle):.0f} ms")
        print(f"{what}, first {settle:.0f} s: {[round(day) for day in days.gaps[first:begin]]}")
        said(what, days.gaps[begin:begin + count], passed, took, pace)
        days.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--settle", type=float, default=20)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--in-flight", type=int, help="places of the link; none: those of the kind")
    parser.add_argument("--only", choices=("follows", "fixed"))
    args = parser.parse_args()
    for adaptive in (False, True):
        if args.only is None or adaptive == (args.only == "follows"):
            run(adaptive, args.busy, args.days, args.settle, {"in_flight": args.in_flight} if args.in_flight else {})


if __name__ == "__main__":
    main()
