#!/usr/bin/env bash
# Runs the programs that build.sh has built, interleaved, and adds their lines to bench/results/results.csv and
# latencies.csv: in each round all programs of a workload run back to back, the quick ones several times: what takes some
# 10 ms may fall into a moment in which other programs disturb the machine. Each time in another order, so that nothing
# that comes periodically, and nobody's predecessor, meets always the same. Takes its settings from the environment:
#
#   BENCH_SCALE    multiplies the numbers of operations     BENCH_ROUNDS   how often all is run
#   BENCH_SECONDS  how long one echo measurement takes      BENCH_ONLY     workloads to run, "W1. W10", all when empty
#   BENCH_TURNS    how often that is done in a round; the quick programs run half as often
#   BENCH_PARTS    1: measure the parts of the floor too
#
# One-threaded programs run on the second core, the echo server on the first; W8 pins its two threads itself.
set -u
cd "$(dirname "$0")/../.." || exit 1

programs=build/bench/programs
results=bench/results
missing=build/bench/missing.txt
export BENCH_SCALE=${BENCH_SCALE:-1}
rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-0.5}
turns=${BENCH_TURNS:-6}
quick_turns=$(((turns + 1) / 2))
last_core=$(($(nproc) > 1 ? 1 : 0))

command_of() {
  case $1 in
    heed) echo build/bench/bench/heed_bench ;;
    asyncio) echo /usr/bin/python3 bench/peers/asyncio/asyncio_bench.py ;;
    uvloop) echo /usr/bin/python3 bench/peers/asyncio/asyncio_bench.py --uvloop ;;
    *) echo "$programs/$1" ;;
  esac
}
server_of() {
  case $1 in
    heed) echo build/bench/bench/heed_echo_server ;;
    asyncio) echo /usr/bin/python3 bench/peers/asyncio/echo_server.py ;;
    uvloop) echo /usr/bin/python3 bench/peers/asyncio/echo_server.py --uvloop ;;
    *) echo "$programs/$1_echo" ;;
  esac
}
is_missing() { cut -f 1 "$missing" | grep -qx "$1"; }
wanted() {
  [ -z "${BENCH_ONLY:-}" ] && return
  local each
  for each in $BENCH_ONLY; do [[ $1 = "$each"* || $each = "$1"* ]] && return; done
  return 1
}
failed() {  # NAME WHAT
  echo "   $1 failed: $2"
  printf '%s\tfailed: %s\n' "$1" "$2" >>"$missing.run"
}

# "workload: quick programs / others", the argument for the programs before the colon. What a program does not know it
# leaves out.
groups() {
  cat <<'END'
W1.: floor heed tokio go / boost.asio boost.asio-fast asyncio uvloop
W2.: floor heed tokio go / boost.asio boost.asio-fast libuv asyncio uvloop
W3: floor heed tokio go / boost.asio boost.asio-fast asyncio uvloop
W4: / floor heed tokio boost.asio boost.asio-fast libuv go asyncio uvloop
W5: floor heed tokio go / boost.asio boost.asio-fast asyncio uvloop
W6: / floor floor-direct-eh heed tokio boost.asio boost.asio-fast go asyncio uvloop
W7: floor floor-direct-eh heed tokio go / boost.asio boost.asio-fast asyncio uvloop
W8: / floor heed tokio boost.asio libuv go asyncio uvloop
W9.mem100k: / floor heed tokio boost.asio boost.asio-fast go asyncio uvloop
W9.mem1M: / floor heed tokio boost.asio go
W11.: floor heed tokio go / boost.asio boost.asio-fast asyncio uvloop
W12.: floor heed tokio go / boost.asio boost.asio-fast asyncio uvloop
END
}
echo_servers="epoll heed tokio boost.asio libuv go asyncio uvloop"
echo_loads="64:64 64:4096 1000:64 1000:4096"

shuffled() { [ $# -eq 0 ] || shuf -e "$@"; }

# The lines of one program, with the round in front.
keep() { awk -F , -v OFS=, -v round="$1" '$1 == "RES" { $1 = round; print }' >>"$results/results.csv"; }

measure() {  # ROUND WORKLOAD PROGRAM
  local pin="taskset -c $last_core"
  [[ $2 = W8 || $2 = F* ]] && pin=""
  # shellcheck disable=SC2046,SC2086
  timeout 900 $pin $(command_of "$3") "$2" </dev/null >"$results/lines" 2>"$results/errors" || failed "$3" "$2"
  [ -s "$results/lines" ] || failed "$3" "$2 printed nothing"
  keep "$1" <"$results/lines"
}

measure_echo() {  # ROUND PROGRAM CONNECTIONS SIZE
  local port=$((20000 + RANDOM % 12000)) server
  # shellcheck disable=SC2046
  taskset -c 0 $(server_of "$2") "$port" </dev/null >/dev/null 2>&1 &
  server=$!
  sleep 0.2
  if timeout 60 taskset -c "$last_core" "$programs/echo_client" "$2" "$port" "$3" "$4" "$seconds" "$server" \
    </dev/null >"$results/lines" 2>"$results/errors" && kill -0 "$server" 2>/dev/null; then
    keep "$1" <"$results/lines"
    awk -F , -v OFS=, -v round="$1" '$1 == "LAT" { $1 = round; print }' "$results/lines" >>"$results/latencies.csv"
  else
    failed "$2" "W10 with $3 connections, $4 bytes"
  fi
  kill "$server" 2>/dev/null
  wait "$server" 2>/dev/null
}

mkdir -p "$results"
: >"$missing.run"
echo "round,program,workload,operations,wall_ns,cpu_ns" >"$results/results.csv"
echo "round,program,workload,requests_per_s,p50_us,p99_us,p999_us" >"$results/latencies.csv"
for round in $(seq "$rounds"); do
  start=$SECONDS
  printf '== round %d of %d  ' "$round" "$rounds"
  while IFS=: read -r workload names; do
    wanted "$workload" || continue
    printf ' %s' "${workload%.}"
    # shellcheck disable=SC2086
    for _ in $(seq "$quick_turns"); do
      for name in $(shuffled ${names%/*}); do is_missing "$name" || measure "$round" "$workload" "$name"; done
    done
    # shellcheck disable=SC2086
    for name in $(shuffled ${names#*/}); do is_missing "$name" || measure "$round" "$workload" "$name"; done
  done < <(groups)
  if wanted W10.; then
    printf ' W10'
    for load in $echo_loads; do
      for _ in $(seq "$turns"); do
        # shellcheck disable=SC2086
        for name in $(shuffled $echo_servers); do
          is_missing "$name" || is_missing "${name}_echo" || measure_echo "$round" "$name" "${load%:*}" "${load#*:}"
        done
      done
    done
  fi
  echo "  $((SECONDS - start)) s"
done
if [ "${BENCH_PARTS:-0}" = 1 ] && ! is_missing floor-parts; then
  for workload in F1 F2 F3 F4 F5F6 F7net; do measure 1 "$workload" floor-parts; done
fi
rm -f "$results/lines" "$results/errors"
