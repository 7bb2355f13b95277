#!/usr/bin/env bash
# Builds all programs of the comparison into build/bench. What cannot be built is listed in build/bench/missing.txt,
# one line "name<tab>reason", and the rest goes on; only heed itself has to be built.
set -u
cd "$(dirname "$0")/../.." || exit 1

out=build/bench/programs
missing=build/bench/missing.txt
flags="-O3 -DNDEBUG -std=c++20 -pthread"
mkdir -p "$out"
: >"$missing"

tools/preset.sh bench bench_programs || exit 1

# build NAME FOLDER COMMAND...: unless build/bench/programs/NAME is newer than all of bench/FOLDER and bench/common.
build() {
  local name=$1 folder=bench/$2 log=$out/$1.log start=$SECONDS
  shift 2
  if [ -x "$out/$name" ] && [ -z "$(find "$folder" bench/common "$0" -type f ! -name Cargo.lock -newer "$out/$name")" ]; then
    return
  fi
  printf '== %-13s  %-9s ... ' "$name" build
  rm -f "$out/$name"
  if "$@" >"$log" 2>&1 && [ -x "$out/$name" ]; then
    touch "$out/$name"
    echo "ok, $((SECONDS - start)) s"
  else
    echo "FAILED, see $log"
    printf '%s\t%s\n' "$name" "$(grep -m 1 -iE 'error|not found' "$log" | cut -c 1-160 || true)" >>"$missing"
    rm -f "$out/$name"
  fi
}

cargo_build() {  # both binaries of the tokio folder
  (cd bench/peers/tokio && cargo build --release --offline --target-dir "../../../build/bench/cargo") || return
  cp -f build/bench/cargo/release/tokio_bench "$out/tokio" && cp -f build/bench/cargo/release/tokio_echo "$out/tokio_echo"
}
go_build() { (cd bench/peers/go && GOFLAGS=-mod=mod GOPROXY=off go build -o "../../../$out/$1" "$2"); }

# shellcheck disable=SC2086
{
  build floor floor g++ $flags bench/floor/minirt.cpp -o "$out/floor"
  build floor-direct-eh floor g++ -O2 -DNDEBUG -std=c++20 bench/floor/direct_eh.cpp -o "$out/floor-direct-eh"
  build floor-parts floor g++ $flags bench/floor/floor.cpp -o "$out/floor-parts"
  build boost.asio peers/asio g++ $flags bench/peers/asio/asio_bench.cpp -o "$out/boost.asio"
  build boost.asio-fast peers/asio g++ $flags -DFAST bench/peers/asio/asio_bench.cpp -o "$out/boost.asio-fast"
  build libuv peers/libuv gcc -O3 bench/peers/libuv/libuv_bench.c -o "$out/libuv" -luv -pthread
  build tokio peers/tokio cargo_build
  build go peers/go go_build go .

  build echo_client echo gcc -O2 bench/echo/client.c -o "$out/echo_client"
  build epoll_echo echo gcc -O2 bench/echo/epoll_server.c -o "$out/epoll_echo"
  build boost.asio_echo peers/asio g++ $flags bench/peers/asio/echo_server.cpp -o "$out/boost.asio_echo"
  build libuv_echo peers/libuv gcc -O2 bench/peers/libuv/echo_server.c -o "$out/libuv_echo" -luv
  build tokio_echo peers/tokio cargo_build
  build go_echo peers/go go_build go_echo ./echo_server
}

python=/usr/bin/python3
[ -x "$python" ] || printf 'asyncio\tno %s\n' "$python" >>"$missing"
"$python" -c 'import uvloop' 2>/dev/null || printf 'uvloop\tno module uvloop\n' >>"$missing"

if [ -s "$missing" ]; then
  echo "These are missing in the comparison:"
  sed 's/^/  /' "$missing"
fi
exit 0
