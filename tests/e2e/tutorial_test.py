#!/usr/bin/env python3
"""tutorial_test.py: does what docs/tutorial.md says, command by command, in a shell of its own with a
home of its own, and compares what the page promises to be printed. Exit code 77: no Teeworlds here."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from gk import BIN  # noqa: E402

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def blocks(text):
    """(commands, promised output or None) in the order of the page."""
    found = re.findall(r"```(sh)?\n(.*?)```", text, re.S)
    out = []
    for kind, body in found:
        if kind:
            out.append([body, None])
        else:
            out[-1][1] = body
    return out


def main():
    if not pathlib.Path("/usr/games/teeworlds-server").exists():
        print("skipped: teeworlds-server is not installed")
        sys.exit(77)
    text = PAGE.read_text()
    for port, kind in (("8303", socket.SOCK_DGRAM), ("8304", socket.SOCK_STREAM),
                       ("5000", socket.SOCK_STREAM)):
        assert port in text, port
        text = text.replace(port, free_port(kind))
    page = blocks(text)
    assert len(page) >= 10 and sum(1 for _, promised in page if promised) >= 2, page
    home = pathlib.Path(tempfile.mkdtemp(prefix="gk-tutorial-"))
    script = "set -eu\n" + "".join(f"{body}\necho '=== {i} done'\n" for i, (body, _) in enumerate(page))
    environment = {**os.environ, "HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}"}
    for name in ("XDG_DATA_HOME", "STATE_DIRECTORY"):
        environment.pop(name, None)
    shell = subprocess.Popen(["bash", "-c", script], cwd=home, env=environment, text=True,
                             start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL)
    try:
        output, _ = shell.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        output, _ = shell.communicate()
        output += "\n=== did not end in time"
    finally:
        try:
            os.killpg(shell.pid, signal.SIGTERM)  # the game server and the daemon of this session
        except ProcessLookupError:
            pass
    daemon_log = (home / "gamekeeperd.log").read_text() if (home / "gamekeeperd.log").exists() else ""
    shutil.rmtree(home, ignore_errors=True)
    assert shell.returncode == 0, output + daemon_log[-3000:]
    parts = re.split(r"=== \d+ done\n", output)
    for (body, promised), part in zip(page, parts):
        if promised:
            assert promised.strip() in part, f"promised:\n{promised}\nprinted:\n{part}"
    for what in ("> say Lunch in 3", "hello ended", "is dangerous",
                 "on_cancel > say Sorry for the noise"):
        assert what in output, (what, output)
    assert re.search(r"T0[23]:00:00\.000Z", output), output  # 4:00 in Berlin, summer or winter
    assert output.count("ready") >= 2, output  # the server lived through the rude macro
    print(f"ok: {len(page)} blocks of the tutorial")


if __name__ == "__main__":
    main()
