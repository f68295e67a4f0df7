#!/usr/bin/env python3
"""Runs the fuzz programs of outside bytes, two at a time, and some with a planted bug that must be found.
Gives way to everything else (nice), so that tests beside it keep their times.

Usage: tests/fuzz_test.py [SECONDS] [--all] [--corpus FOLDER] [PROGRAM…]      20 s each by default
Builds them with clang-19 (preset fuzz). By hand:
--all              also the programs of single rooms, which ./test has no time to build
--corpus FOLDER    keeps what was found to be new there, from run to run, by program
PROGRAM…           only these
Skipped (77) where clang-19 is not installed. Inputs that end a program stay in build/fuzz/found.
"""
import argparse
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
           "macros_override_fuzz": "macros_override_seeds.txt", "macros_json_lines_fuzz": "macros_json_lines_seeds.txt",
           "monitor_frames_fuzz": "monitor_frames_seeds.txt"}
# Without seeds, but for the games: one file each.
ROOMS = {"accounts_fuzz": None, "external_answers_fuzz": "external_answers_seeds.txt", "games_fuzz": "games_seeds", "lua_protocol_fuzz": None, "referee_frame_fuzz": None,
         "referee_replay_fuzz": None, "referee_trace_fuzz": None, "scripts_steps_fuzz": None, "tls_frames_fuzz": "tls_frames_seeds.txt"}
# The same with a bug, which must be found: by program.
PLANTED = {"json_fuzz": "json_planted_fuzz", "macros_json_lines_fuzz": "macros_json_lines_planted_fuzz",
           "monitor_frames_fuzz": "monitor_frames_planted_fuzz", "external_answers_fuzz": "external_answers_planted_fuzz",
           "tls_frames_fuzz": "tls_frames_planted_fuzz"}


def build(targets):
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(BUILD), "-j2", *targets], check=True, stdout=subprocess.DEVNULL)


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


def run(program, folders, seconds):
    """(failed, inputs, output) of one program; what is new goes into the first of `folders`."""
    found = BUILD / "found"
    found.mkdir(exist_ok=True)
    done = subprocess.run([str(BUILD / "bin" / program), f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=1024",
                           "-print_final_stats=1", "-seed=1", f"-artifact_prefix={found}/{program}-", *map(str, folders)],
                          text=True, errors="replace", capture_output=True, timeout=seconds + 120)
    inputs = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    return done.returncode != 0, int(inputs[1]) if inputs else 0, done.stderr


def growth(output):
    """Edges covered by the seeds, and at the end."""
    edges = re.findall(r"\b(?:INITED|DONE)\s+cov: (\d+)", output)
    return f", {edges[0]} to {edges[-1]} edges" if edges else ""


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--corpus", type=pathlib.Path)
    parser.add_argument("words", nargs="*")
    asked = parser.parse_args()
    seconds = next((int(word) for word in asked.words if word.isdigit()), 20)
    return asked, seconds, [word for word in asked.words if not word.isdigit()]


def main():
    if not shutil.which("clang++-19"):
        print("clang-19 is not installed")
        return 77
    asked, seconds, programs = options()
    known = {**TARGETS, **ROOMS}
    targets = {name: known[name] for name in programs} or (known if asked.all else TARGETS)
    failed = False
    os.nice(10)
    build([*targets, *(PLANTED[name] for name in targets if name in PLANTED)])
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs, planted = {}, {}
        for name, seeds in targets.items():
            folders = [corpus(folder, seeds)]
            if name in PLANTED:
                copy = pathlib.Path(folder) / PLANTED[name]
                planted[name] = pool.submit(run, PLANTED[name], [shutil.copytree(folders[0], copy)], seconds)
            if asked.corpus:
                (asked.corpus / name).mkdir(parents=True, exist_ok=True)
                folders.insert(0, asked.corpus / name)
            runs[name] = pool.submit(run, name, folders, seconds)
        for name, future in runs.items():
            bad, inputs, output = future.result()
            print(f"{'FOUND' if bad else 'ok   '} {name}: {inputs} inputs{growth(output)}")
            if bad or inputs < 100:  # Nothing was tried: that is no success either.
                failed = True
                print(output[-4000:])
        for name, future in planted.items():
            bad, inputs, output = future.result()
            print(f"{'found' if bad else 'MISSED'} the planted bug of {PLANTED[name]} after {inputs} inputs")
            failed = failed or not bad or f"{name}.cc" not in output  # It fell for the bug, and where it looks.
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
