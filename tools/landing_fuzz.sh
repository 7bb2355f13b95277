#!/usr/bin/env bash
# tools/landing_fuzz.sh [SECONDS [SEED]]: writes random programs that throw and catch, compiles them in one way or
# another, and compares what they do with direct landing and without. Each round has a seed of its own, and how it is
# compiled follows from it: the same SEED with 0 seconds does one round again. SETS="aarch64-O2 ..." are other ways.
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-60}
seed=${2:-$(date +%s)}
out=build/landing
read -ra sets <<<"${SETS:-gcc-O2 gcc-O0 clang-O2 clang-O0 gcc-O3 gcc-Os}"

mkdir -p "$out/fuzz"
generator=$out/fuzz/generate
g++ -std=c++20 -O1 -Itests tests/landing/fuzz/*.cpp -o "$generator" || exit 1
rounds=0 programs=0 landings=0 end=$((SECONDS + seconds))
declare -A built
while :; do
  set=${sets[seed % ${#sets[@]}]}
  if [ -z "${built[$set]:-}" ]; then # the library in that way
    tools/landing_matrix.sh --build "$set" || exit 1
    built[$set]=1
  fi
  compiler=$(tools/landing_matrix.sh --compiler "$set") emulator=$(tools/landing_matrix.sh --emulator "$set")
  source=$out/fuzz/$seed.cpp program=$out/fuzz/$seed
  "$generator" --seed "$seed" --programs 12 >"$source"
  # shellcheck disable=SC2086
  nice -n 8 $compiler -std=c++20 -w -Iinclude -Itests -c "$source" -o "$program.o" &&
    nice -n 8 $compiler "$out/$set"/lib_*.o "$out/$set"/case_{case,main}.o "$program.o" -pthread -o "$program" || exit 1
  if ! $emulator "$program" >"$program.log" 2>&1; then
    echo "seed $seed ($set): see $source and $program.log"
    tail -5 "$program.log" | cut -c1-2000
    exit 1
  fi
  read -r count _ landed _ <"$program.log"
  rm -f "$source" "$program" "$program.o" "$program.log"
  rounds=$((rounds + 1)) programs=$((programs + count)) landings=$((landings + landed))
  [ $SECONDS -lt $end ] || break
  seed=$((seed + 1))
done
echo "$rounds rounds, $programs programs, $landings landings, no difference; the last seed was $seed"
