#!/usr/bin/python3
"""The work of monitor_sampler_bench done with psutil, for comparison.

Usage: monitor_psutil.py [rounds] [interval_ms] [processes]. psutil knows no run-queue wait, so
demand is left out; everything else is read. Prints one JSON object.
"""
import json
import resource
import subprocess
import sys
import time

import psutil

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
interval = (float(sys.argv[2]) if len(sys.argv) > 2 else 1000) / 1000
count = int(sys.argv[3]) if len(sys.argv) > 3 else 20

children = [subprocess.Popen(["sleep", "100000"]) for _ in range(count)]
watched = [psutil.Process(child.pid) for child in children]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def sample():
    psutil.cpu_percent(percpu=True)
    psutil.virtual_memory()
    psutil.swap_memory()
    psutil.getloadavg()
    psutil.disk_usage("/")
    psutil.disk_io_counters()
    psutil.net_io_counters()
    for root in watched:
        # The list of descendants scans all of /proc; one scan for all trees would be kinder, but
        # this is how psutil is used.
        for process in [root]:
            with process.oneshot():
                process.cpu_times()
                process.memory_info()
                process.num_threads()


try:
    sample()
    start_cpu, start = cpu_seconds(), time.monotonic()
    for n in range(rounds):
        sample()
        time.sleep(max(0.0, start + (n + 1) * interval - time.monotonic()))
    used, wall = cpu_seconds() - start_cpu, time.monotonic() - start
    print(json.dumps({
        "bench": "monitor_psutil", "samples": rounds, "interval_ms": interval * 1000,
        "processes": count, "cpu_us_per_sample": round(used / rounds * 1e6, 1),
        "cpu_pct_of_core": round(100 * used / wall, 4),
    }))
finally:
    for child in children:
        child.kill()
        child.wait()
