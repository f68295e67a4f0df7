#!/usr/bin/env python3
"""Holds docs/development.md and README.md to the tree: the presets, targets, files, options and tests
that they name are there.

Usage: tests/development_test.py
"""
import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACES = ("", "web", "web/e2e", "web/src", "src")
MADE = ("build/",)  # what a build makes


def wrong_names(text):
    """Names in code that the tree does not have."""
    wrong = []
    presets = {p["name"] for p in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
    wrong += [p for p in re.findall(r"--preset (\w+)", text) if p not in presets]
    cmake = "\n".join(f.read_text() for d in ("", "src", "cmake", "fuzz", "bench", "tests") for f in
                      ((ROOT / d).rglob("*.cmake") if d else [])) + "\n".join(
                          f.read_text() for f in (ROOT / "src").rglob("CMakeLists.txt"))
    named = re.findall(r"ninja -C build/\w+ ([\w]+)", text)
    wrong += [t for t in named if not re.search(rf"\b{t}\b", cmake)]
    paths = set(re.findall(r"(?<![\w/.-])((?:src|tests|web|bench|docs|packaging|examples|tools|fuzz)/[\w./-]+\w)", text))
    paths |= set(re.findall(r"`(\w+\.mjs|\w+\.py)`", text))
    wrong += sorted(p for p in paths if not p.startswith(MADE) and "<" not in p and
                    not any((ROOT / place / p).exists() for place in PLACES))
    scripts = {name: (ROOT / name).read_text() for name in ("run", "test")}
    wrong += [f"./{name} {option}" for name, option in re.findall(r"\./(run|test) (--[a-z-]+)", text)
              if option + ")" not in scripts[name] and option not in ("--data",)]
    for path, suite in re.findall(r"`(tests/[\w/]+\.py)` ([A-Z]\w+)", text):
        if (ROOT / path).exists() and f"class {suite}(" not in (ROOT / path).read_text():
            wrong.append(f"{path} {suite}")
    for script in re.findall(r"npm run ([\w:-]+)", text):
        if script not in json.loads((ROOT / "web/package.json").read_text())["scripts"]:
            wrong.append(f"npm run {script}")
    return wrong


class Names(unittest.TestCase):
    def test_what_the_pages_name_is_there(self):
        for page in ("docs/development.md", "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/deployment.md",
                     "docs/guide.md", "docs/monitoring.md", "docs/api.md"):
            with self.subTest(page):
                self.assertEqual(wrong_names((ROOT / page).read_text()), [])

    def test_planted_names_are_found(self):
        planted = ("cmake --preset fastest; ninja -C build/dev no_such_tests; see src/nowhere/x.cc and "
                   "`nothing.mjs`; ./test --everything; `tests/packaging_test.py` NoSuite; npm run nothing")
        self.assertEqual(wrong_names(planted), ["fastest", "no_such_tests", "nothing.mjs", "src/nowhere/x.cc",
                                                "./test --everything", "tests/packaging_test.py NoSuite", "npm run nothing"])


if __name__ == "__main__":
    unittest.main()
