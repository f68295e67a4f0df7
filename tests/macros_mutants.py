"""Runs the ladder's tests with each planted bug of mutant.h; every bug must make a test fail."""

import os
import re
import subprocess
import sys


def names(header):
    text = open(header, encoding="utf-8").read()
    body = re.search(r"enum class MutantForTest[^{]*\{(.*?)\};", text, re.S).group(1)
    found = re.findall(r"^\s*([a-z_]+)(?: = 0)?,", body, re.M)
    return found[: found.index("count")]


def passes(program, number):
    env = dict(os.environ, GK_MACROS_MUTANT=str(number))
    run = subprocess.run([program, "--gtest_brief=1"], env=env, timeout=60,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return run.returncode == 0


def main(program, header):
    mutants = names(header)
    if not passes(program, 0):
        sys.exit("the tests fail without any planted bug")
    lived = [name for number, name in enumerate(mutants) if number > 0 and passes(program, number)]
    print(f"{len(mutants) - 1 - len(lived)} of {len(mutants) - 1} planted bugs are caught")
    if lived:
        sys.exit("not caught: " + ", ".join(lived))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
