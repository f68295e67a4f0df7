#!/usr/bin/env python3
"""Holds the source tree to src/LAYERS.

Reads every #include "..." below src/ and include/ and compares it with the list of folders that
the including folder may use. Also refuses: a LAYERS line that names a folder at or below its own
line (a cycle), a folder with sources that LAYERS does not list, Asio or Beast outside src/net, a
public header that includes anything but the standard library and public headers, and a header of
threads in a folder that has only one: its tests (gk_test ONE_THREAD) are not tried for races.

Usage: tools/check_layers.py [ROOT]     exit 1 when a rule is broken, each with file and line.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
NET_ONLY = ("boost/asio", "boost/beast")
THREADS = {"atomic", "barrier", "condition_variable", "future", "latch", "mutex", "pthread.h", "semaphore", "shared_mutex",
           "stop_token", "thread", "base/mutex.h", "base/worker_pool.h", "store/writer.h"}
MORE_FOLDERS_OF_ONE_THREAD = {"cli", "manual", "referee/offline"}
RULES_WITH_THREADS = {"arbiter/rules"}  # The ring of its trace has a reader beside the writer.
TEST_FOLDERS = {"testing"}  # any *_test.cc, bench and fuzz file may use these


def read_layers(path):
    layers, problems = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, _, allowed = line.partition(":")
        for folder in allowed.split():
            if folder not in layers:
                problems.append(f"{path}:{number}: {name} may not list {folder}: it is not above")
        layers[name.strip()] = set(allowed.split())
    return layers, problems


def folder_of(include, layers):
    """The LAYERS folder of an include path: the longest listed prefix."""
    parts = include.split("/")[:-1]
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in layers:
            return name
    return None


def is_ours(target, root):
    return (root / "src" / target).exists() or (root / "include" / target).exists()


def check_file(path, folder, layers, root):
    problems = []
    is_test = path.stem.endswith(("_test", "_bench", "_fuzz"))
    one_thread = (folder.endswith("rules") or folder in MORE_FOLDERS_OF_ONE_THREAD) and folder not in RULES_WITH_THREADS
    allowed = layers[folder] | {folder} | (TEST_FOLDERS if is_test else set())
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        kind, target = match.groups()
        where = f"{path.relative_to(root)}:{number}"
        if target.startswith(NET_ONLY) and folder != "net":
            problems.append(f"{where}: {target} may be included by src/net only")
        if one_thread and target in THREADS:
            problems.append(f"{where}: {folder} has one thread, so it may not include {target}")
        used = folder_of(target, layers) if kind == '"' or is_ours(target, root) else None
        if kind == '"' and used is None:
            problems.append(f'{where}: "{target}" is not below a folder of src/LAYERS')
        elif used is not None and used not in allowed:
            problems.append(f"{where}: {folder} may not include {used} ({target})")
        if folder == "gamekeeper" and used is None and "/" in target:
            problems.append(f"{where}: a public header uses the standard library only ({target})")
    return problems


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    layers, problems = read_layers(root / "src" / "LAYERS")
    files = [(p, p.relative_to(root / "src")) for p in (root / "src").rglob("*")]
    files += [(p, p.relative_to(root / "include")) for p in (root / "include").rglob("*")]
    checked = 0
    for path, relative in sorted(files):
        if path.suffix not in (".h", ".cc"):
            continue
        folder = folder_of(str(relative), layers)
        if folder is None:
            problems.append(f"{path.relative_to(root)}: its folder is not in src/LAYERS")
            continue
        checked += 1
        problems += check_file(path, folder, layers, root)
    for path in sorted((root / "tests/arbiter").glob("*")):  # The rules' model and properties.
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match[2] in THREADS:
                problems.append(f"{path.relative_to(root)}:{number}: tests/arbiter has one thread, so it may not include {match[2]}")
    for problem in problems:
        print(problem)
    print(f"{checked} files, {len(layers)} layers, {len(problems)} breaches")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
