#!/usr/bin/env bash
# All checks that need no build of the library. Runs every one of them, then fails if one did.
set -u
cd "$(dirname "$0")/../.." || exit 1

status=0
check() {
  local name=$1
  shift
  printf '== check  %-11s ' "$name"
  if output=$("$@" 2>&1); then
    echo "ok${output:+  (${output//$'\n'/; })}"
  else
    status=1
    echo "FAILED"
    echo "$output"
  fi
}

check format tools/lint/format.sh
check floors tools/lint/layering.sh
check coroutines tools/lint/coroutines.sh
check readme tools/lint/readme.sh
check selftest tests/lint/selftest.sh build/lint/coroutine_lint
exit "$status"
