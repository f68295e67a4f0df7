#!/usr/bin/env bash
# Compiles each header of src/ and include/ alone, so that none leans on what its users include.
set -u
cd "$(dirname "$0")/.." || exit 1
compiler=g++
command -v ccache >/dev/null && compiler="ccache g++"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# Objects, not -fsyntax-only: ccache keeps objects, so an unchanged header costs milliseconds.
find include src -name '*.h' | sort | xargs -P "$(nproc)" -I{} sh -c '
  name=$(echo "$1" | tr / _)
  printf "#include \"%s\"\n" "$(echo "$1" | sed "s,^include/,,; s,^src/,,")" > "$2/$name.cc"
  '"$compiler"' -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Isrc -Iinclude \
    -c "$2/$name.cc" -o "$2/$name.o" || { echo "$1 does not compile alone"; touch "$2/failed"; }
  rm -f "$2/$name.o"' _ {} "$out"
[ ! -e "$out/failed" ]
