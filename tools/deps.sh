#!/usr/bin/env bash
# Installs what is needed and missing: `tools/deps.sh build` for building and testing, `tools/deps.sh matrix` for the
# second compiler and the formatter. Each need is probed by using it, so it does not matter how it got on the machine;
# when nothing is missing, nothing is installed and no package list is fetched.
set -u

usage() { echo "usage: tools/deps.sh build|matrix" >&2; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }

# Asks the compiler, which knows its own search paths.
has_gtest() {
  has g++ && echo '#include <gtest/gtest.h>' | g++ -x c++ -E - >/dev/null 2>&1
}
has_sanitizers_of() {
  has "$1" && [ -e "$("$1" -print-resource-dir)/lib/linux/libclang_rt.asan-$(uname -m).a" ]
}

needs_build="g++ cmake ninja-build make libgtest-dev pkg-config"
needs_matrix="clang-16 libclang-rt-16-dev clang-format-14"
is_there() {
  case $1 in
    ninja-build) has ninja ;;
    libgtest-dev) has_gtest ;;
    clang-16) has clang++-16 ;;
    libclang-rt-16-dev) has_sanitizers_of clang++-16 ;;
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
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null

# shellcheck disable=SC2086
missing=$(missing_of $needs)
if [ -n "$missing" ]; then
  echo "Still missing after apt-get install:$missing" >&2
  exit 1
fi
