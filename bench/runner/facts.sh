#!/usr/bin/env bash
# The head of the table: machine, versions, flags.
cd "$(dirname "$0")/../.." || exit 1

of() { "$@" 2>/dev/null | head -n 1; }
defined_in() {  # HEADER MACRO...: the values of macros, with dots between
  local header=$1
  shift
  for macro in "$@"; do echo "$macro"; done | g++ -E -P -include "$header" -x c++ - 2>/dev/null | tail -n $# | paste -s -d .
}
crate() { sed -n "/^name = \"$1\"/{n;s/version = \"\(.*\)\"/\1/p}" bench/peers/tokio/Cargo.lock 2>/dev/null; }

echo "- machine: $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo), $(uname -sr)"
echo "- system: $(. /etc/os-release && echo "$PRETTY_NAME"), $(of ldd --version | awk '{ print "glibc " $NF }')"
echo "- heed: commit $(of git rev-parse --short HEAD)$(git diff --quiet HEAD 2>/dev/null || echo ', changed since'), $(of g++ --version), -O3 -DNDEBUG"
echo "- Boost.Asio: Boost $(defined_in boost/version.hpp BOOST_LIB_VERSION | tr -d '"' | tr _ .), -O3 -DNDEBUG -std=c++20 -pthread; -fast: typed executor, deferred token, no locking"
echo "- libuv: $(defined_in uv.h UV_VERSION_MAJOR UV_VERSION_MINOR UV_VERSION_PATCH), -O3"
echo "- Tokio: $(crate tokio), $(of rustc --version), opt-level 3, fat LTO, one codegen unit, current_thread runtime"
echo "- Go: $(of go version | cut -d ' ' -f 3), GOMAXPROCS=1 (W8: 2)"
echo "- asyncio: CPython $(of /usr/bin/python3 -c 'import platform; print(platform.python_version())'), uvloop $(of /usr/bin/python3 -c 'import uvloop; print(uvloop.__version__)')"
echo "- floor: a bare runtime without any features, the flags of heed; epoll: a server on epoll, recv and send, -O2"
