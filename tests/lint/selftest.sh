#!/usr/bin/env bash
# The lints' own test: `tests/lint/selftest.sh COROUTINE_LINT`. Snippets mark the lines that must be flagged with
# `// expect: A` (the word that the lint prints behind the line number), several words when one line breaks several
# rules. Exactly these lines must be flagged.
set -u
program=$(realpath "$1")
cd "$(dirname "$0")" || exit 1
status=0

# expected FILE...: from the marks, in the form file:line: word
expected() {
  awk '/\/\/ expect: / {
    words = $0; sub(/.*\/\/ expect: /, "", words)
    n = split(words, word, " "); for (i = 1; i <= n; i++) print FILENAME ":" FNR ": " word[i]
  }' "$@" | LC_ALL=C sort
}
# flagged: the same form, from what a lint prints
flagged() { sed -E 's/^([^:]+:[0-9]+: [A-Za-z]+):.*/\1/' | LC_ALL=C sort; }

compare() {
  local what=$1 want=$2 got=$3
  if [ -z "$want" ]; then
    echo "$what: the snippets expect nothing, so this test could not fail"
    status=1
  elif [ "$want" != "$got" ]; then
    echo "$what: expected (-) and flagged (+) differ"
    diff -u <(echo "$want") <(echo "$got") | tail -n +3
    status=1
  else
    echo "$what: ok, $(echo "$want" | wc -l) lines flagged as expected"
  fi
}

snippets=(coroutines/*.cpp)
compare coroutines "$(expected "${snippets[@]}")" "$("$program" coroutines/*.hpp "${snippets[@]}" | flagged)"

compare floors "$(cd floors && find . -name '*.[ch]pp' -printf '%P\n' | while read -r f; do expected "$f"; done | LC_ALL=C sort)" \
  "$(../../tools/lint/layering.sh "$PWD/floors" | flagged)"

# What the snippets show must be C++: a lint that is tested on something else proves nothing.
for snippet in "${snippets[@]}"; do
  "${CXX:-c++}" -std=c++20 -fsyntax-only "$snippet" || status=1
done

# A file that cannot be read, or is cut off, is an error and no clean file.
if "$program" coroutines/absent.cpp 2>/dev/null; then echo "an absent file passed"; status=1; fi
cut_off=$(mktemp --suffix=.cpp)
echo 'void f() { if (true) {' >"$cut_off"
if "$program" "$cut_off" 2>/dev/null; then echo "a file that is cut off passed"; status=1; fi
rm -f "$cut_off"
exit "$status"
