#!/usr/bin/env python3
"""Holds packaging/ to the programs: generated files are what the programs print, completions work
in the real shells, the unit is as hardened as we say, the dashboard for Grafana names real metrics.

Usage: GK_BIN=DIR tests/packaging_test.py [--update]     --update rewrites the generated files.
What a shell or tool is missing for is skipped.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGING = ROOT / "packaging"
BIN = pathlib.Path(os.environ.get("GK_BIN", ROOT / "build/release/bin")).resolve()
GENERATED = {
    "completions/gamekeeper.bash": ["gamekeeper", "completion-bash"],
    "completions/_gamekeeper": ["gamekeeper", "completion-zsh"],
    "completions/gamekeeper.fish": ["gamekeeper", "completion-fish"],
    "man/gamekeeper.1": ["gamekeeper", "man"],
    "man/gamekeeperd.8": ["gamekeeperd", "man"],
    "man/gamekeeper.toml.5": ["gamekeeperd", "config-man"],
    "gamekeeper.toml": ["gamekeeperd", "config-example"],
}
EXPOSURE = 2.0  # of systemd-analyze security, 10 worst


def printed(program, what):
    return subprocess.run([str(BIN / program), "--print", what], check=True, capture_output=True, text=True,
                          env={**os.environ, "HOME": "/somewhere/else"}).stdout


def run(*command, **kw):
    return subprocess.run(command, text=True, capture_output=True, timeout=60, **kw)


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class Generated(unittest.TestCase):
    def test_files_are_what_the_programs_print(self):
        for file, command in GENERATED.items():
            with self.subTest(file):
                self.assertEqual((PACKAGING / file).read_text(), printed(*command),
                                 "stale; run tests/packaging_test.py --update")

    def test_the_default_configuration_is_valid_and_so_is_each_line_of_it(self):
        text = (PACKAGING / "gamekeeper.toml").read_text()
        every = re.sub(r"(?m)^#(\w+ = )", r"\1", text)
        self.assertGreater(every.count(" = "), 15)
        self.assertNotEqual(every, text)
        for version in (text, every):
            self.assertEqual(self.check(version).returncode, 0)
        self.assertEqual(self.check(every.replace("interval_s = 1", "interval_s = 1000")).returncode, 2)

    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "gamekeeper.toml"
            file.write_text(text)
            return run(str(BIN / "gamekeeperd"), "--data", folder, "--config", str(file), "--check-config")


class Manuals(unittest.TestCase):
    @needs("man")
    def test_pages_are_roff_without_a_warning(self):
        for page in sorted((PACKAGING / "man").glob("*.[158]")):
            with self.subTest(page.name):
                done = run("man", "--warnings", "-l", str(page), env={**os.environ, "MANWIDTH": "100", "LANG": "C.UTF-8"})
                self.assertEqual(done.stderr, "")
                self.assertIn("NAME", done.stdout)

    def test_every_command_is_described(self):
        page = (PACKAGING / "man/gamekeeper.1").read_text().replace("\\-", "-")
        help_text = run(str(BIN / "gamekeeper"), "--help").stdout
        commands = re.findall(r"(?m)^  ([a-z][a-z-]+)  ", help_text.split("Subcommands:")[1])
        self.assertGreater(len(commands), 5)
        for command in commands:
            self.assertRegex(page, rf'\.SS "gamekeeper {command}[" ]', command)


def completion_of(words):
    """What each installed shell offers for a line: (shell, set of words)."""
    line = " ".join(words)
    script = PACKAGING / "completions"
    bash = run("bash", "-c", f"""source {script}/gamekeeper.bash
        COMP_WORDS=({' '.join(w or '""' for w in words)}) COMP_CWORD={len(words) - 1}
        _gamekeeper; printf '%s\\n' "${{COMPREPLY[@]}}" """)
    assert bash.stderr == "", bash.stderr
    yield "bash", set(bash.stdout.split())
    if shutil.which("fish"):
        fish = run("fish", "--no-config", "-c", f"source {script}/gamekeeper.fish; complete -C '{line}'")
        assert fish.stderr == "", fish.stderr
        yield "fish", {offer.split("\t")[0] for offer in fish.stdout.splitlines()}
    if shutil.which("zsh"):
        yield "zsh", zsh_completion_of(line)


# A real zsh on a terminal of its own: Tab, then what it lists.
ZSH = r"""
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PROMPT= RPROMPT=; fpath=(%s \$fpath); autoload -U compinit; compinit -u -D; zstyle ':completion:*' verbose no; LISTMAX=0; stty cols 60 rows 200; bindkey '^I' list-choices; print -r RE''ADY"
zpty -r z line '*READY*'
zpty -r z line $'*\x1b[[][?]2004h*'  # The line editor is there.
zpty -w -n z $'%s\t\x15print -r DO\'\'NE\n'
while zpty -r z line; do print -r -- $line; [[ $line == *DONE* ]] && break; done
"""


def zsh_completion_of(line):
    done = run("zsh", "-f", "-c", ZSH % (PACKAGING / "completions", line), env={**os.environ, "TERM": "dumb", "HOME": "/nonexistent"})
    return set(re.findall(r"[\w-]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", done.stdout.replace(line.strip(), ""))))


class Completions(unittest.TestCase):
    def offers(self, words, expected, refused=()):
        for shell, offered in completion_of(words):
            with self.subTest(shell=shell, line=words):
                self.assertLessEqual(set(expected), offered)
                self.assertFalse(set(refused) & offered, offered)

    def test_commands_at_the_top(self):
        self.offers(["gamekeeper", ""], ["setup", "status", "macro", "referee"], ["run", "stop-all"])

    def test_commands_that_begin_so(self):
        self.offers(["gamekeeper", "pro"], ["profile"], ["setup"])

    def test_subcommands_behind_an_option_with_a_value(self):
        self.offers(["gamekeeper", "--socket", "macro", "macro", ""], ["run", "list", "stop-all"], ["setup", "approve"])

    def test_options_of_a_command_and_of_those_above(self):
        self.offers(["gamekeeper", "macro", "run", "--"], ["--level", "--detach", "--json"], ["--pid", "--prometheus"])

    def test_values_of_an_option_with_few(self):
        self.offers(["gamekeeper", "macro", "run", "--level", ""], ["safe", "risky", "dangerous"], ["run", "setup"])


class Unit(unittest.TestCase):
    FILE = PACKAGING / "systemd/gamekeeper.service"

    def exposure(self, text):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "gamekeeper.service"
            unit.write_text(text)
            done = run("systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit))
        found = re.search(r"Overall exposure level.*: ([\d.]+)", done.stdout)
        self.assertTrue(found, done.stdout + done.stderr)
        return float(found[1])

    @needs("systemd-analyze")
    def test_it_is_hardened(self):
        text = self.FILE.read_text()
        self.assertLessEqual(self.exposure(text), EXPOSURE)
        self.assertGreater(self.exposure(text.replace("PrivateDevices=yes\n", "")), EXPOSURE)

    def test_its_helpers_may_confine_themselves(self):
        allowed = re.findall(r"(?m)^SystemCallFilter=([^~\n]*)$", self.FILE.read_text())
        for call in ("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
            self.assertIn(call, " ".join(allowed).split())

    def test_it_is_watched(self):
        text = self.FILE.read_text()
        self.assertIn("Type=notify\n", text)
        self.assertRegex(text, r"(?m)^WatchdogSec=\d+s$")


class Grafana(unittest.TestCase):
    DASHBOARD = json.loads((PACKAGING / "grafana/gamekeeper.json").read_text())

    def expressions(self):
        for panel in self.DASHBOARD["panels"]:
            for target in panel.get("targets", []):
                yield panel["title"], target["expr"]

    def test_every_metric_exists(self):
        # docs/metrics.md has what exists at the start; the source has those that come with use.
        known = set(re.findall(r"`(gamekeeper_\w+)`", (ROOT / "docs/metrics.md").read_text()))
        known |= {name for file in (ROOT / "src").rglob("*.cc") if "_test" not in file.name
                  for name in re.findall(r'"(gamekeeper_\w+)"', file.read_text())}
        self.assertNotIn("gamekeeper_no_such_metric", known)
        used = 0
        for title, expression in self.expressions():
            for name in re.findall(r"gamekeeper_\w+", expression):
                used += 1
                self.assertIn(re.sub(r"_(bucket|sum|count)$", "", name), known, title)
        self.assertGreater(used, 15)

    @needs("promtool")
    def test_prometheus_can_parse_every_expression(self):
        rules = [{"record": f"test:panel{i}", "expr": re.sub(r"\$__rate_interval", "5m", e)}
                 for i, (_, e) in enumerate(self.expressions())]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "rules.yml"
            file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
            done = run("promtool", "check", "rules", str(file))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_panels_have_their_own_place_and_id(self):
        panels = self.DASHBOARD["panels"]
        self.assertEqual(len({p["id"] for p in panels}), len(panels))
        cells = [(x, y) for p in panels for g in [p["gridPos"]]
                 for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])]
        self.assertEqual(len(cells), len(set(cells)))


def update():
    for file, command in GENERATED.items():
        (PACKAGING / file).parent.mkdir(parents=True, exist_ok=True)
        (PACKAGING / file).write_text(printed(*command))


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        unittest.main()
