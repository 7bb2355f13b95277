#!/usr/bin/env bash
# Installs what is needed and missing: `tools/deps.sh build` for building and testing, `matrix` for the second compiler
# and the formatter, `aarch64` for compiling and emulating direct landing on another processor, `instructions` for
# counting instructions, `micro` and `bench` for the benchmarks. Each need is probed by using it, so it does not matter
# how it got on the machine; when nothing is missing, nothing is installed and no package list is fetched.
set -u

usage() { echo "usage: tools/deps.sh build|matrix|aarch64|instructions|micro|bench" >&2; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }

# Asks the compiler, which knows its own search paths.
has_header() {
  has g++ && echo "#include <$1>" | g++ -x c++ -E - >/dev/null 2>&1
}
has_sanitizers_of() {
  has "$1" && [ -e "$("$1" -print-resource-dir)/lib/linux/libclang_rt.asan-$(uname -m).a" ]
}

needs_build="g++ cmake ninja-build make libgtest-dev pkg-config"
needs_matrix="clang-16 libclang-rt-16-dev clang-format-14"
needs_aarch64="g++-aarch64-linux-gnu qemu-user"
needs_bench="libboost1.81-dev libuv1-dev librust-tokio-dev cargo rustc golang-go python3 python3-uvloop gnuplot-nox"
is_there() {
  case $1 in
    ninja-build) has ninja ;;
    libgtest-dev) has_header gtest/gtest.h ;;
    clang-16) has clang++-16 ;;
    libclang-rt-16-dev) has_sanitizers_of clang++-16 ;;
    g++-aarch64-linux-gnu) has aarch64-linux-gnu-g++ ;;
    qemu-user) has qemu-aarch64 ;;
    libboost1.81-dev) has_header boost/asio/experimental/promise.hpp ;;
    libuv1-dev) has_header uv.h ;;
    librust-tokio-dev) ls -d /usr/share/cargo/registry/tokio-1.* >/dev/null 2>&1 ;;
    golang-go) has go ;;
    python3-uvloop) [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import uvloop' 2>/dev/null ;;
    libbenchmark-dev) has_header benchmark/benchmark.h ;;
    gnuplot-nox) has gnuplot ;;
    *) has "$1" ;;
  esac
}

missing_of() {
  local package
  for package in "$@"; do is_there "$package" || printf ' %s' "$package"; done
}

[ $# -eq 1 ] || usage
case $1 in
  build) needs=$needs_build ;;
  matrix) needs="$needs_build $needs_matrix" ;;
  aarch64) needs="$needs_build $needs_matrix $needs_aarch64" ;;
  instructions) needs="$needs_build valgrind" ;;
  micro) needs="$needs_build libbenchmark-dev" ;;
  bench) needs="$needs_build $needs_bench" ;;
  *) usage ;;
esac

# shellcheck disable=SC2086  # package names have no blanks
missing=$(missing_of $needs)
[ -z "$missing" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  as_root="sudo -n"
  has sudo && sudo -n true 2>/dev/null || as_root=none
fi
if ! has apt-get || [ "$as_root" = none ]; then
  echo "Missing packages:$missing" >&2
  echo "Install them with: sudo apt-get install --no-install-recommends$missing" >&2
  has apt-get || echo "(these are the names in Debian; this machine has no apt-get)" >&2
  exit 1
fi

echo "Installing:$missing"
$as_root apt-get update -qq
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
# A package that this release of Debian does not have must not keep the others away.
# shellcheck disable=SC2086
install $missing || for package in $missing; do install "$package"; done

# shellcheck disable=SC2086
missing=$(missing_of $needs)
if [ -n "$missing" ]; then
  echo "Still missing after apt-get install:$missing" >&2
  exit 1
fi
