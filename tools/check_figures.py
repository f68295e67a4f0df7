"""Each figure of docs/performance*.md names the command that prints it, and that command is there.

A row's last cell (its method) has a code span that begins with a program of bench/, a script, a test's
source, a CTest entry, ./run, ./test or a subcommand of gamekeeper; what stands behind it in the span,
subcommands and --options, has to occur in that source, as do its variables (GK_…) and, right behind the
span, names of suites. "the same …" takes the row before. A command in the text of the section above a
table covers all rows that name none. Called by tools/check_docs.py.
"""
import re

SPAN = re.compile(r"`([^`]+)`")
SUITES = re.compile(r"`[^`]+`((?:[ ,]+(?:and )?(?:[A-Z][a-z0-9]+){1,}(?:\.\w+)?\b)*)")
FOLDERS = ("bench", "src", "tests", "examples", "fuzz", "packaging", "tools", "web/e2e", "web/test")
TOOLS = {"ctest", "ninja"}


class Tree:
    """What a command can be."""

    def __init__(self, root):
        self.files = {str(path.relative_to(root)): path for folder in FOLDERS for path in (root / folder).rglob("*")
                      if path.is_file() and "node_modules" not in path.parts}
        cmake = "\n".join(path.read_text() for name, path in self.files.items() if name.endswith((".cmake", "CMakeLists.txt")))
        self.entries = set(re.findall(r"\bNAME (\w+)", cmake)) | set(re.findall(r"\bgk_\w*test\((\w+)", cmake))
        self.words = set(re.findall(r"[\w-]+", cmake))
        self.root = root
        self.cli = "\n".join(path.read_text() for name, path in self.files.items() if name.startswith("src/cli/") or name.endswith("_cli.cc"))

    def named(self, word):
        """The source of a program or script by the end of its path, or None."""
        ends = (word, word + ".cc") if "." not in word.rpartition("/")[2] else (word,)
        found = [path for name, path in self.files.items() if name in ends or name.endswith(tuple("/" + end for end in ends))]
        return found[0] if found else None

    def source(self, word):
        """(what it is, the text that has its arguments); None: no command. The text is None when there is no such thing."""
        word = word.removeprefix("./") if word not in ("./run", "./test") else word
        if word in ("./run", "./test"):
            return word, (self.root / word[2:]).read_text()
        if word == "gamekeeper":
            return word, self.cli
        if word in TOOLS or word in self.entries:
            return word, ""
        if re.search(r"\.(py|sh|mjs|cc|c)$", word) or word.endswith("_bench") or f"examples/{word}.cc" in self.files:
            path = self.named(word)
            if path is None or (word.endswith("_bench") and path.stem not in self.words):
                return word, None
            return word, path.read_text()
        return None


def arguments_missing(text, words):
    """Subcommands and options that the source does not know; numbers, DIR and 10M are the reader's."""
    for word in words:
        option = re.match(r"--?[a-z][\w-]*", word)
        if option and option[0] not in text and option[0].lstrip("-") not in text:
            yield word
        name = re.match(r"([a-z]\w*)(?:=\d+)?$", word)
        if name and not re.search(rf"[\"'|\[]{name[1]}\b", text):
            yield word


def check_cell(tree, cell, before):
    """(problems, source of the first command or None) of a method; before: of the row above."""
    problems, first = [], None
    inherits = re.match(r"(as )?(the )?same\b", cell) is not None
    for match in SPAN.finditer(cell):
        words = [w for w in match[1].split() if w not in ("node", "python3", "…")]
        words = [w for w in words if not re.match(r"[A-Z_]+=", w)]
        if not words:
            continue
        if words[0].startswith("--") and (first or before) is not None:
            problems += [f"{w} is no option of the command above" for w in arguments_missing(first or before, words)]
            first = first or before
            continue
        found = tree.source(words[0])
        if found is None:
            continue
        what, text = found
        if text is None:
            problems.append(f"no such command: {what}")
            continue
        if what not in TOOLS:
            problems += [f"{what} knows no {w}" for w in arguments_missing(text, words[1:])]
        suites = SUITES.match(cell, match.start())[1] if what.endswith((".py", ".cc")) else ""
        problems += [f"{what} has no {name}" for name in re.findall(r"[A-Z]\w+", suites) if not re.search(rf"\b{name}\b", text)]
        first = text if first is None else first
    if first is None and inherits:
        first = before
    if first:
        problems += [f"no variable {name} is read there" for name in re.findall(r"\bGK_[A-Z_]+\b", cell) if name not in first]
    return problems, first


def check_page(tree, page, name, problems):
    above, header, before, covered = "", None, None, None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("#"):
            above = "" if line.startswith("##") else above
        if not line.startswith("|"):
            above, header = above + " " + line, None
            continue
        cells = [cell.strip() for cell in re.sub(r"\\\|", "∣", line).split("|")[1:-1]]
        if header is None:
            header, before = cells, None
            wrong, covered = check_cell(tree, above, None)
            problems += [f"{name}:{number}: {problem}, above the table" for problem in wrong]
            continue
        if re.match(r"-+$", cells[0]):
            continue
        if "Method" not in header:
            if covered is None:
                problems.append(f"{name}:{number}: neither the row nor the text above the table names a command")
            continue
        found, source = check_cell(tree, cells[header.index("Method")], before)
        problems += [f"{name}:{number}: {problem}" for problem in found]
        if source is None and covered is None and not found:
            problems.append(f"{name}:{number}: the row names no command: {cells[0][:50]}")
        before = source if source is not None else before


def check_figures(root, problems):
    tree = Tree(root)
    for page in sorted((root / "docs").glob("performance*.md")):
        check_page(tree, page, f"docs/{page.name}", problems)
