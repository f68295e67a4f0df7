#!/usr/bin/env python3
"""Sorts sources into groups that can be compiled as one file each.

Used by cmake/GkRoom.cmake for tests and sanitizer builds, which spend most of their time in the same
headers and templates over and over. In one file the unnamed namespaces of its sources are one, so a
source that so much as mentions a name that another defines for itself goes into another group.

Usage: tools/unity_groups.py SIZE SOURCE…     prints a CMake list: the group's number of each source
"""
import pathlib
import re
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "src"
WORD = re.compile(r"[A-Za-z_]\w*")
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.S)
# The sources are formatted: what a namespace holds starts in the first column.
UNNAMED = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.M | re.S)
OTHERS = re.compile(r"^(?:static|using|#\s*define|struct|class|enum|constexpr|const|inline)\b[^\n]*", re.M)
DEFINED = re.compile(r"([A-Za-z_]\w*)\s*(?:\(|=|\{|;|\[|:(?!:)|$)")
TYPE = re.compile(r"^(?:struct|class|enum(?: class| struct)?|union|using|namespace)\s+([A-Za-z_]\w*)")
# Tests have names of their own, and a name may be taken from a namespace twice.
HARMLESS = re.compile(r"TEST|RC_GTEST|using namespace\b|using [\w:]+;|#(?!\s*define)")
FIXTURE = re.compile(r'^#include "(.*_test\.h)"$', re.M)  # of a room's tests; the others say little
MACRO = re.compile(r"#\s*define\s+(\w+)")


def private_names(text):
    """Names that only this source may use: of unnamed namespaces, static, macros, local types."""
    names = set()
    lines = [line for body in UNNAMED.findall(text) for line in NOT_CODE.sub(" ", body).splitlines()]
    lines += OTHERS.findall(NOT_CODE.sub(" ", text))
    for line in lines:
        if not line or line[0] in " }/)" or HARMLESS.match(line):
            continue
        for pattern in (MACRO, TYPE, DEFINED):
            match = pattern.search(line)
            if match:
                names.add(match[1])
                break
    return names


def words_of(text):
    """All that a source mentions, itself or in the fixtures of its tests."""
    words = set(WORD.findall(NOT_CODE.sub(" ", text)))
    for fixture in FIXTURE.findall(text):
        words |= words_of((SOURCES / fixture).read_text())
    return words


def groups_of(paths, size):
    """First fit, in the order given; groups: lists of (names, words)."""
    groups, numbers = [], []
    for path in paths:
        text = pathlib.Path(path).read_text(errors="replace")
        names, words = private_names(text), words_of(text)
        for number, group in enumerate(groups):
            if len(group) < size and not any(names & w or n & words for n, w in group):
                break
        else:
            number = len(groups)
            groups.append([])
        groups[number].append((names, words))
        numbers.append(number)
    return numbers


if __name__ == "__main__":
    print(";".join(map(str, groups_of(sys.argv[2:], int(sys.argv[1])))), end="")
