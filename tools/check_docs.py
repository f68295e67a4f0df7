#!/usr/bin/env python3
"""Holds the documents to the tree: relative links resolve, ARCHITECTURE.md names exactly the
folders of src/LAYERS, each room has a README, and each test that README.md, SECURITY.md,
docs/security.md and docs/abuse.md name is there, as is each command of docs/performance*.md;
docs/metrics.md lists exactly the metrics of src.

Usage: tools/check_docs.py [ROOT]       exit 1 when something is wrong.
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
from check_figures import check_figures  # noqa: E402

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def check_links(root, problems):
    pages = [p for p in root.glob("*.md")] + [p for d in ("docs", "src", "web", "examples", "bench", "include")
                                              for p in (root / d).rglob("*.md") if "node_modules" not in str(p)]
    for page in pages:
        for number, line in enumerate(page.read_text().splitlines(), 1):
            for target in LINK.findall(line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                if not (page.parent / target).exists():
                    problems.append(f"{page.relative_to(root)}:{number}: no such file: {target}")


def check_architecture(root, problems):
    page = root / "ARCHITECTURE.md"
    if not page.exists():
        problems.append("ARCHITECTURE.md is missing")
        return
    layers = {line.split(":")[0].strip() for line in (root / "src" / "LAYERS").read_text().splitlines()
              if ":" in line and not line.startswith("#")}
    named = set(re.findall(r"^\| `src/([a-z/]+)/?` \|", page.read_text(), re.M))
    named = {n.rstrip("/") for n in named} | {"gamekeeper"}
    for folder in sorted(layers - named):
        problems.append(f"ARCHITECTURE.md: the layer table lacks src/{folder}")
    for folder in sorted(named - layers):
        problems.append(f"ARCHITECTURE.md: src/{folder} is not in src/LAYERS")


def check_readmes(root, problems):
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and any(folder.glob("*.h")) and not (folder / "README.md").exists():
            problems.append(f"src/{folder.name}: README.md is missing")


# A code span that names a test file, and the names of suites, classes or cases right behind it.
TEST_FILE = re.compile(r"`([\w./-]+_(?:test|mutants|fuzz)\.(?:py|cc)|[\w./-]+\.mjs)`((?:[ ,]+(?:and )?[A-Z]\w+(?:\.\w+)?\b)*)")
NAME = re.compile(r"\b[A-Z]\w+(?:\.\w+)?")
CASE = re.compile(r"(?<![\w./])[A-Z]\w+\.\w+")


def has_test(text, name):
    """Whether the source of a test has the suite or class, or the suite.case."""
    suite, _, case = name.partition(".")
    return bool(re.search(rf"\b(?:class {suite}|TEST(?:_F|_P)?\({suite})\b", text) and (not case or re.search(
        rf"\b(?:def {case}|TEST(?:_F|_P)?\({suite},\s*{case})\b", text)))


def check_named_tests(root, problems):
    """Paths are relative to the root, src/, tests/ or tests/e2e/. A name right behind a file is of that
    file; any other Suite.case of a row of abuse.md is of one of the row's files."""
    for page in ("README.md", "SECURITY.md", "docs/security.md", "docs/abuse.md"):
        file = root / page
        if not file.exists():
            problems.append(f"{page} is missing")
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            texts = []
            for path, names in TEST_FILE.findall(line):
                place = next((root / d / path for d in ("", "src", "tests", "tests/e2e") if (root / d / path).is_file()), None)
                if place is None:
                    problems.append(f"{page}:{number}: no such test: {path}")
                    continue
                texts.append(place.read_text())
                problems += [f"{page}:{number}: {path} has no {name}" for name in NAME.findall(names) if not has_test(texts[-1], name)]
            if page == "docs/abuse.md" and re.match(r"\| (?!Item|---)", line):
                if not texts:
                    problems.append(f"{page}:{number}: the row names no test")
                problems += [f"{page}:{number}: no file of the row has {name}" for name in CASE.findall(line)
                             if not any(has_test(text, name) for text in texts)]


METRIC = re.compile(r'\b(?:counter|gauge|histogram)\(\s*"(gamekeeper_\w+)"')


def check_metrics(root, problems):
    made, named = {}, set()  # A room may have a helper of its own that makes them: then the name is all there is.
    for source in sorted((root / "src").rglob("*.[ch]*")):
        if source.suffix in (".h", ".cc") and not source.stem.endswith("_test") and source.stem != "reference":
            text = source.read_text()
            made.update({name: source.relative_to(root) for name in METRIC.findall(text)})
            named.update(re.findall(r'"(gamekeeper_\w+)"', text))
    listed = set(re.findall(r"^\| `(gamekeeper_\w+)`", (root / "docs/metrics.md").read_text(), re.M))
    problems += [f"docs/metrics.md: lacks {name} of {made[name]}" for name in sorted(made.keys() - listed)]
    problems += [f"docs/metrics.md: no source makes {name}" for name in sorted(listed - named)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    problems = []
    check_links(root, problems)
    check_architecture(root, problems)
    check_readmes(root, problems)
    check_named_tests(root, problems)
    check_metrics(root, problems)
    check_figures(root, problems)
    for problem in problems:
        print(problem)
    print(f"documents: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
