#!/usr/bin/env bash
# Compares the generated documents with what the daemon prints; --update rewrites them.
# Usage: tests/reference_test.sh GAMEKEEPERD [--update]
set -euo pipefail
daemon=$1
docs=$(cd "$(dirname "$0")/../docs" && pwd)
failed=0
for pair in errors:errors.md config:configuration.md metrics:metrics.md openapi:openapi.json asyncapi:asyncapi.json; do
  what=${pair%%:*} file=$docs/${pair##*:}
  if [ "${2:-}" = --update ]; then
    "$daemon" --print "$what" >"$file"
  elif ! diff -u "$file" <("$daemon" --print "$what"); then
    echo "$file is not what gamekeeperd --print $what says; run $0 $daemon --update" >&2
    failed=1
  fi
done
exit $failed
