#!/usr/bin/env python3
"""Runs the fuzz programs of outside bytes, two at a time, and one with a planted bug that must be found.
Gives way to everything else (nice), so that tests beside it keep their times.

Usage: tests/fuzz_test.py [SECONDS] [--all]      20 each by default; builds them with clang-19 (preset fuzz).
--all, by hand: also the programs of single rooms, which ./test has no time to build.
Skipped (77) where clang-19 is not installed. Inputs that end a program stay in build/fuzz/found.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/fuzz"
# Program, and its seeds: one a line, in C escapes.
TARGETS = {"http_head_fuzz": "http_head_seeds.txt", "json_fuzz": "json_seeds.txt", "web_socket_fuzz": "web_socket_seeds.txt",
           "accounts_tokens_fuzz": "accounts_tokens_seeds.txt", "config_fuzz": "config_seeds.txt",
           "macros_override_fuzz": "macros_override_seeds.txt"}
# Without seeds, but for the games: one file each.
ROOMS = {"accounts_fuzz": None, "games_fuzz": "games_seeds", "lua_protocol_fuzz": None, "referee_frame_fuzz": None,
         "referee_replay_fuzz": None, "referee_trace_fuzz": None, "scripts_steps_fuzz": None, "tls_frames_fuzz": None}
PLANTED = "json_planted_fuzz"


def build(targets):
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(BUILD), "-j2", *targets, PLANTED], check=True, stdout=subprocess.DEVNULL)


def corpus(folder, name):
    """A folder with the seeds of `name` as files; empty without a name."""
    if name is None:
        return tempfile.mkdtemp(dir=folder)
    seeds = pathlib.Path(folder) / name
    if (ROOT / "fuzz" / name).is_dir():
        return shutil.copytree(ROOT / "fuzz" / name, seeds)
    seeds.mkdir()
    for number, line in enumerate((ROOT / "fuzz" / name).read_text().splitlines()):
        (seeds / str(number)).write_bytes(line.encode().decode("unicode_escape").encode("latin-1"))
    return seeds


def run(program, seeds, seconds):
    """(failed, inputs, output) of one program."""
    found = BUILD / "found"
    found.mkdir(exist_ok=True)
    done = subprocess.run([str(BUILD / "bin" / program), f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=1024",
                           "-print_final_stats=1", "-seed=1", f"-artifact_prefix={found}/{program}-", str(seeds)],
                          text=True, errors="replace", capture_output=True, timeout=seconds + 120)
    inputs = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    return done.returncode != 0, int(inputs[1]) if inputs else 0, done.stderr


def main():
    if not shutil.which("clang++-19"):
        print("clang-19 is not installed")
        return 77
    arguments = sys.argv[1:]
    targets = {**TARGETS, **(ROOMS if "--all" in arguments else {})}
    seconds, failed = next((int(a) for a in arguments if a != "--all"), 20), False
    os.nice(10)
    build(targets)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = {name: pool.submit(run, name, corpus(folder, seeds), seconds) for name, seeds in targets.items()}
        shutil.copytree(pathlib.Path(folder) / "json_seeds.txt", pathlib.Path(folder) / "planted")
        planted = pool.submit(run, PLANTED, pathlib.Path(folder) / "planted", seconds)
        for name, future in runs.items():
            bad, inputs, output = future.result()
            print(f"{'FOUND' if bad else 'ok   '} {name}: {inputs} inputs")
            if bad or inputs < 100:  # Nothing was tried: that is no success either.
                failed = True
                print(output[-4000:])
        bad, inputs, output = planted.result()
        print(f"{'found' if bad else 'MISSED'} the planted bug of {PLANTED} after {inputs} inputs")
        failed = failed or not bad or "json_fuzz.cc" not in output
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
