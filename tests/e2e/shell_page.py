"""shell_page.py: runs the commands of a page of docs/ in a shell of its own with a home of its own,
and compares what the page promises to be printed.

A block marked `sh` is run; an unmarked block right behind it is what must be printed, line by line in
that order, where `…` stands for any text. Blocks marked otherwise (`console`, `ini`) are not run: the
page says what runs them. All run blocks of a page share one shell under `set -eu`.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from gk import BIN

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def blocks(text):
    """[commands, promised output or None] in the order of the page."""
    out, last = [], None
    for kind, body in re.findall(r"^```([a-z]*)\n(.*?)^```$", text, re.S | re.M):
        if kind == "sh":
            out.append([body, None])
        elif kind == "" and last == "sh":
            out[-1][1] = body
        last = kind
    return out


def holds(promised, printed):
    """Whether the lines of `promised` are in `printed`, in their order; how wide the space between
    columns is does not count."""
    def narrow(text):
        return re.sub(r"[ \t]+", " ", text)
    pattern = r"[^\n]*\n(?:[^\n]*\n)*?[^\n]*?".join(
        r"[^\n]*".join(re.escape(narrow(piece.strip())) for piece in line.split("…"))
        for line in promised.strip().splitlines())
    return re.search(pattern, narrow(printed)) is not None


def run_page(text, ports=(), deadline=120, more_env=None):
    """Runs `text` with each of `ports` (number, kind) replaced by a free one. Fails with what was
    printed when a command fails or a promise does not hold; returns all output."""
    for number, kind in ports:
        assert number in text, f"the page does not name port {number}"
        text = text.replace(number, free_port(kind))
    page = blocks(text)
    assert page, "the page has no commands"
    home = pathlib.Path(tempfile.mkdtemp(prefix="gk-page-"))
    script = "set -eu\n" + "".join(f"{body}\necho '=== {i} done'\n" for i, (body, _) in enumerate(page))
    environment = {**os.environ, "HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}", **(more_env or {})}
    for name in ("XDG_DATA_HOME", "STATE_DIRECTORY"):
        environment.pop(name, None)
    shell = subprocess.Popen(["bash", "-c", script], cwd=home, env=environment, text=True,
                             start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL)
    try:
        output, _ = shell.communicate(timeout=deadline)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        output, _ = shell.communicate()
        output += "\n=== did not end in time"
    finally:
        try:
            os.killpg(shell.pid, signal.SIGTERM)  # what the page started: daemons, game servers
        except ProcessLookupError:
            pass
    log = (home / "gamekeeperd.log").read_text() if (home / "gamekeeperd.log").exists() else ""
    shutil.rmtree(home, ignore_errors=True)
    assert shell.returncode == 0, output + log[-3000:]
    for (body, promised), part in zip(page, re.split(r"=== \d+ done\n", output)):
        if promised:
            assert holds(promised, part), f"after:\n{body}\npromised:\n{promised}\nprinted:\n{part}"
    return output
