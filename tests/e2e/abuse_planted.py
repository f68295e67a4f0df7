"""abuse_planted.py: runs a test of another file with a bug planted in its daemon, and wants it to fail."""
import functools
import pathlib
import unittest
import unittest.mock

import gk

LIBRARY = gk.BIN / "libgk_weaken.so"


def weakened(bug):
    """The environment of a daemon with one of the bugs of weaken.c."""
    assert LIBRARY.exists(), f"{LIBRARY} is not built"
    assert f'weak("{bug}")' in (pathlib.Path(__file__).parent / "weaken.c").read_text(), bug
    return {"LD_PRELOAD": str(LIBRARY), "GK_WEAKEN": bug}


def outcome(case, method, module, environment=None, **replaced):
    """The result of case.method while the daemons of `module` have `environment` besides their own.

    `replaced`: names in `module` that stand for something else meanwhile. A variable set to None is
    taken away.
    """
    def daemon(*options, env=None, **more):
        joined = {**(env or {}), **(environment or {})}
        return gk.Daemon(*options, env={k: v for k, v in joined.items() if v is not None}, **more)

    result = unittest.TestResult()
    soon = functools.partial(gk.wait_for, deadline=6.0)  # What never comes is waited for.
    with unittest.mock.patch.multiple(module, **{"Daemon": daemon, "wait_for": soon, **replaced}):
        case(method).run(result)
    return result
