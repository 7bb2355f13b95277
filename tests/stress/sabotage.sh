#!/usr/bin/env bash
# tests/stress/sabotage.sh [TEXT]: builds the library with each fault of sabotages.txt (those whose title contains TEXT)
# and runs the random programs against it. Fails when they do not find one that they should. Works on a copy of the
# sources below build/sabotage. PROGRAMS and JOBS may be set.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
wanted=${1:-}
programs=${PROGRAMS:-20000}
copy=$root/build/sabotage/source
surprises=0

# prepare PRESET: the copy, configured and built without a fault, into build/sabotage/source/build/PRESET.
prepare() {
  [ -z "${prepared[$1]:-}" ] || return 0
  prepared[$1]=1
  { (cd "$copy" && cmake --preset "$1" -D HEED_BUILD_EXAMPLES=OFF -D HEED_BUILD_BENCH=OFF -D HEED_WERROR=OFF) && build "$1"; } \
    >"$copy/../$1.log" 2>&1 || { cat "$copy/../$1.log"; exit 1; }
  local said
  said=$(run "$1") || { echo "the random programs fail without a fault: $said"; exit 1; }
}
build() { cmake --build "$copy/build/$1" -j "${JOBS:-1}" --target heed_stress; }
run() { timeout 120 "$copy/build/$1/tests/heed_stress" --programs "$programs" --seed 1 2>&1; }

# The line that says how the fault was found.
finding() {
  local detail
  detail=$(grep -m1 -oE '(AddressSanitizer|LeakSanitizer|runtime error):.*' <<<"$1")
  echo "$(grep -m1 -E '^program [0-9]+: ' <<<"$1") $detail"
}

try() {
  [[ $title == *"$wanted"* ]] || return 0
  local path=$copy/$file text rest said status
  text=$(<"$path")
  rest=${text#*"$old"}
  if [[ $rest == "$text" || $rest == *"$old"* ]]; then
    echo "STALE    $title: the text to replace does not occur once in $file"
    surprises=$((surprises + 1))
    return
  fi
  prepare "$preset"
  printf '%s\n' "${text/"$old"/"$new"}" >"$path"
  if ! said=$(build "$preset" 2>&1); then
    echo "STALE    $title: does not compile"
    grep -m3 'error' <<<"$said"
    surprises=$((surprises + 1))
  else
    said=$(run "$preset")
    status=$?
    if [ "$status" -ne 0 ]; then
      echo "found    $title: $(finding "$said")"
      [ -z "$missed" ] || { surprises=$((surprises + 1)); echo "         although it is said to be found elsewhere"; }
    elif [ -n "$missed" ]; then
      echo "missed   $title, as expected: $missed"
    else
      echo "MISSED   $title"
      surprises=$((surprises + 1))
    fi
  fi
  printf '%s\n' "$text" >"$path"
}

declare -A prepared
mkdir -p "$copy"
# Only what differs is written: what is unchanged is not built again.
parts=(src include tests cmake CMakeLists.txt CMakePresets.json tools)
(cd "$root" && find "${parts[@]}" -type f) | while read -r path; do
  cmp -s "$root/$path" "$copy/$path" || install -D "$root/$path" "$copy/$path"
done
(cd "$copy" && find "${parts[@]}" -type f) | while read -r path; do
  [ -e "$root/$path" ] || rm "$copy/$path"
done

title='' part='' file='' old='' new='' preset=release missed=''
while IFS= read -r line || [ -n "$line" ]; do
  case $line in
    '== '*) title=${line#== } file='' old='' new='' preset=release missed='' ;;
    '- '*) old+=${old:+$'\n'}${line#- } ;;
    '+ '*) new+=${new:+$'\n'}${line#+ } ;;
    'build: '*) preset=${line#build: } ;;
    'missed: '*) missed=${line#missed: } ;;
    '#'*) ;;
    '') [ -z "$title" ] || try; title='' ;;
    *) file=$line ;;
  esac
done <"$here/sabotages.txt"
[ -z "$title" ] || try
[ "$surprises" -eq 0 ] || { echo "$surprises of the faults did not go as expected"; exit 1; }
