#!/usr/bin/env bash
# Fails when libgamekeeper needs any library beyond the C++ and C runtime.
# Usage: tests/library_needs.sh LIBRARY
set -euo pipefail
needed=$(readelf -d "$1" | awk -F'[][]' '/NEEDED/ {print $2}')
others=$(grep -vE '^(libstdc\+\+|libm|libgcc_s|libc|ld-linux-x86-64)\.so' <<<"$needed" || true)
echo "needs: $(tr '\n' ' ' <<<"$needed")"
if [ -n "$others" ]; then
  echo "not allowed: $others" >&2
  exit 1
fi
# The check can fail: the daemon needs more than that, and must be found out by the same rule.
daemon=$(dirname "$1")/../bin/gamekeeperd
if [ -e "$daemon" ]; then
  readelf -d "$daemon" | awk -F'[][]' '/NEEDED/ {print $2}' |
    grep -qvE '^(libstdc\+\+|libm|libgcc_s|libc|ld-linux-x86-64)\.so'
fi

# It shows its own names only: a program that uses another Boost must not meet ours.
shown() { nm -DC --defined-only "$1" | awk '{$1=$2=""; print}' | grep -vE '^ *(gk::|gk_|(typeinfo|typeinfo name|vtable) for gk::)' || true; }
foreign=$(shown "$1")
if [ -n "$foreign" ]; then
  echo "shows names of others: $(head -3 <<<"$foreign")" >&2
  exit 1
fi
# The check can fail: the C++ library shows other names.
[ -n "$(shown "$(ldconfig -p | awk '/libstdc\+\+\.so\.6/ {print $NF; exit}')")" ]
