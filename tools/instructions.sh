#!/usr/bin/env bash
# Counts the instructions of the hot operations in bench/instructions with callgrind and compares them with
# bench/instructions/recorded.txt: fails when one needs over 5 % more. `tools/instructions.sh --record` rewrites the file.
# The counts belong to one compiler: with another one nothing is compared.
set -u
cd "$(dirname "$0")/.." || exit 1

program=build/release/bench/heed_instructions
recorded=bench/instructions/recorded.txt
short=2000
long=12000

instructions_of() {  # of a whole run
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
    awk '/Collected :/ { print $NF }'
}

count() {
  local operation few many
  for operation in $("$program" --list); do
    few=$(instructions_of "$operation" "$short")
    many=$(instructions_of "$operation" "$long")
    if [ -z "$few" ] || [ -z "$many" ]; then
      echo "instructions: $operation does not run under valgrind" >&2
      return 1
    fi
    awk -v name="$operation" -v few="$few" -v many="$many" -v times=$((long - short)) \
      'BEGIN { printf "%-28s %6.0f\n", name, (many - few) / times }'
  done
}

if ! command -v valgrind >/dev/null || [ ! -x "$program" ]; then
  echo "instructions: needs valgrind and $program (make instructions)" >&2
  exit 1
fi
compiler=$("$program" --compiler)

if [ "${1:-}" = --record ]; then
  counts=$(count) || exit 1
  {
    echo "# Instructions of one operation, release preset. Written by tools/instructions.sh --record."
    echo "# compiler: $compiler"
    echo "$counts"
  } >"$recorded"
  cat "$recorded"
  exit 0
fi

if ! grep -qxF "# compiler: $compiler" "$recorded"; then
  echo "instructions: not compared, this compiler is $compiler, the counts were recorded with$(sed -n 's/^# compiler://p' "$recorded")"
  exit 0
fi

counts=$(count) || exit 1
echo "$counts" | awk '
  NR == FNR { if ($1 != "#") before[$1] = $2; next }
  !($1 in before) { printf "%-28s %6d  is not recorded\n", $1, $2; failed = 1; next }
  {
    verdict = ""
    if ($2 > before[$1] * 1.05) { verdict = "GREW"; failed = 1 }
    if ($2 < before[$1] * 0.95) { verdict = "shrank: record it" }
    printf "%-28s %6d  recorded %6d  %+6.1f %%  %s\n", $1, $2, before[$1], ($2 / before[$1] - 1) * 100, verdict
    delete before[$1]
  }
  END {
    for (name in before) { printf "%-28s is recorded, but is not counted any more\n", name; failed = 1 }
    exit failed
  }' "$recorded" -
status=$?
[ "$status" -eq 0 ] || echo "instructions: over 5 % more than recorded, or not recorded; if that is wanted: tools/instructions.sh --record" >&2
exit "$status"
