#!/usr/bin/env bash
# Every style check in one command; one of the tests. Prints what is wrong, exits 1.
# Usage: tools/check.sh [--fix]      --fix lets clang-format rewrite.
set -u
cd "$(dirname "$0")/.." || exit 1
failed=0
step() {
  local name=$1
  shift
  if out=$("$@" 2>&1); then
    printf 'ok    %s\n' "$name"
  else
    printf 'FAIL  %s\n%s\n' "$name" "$out"
    failed=1
  fi
}

format() {
  command -v clang-format-19 >/dev/null || { echo "clang-format-19 is missing"; return 1; }
  local mode=(--dry-run -Werror)
  [ "${FIX:-}" = 1 ] && mode=(-i)
  find src include tests bench fuzz examples -name '*.h' -o -name '*.cc' | grep -v node_modules |
    xargs -P "$(nproc)" -n 20 clang-format-19 "${mode[@]}"
}

FIX=
[ "${1:-}" = --fix ] && FIX=1
step "layers" python3 tools/check_layers.py
step "style" python3 tools/check_style.py
step "documents" python3 tools/check_docs.py
step "format" format
step "headers compile alone" bash tools/check_headers.sh
exit $failed
