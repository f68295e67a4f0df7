#!/usr/bin/env python3
"""Checks the house rules that a text search can hold (CONTRIBUTING.md lists them).

Usage: tools/check_style.py [ROOT]      exit 1 when a rule is broken, each with file and line.
"""
import pathlib
import re
import statistics
import subprocess
import sys

MAX_HEADER, MAX_SOURCE, MAX_FUNCTION = 300, 600, 60

# Only these read clocks or the kernel's randomness; everything else is handed a Clock or Random.
# The worker is a program of its own, without base.
TIME_ALLOWED = {"src/base/clock.cc", "src/base/random.cc", "src/worker/lua_channel.cc"}
TIME = re.compile(r"[cC]lock::now\(\)|\bsleep_for\b|\bsleep_until\b|\busleep\s*\(|\bnanosleep\s*\(|[^\w.>]time\(\s*(NULL|nullptr|0|&)"
                  r"|[^\w]s?rand\(\)|\brandom_device\b|\bgettimeofday\b|\bclock_gettime\b")
EMOJI = re.compile("[\U0001F300-\U0001FAFF\u2705\u274C\u2728\u2B50\u26A1]")
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")
CONSTANT = re.compile(r"^\s*(inline |static )*constexpr [\w:<>, ]+ (k[A-Z]\w*)\s*[={]")
SOURCE_NEAR = re.compile(r"Source|bench/|chosen|RFC")
FUNCTION_OPEN = re.compile(r"^[A-Za-z_~].*\)[^;=]*\{$|^[A-Za-z_~].*\{$")
EXCUSE = "LONG:"  # a line that says why, above a function or at the top of a file


def tracked(root):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root,
                         capture_output=True, text=True)
    if out.returncode == 0:
        return [root / line for line in out.stdout.splitlines() if (root / line).is_file()]
    return [p for p in root.rglob("*") if p.is_file()]


def check_lines(name, lines, problems):
    is_cpp = name.endswith((".h", ".cc"))
    whole_file = any("Source of every number" in line for line in lines[:8])
    product = name.startswith(("src/", "include/")) and not name.endswith(("_test.cc", "_bench.cc"))
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if is_cpp and "co_await" in line:
            problems.append(f"{where}: no coroutines (g++ 12 frees twice); use callbacks")
        if product and name not in TIME_ALLOWED and not name.startswith("src/testing/"):
            if TIME.search(line.split("//")[0]):
                problems.append(f"{where}: only base/clock.cc and base/random.cc read time or chance")
        if TODO.search(line):
            problems.append(f"{where}: TODO without an issue number")
        if EMOJI.search(line) and "Auto-Cancelled" not in line:
            problems.append(f"{where}: emoji")
        if is_cpp and "/rules/" in name and product:
            constant = CONSTANT.match(line)
            derived = "static_cast<" in line or "numeric_limits" in line or whole_file
            if constant and not derived and not SOURCE_NEAR.search(" ".join(lines[max(0, number - 3):number + 2])):
                problems.append(f"{where}: {constant[2]} has no Source in the two lines around")


def check_sizes(name, lines, problems):
    limit = MAX_HEADER if name.endswith(".h") else MAX_SOURCE
    if len(lines) > limit and not any(EXCUSE in line for line in lines[:12]):
        problems.append(f"{name}: {len(lines)} lines, at most {limit}")
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and FUNCTION_OPEN.match(line) and not line.startswith(
                ("namespace", "class", "struct", "enum", "union", "extern", "template")):
            start = number
        elif line.startswith("namespace"):
            start = None
        elif start is not None and line.startswith("}"):
            length = number - start + 1
            excused = any(EXCUSE in l for l in lines[max(0, start - 4):start])
            if length > MAX_FUNCTION and not excused and "(" in lines[start - 1]:
                problems.append(f"{name}:{start}: function of {length} lines, at most {MAX_FUNCTION}")
            start = None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    problems, headers, sources = [], [], []
    for path in tracked(root):
        name = str(path.relative_to(root))
        if not name.endswith((".h", ".cc", ".py", ".sh", ".ts", ".tsx", ".mjs", ".css", ".cmake")):
            continue
        if name == "tools/check_style.py" or "node_modules" in name:
            continue
        lines = path.read_text(errors="replace").splitlines()
        check_lines(name, lines, problems)
        if name.startswith(("src/", "include/", "bench/", "tests/", "examples/")) and name.endswith((".h", ".cc")):
            check_sizes(name, lines, problems)
            (headers if name.endswith(".h") else sources).append(len(lines))
    for problem in problems:
        print(problem)
    if headers and sources:
        print(f"headers: median {statistics.median(headers):.0f} lines; sources: median "
              f"{statistics.median(sources):.0f}; {len(problems)} breaches")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
