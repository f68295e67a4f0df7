#!/usr/bin/env bash
# Each header of src/ and include/ compiles alone, so that none leans on what its users include.
# Where a source of the same name includes its header before anything else, every build proves it
# already; the others are compiled here.
set -u
cd "$(dirname "$0")/.." || exit 1
compiler=g++
command -v ccache >/dev/null && compiler="ccache g++"
# The same folder each time: ccache knows a file by its path too.
out=build/headers
mkdir -p "$out"
rm -f "$out/failed"

# proven_by_build HEADER: its source begins with it.
proven_by_build() {
  local source=${1%.h}.cc name=${1#src/}
  [ -f "$source" ] && [ "$(grep -m1 '^#include' "$source")" = "#include \"$name\"" ]
}

find include src -name '*.h' | sort | while read -r header; do
  proven_by_build "$header" || echo "$header"
done | xargs -P "$(nproc)" -I{} sh -c '
  name=$(echo "$1" | tr / _)
  printf "#include \"%s\"\n" "$(echo "$1" | sed "s,^include/,,; s,^src/,,")" > "$2/$name.cc"
  '"$compiler"' -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Isrc -Iinclude \
    -c "$2/$name.cc" -o "$2/$name.o" || { echo "$1 does not compile alone"; touch "$2/failed"; }
  rm -f "$2/$name.o"' _ {} "$out"
[ ! -e "$out/failed" ]
