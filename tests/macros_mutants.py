"""Runs tests with each planted bug of a mutant.h; every bug must make a test fail.

Usage: macros_mutants.py PROGRAM HEADER VARIABLE; the program takes the number of the bug from VARIABLE.
"""

import os
import re
import subprocess
import sys


def names(header):
    text = open(header, encoding="utf-8").read()
    body = re.search(r"enum class MutantForTest[^{]*\{(.*?)\};", text, re.S).group(1)
    found = re.findall(r"^\s*([a-z_]+)(?: = 0)?,", body, re.M)
    return found[: found.index("count")]


def passes(program, variable, number):
    env = {**os.environ, variable: str(number)}
    run = subprocess.run([program, "--gtest_brief=1"], env=env, timeout=60,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return run.returncode == 0


def main(program, header, variable):
    mutants = names(header)
    if not passes(program, variable, 0):
        sys.exit("the tests fail without any planted bug")
    lived = [name for number, name in enumerate(mutants) if number > 0 and passes(program, variable, number)]
    print(f"{len(mutants) - 1 - len(lived)} of {len(mutants) - 1} planted bugs are caught")
    if lived:
        sys.exit("not caught: " + ", ".join(lived))


if __name__ == "__main__":
    main(*sys.argv[1:4])
