#!/usr/bin/env bash
# tools/landing_matrix.sh [VARIANT...]: builds the cases of tests/landing in many ways and runs each with direct landing
# and without. Prints a table. Needs g++ and clang++-16; what else is missing is skipped and said so. --list says what
# there is. Objects are kept in build/landing: what has not changed is not compiled again. What is for aarch64 is compiled
# and emulated by the packages of `make deps-aarch64`, unless this is such a machine.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
jobs=${JOBS:-1}
clang=${CLANG:-clang++-16}
gcc=${GCC:-g++}
cross=${CROSS:-aarch64-linux-gnu-g++}
cross_clang="$clang --target=aarch64-linux-gnu"
out=build/landing

# Variants by the objects that they are linked from: name, compiler, flags.
sets="
gcc-O0        $gcc -O0
gcc-O1        $gcc -O1 -g1
gcc-O2        $gcc -O2
gcc-O3        $gcc -O3 -march=native
gcc-Os        $gcc -Os
gcc-lto       $gcc -O2 -flto
gcc-fp        $gcc -O2 -fno-omit-frame-pointer -fno-asynchronous-unwind-tables
gcc-nofp      $gcc -O0 -fomit-frame-pointer
gcc-cf        $gcc -O2 -fcf-protection=full
gcc-pic       $gcc -O2 -fPIC -fno-plt
gcc-asan      $gcc -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
gcc-tsan      $gcc -O1 -g1 -fsanitize=thread
clang-O0      $clang -O0
clang-O1      $clang -O1 -fcf-protection=full
clang-O2      $clang -O2
clang-O3      $clang -O3
clang-Os      $clang -Os -fno-omit-frame-pointer
clang-lto     $clang -O2 -flto
clang-pic     $clang -O2 -fPIC
clang-asan    $clang -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=function,vptr
clang-tsan    $clang -O1 -g1 -fsanitize=thread
aarch64-O0    $cross -O0
aarch64-O1    $cross -O1 -fomit-frame-pointer -fno-asynchronous-unwind-tables
aarch64-O2    $cross -O2
aarch64-O3    $cross -O3 -march=armv8.5-a+sve2
aarch64-Os    $cross -Os
aarch64-lto   $cross -O2 -flto
aarch64-pic   $cross -O2 -fPIC -fno-plt
aarch64-large $cross -O2 -mcmodel=large -fno-pie -no-pie
aarch64-pac   $cross -O2 -mbranch-protection=standard
aarch64-bkey  $cross -O1 -mbranch-protection=bti+pac-ret+leaf+b-key -march=armv8.5-a
aarch64-asan  $cross -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
aarch64-clang-O0  $cross_clang -O0
aarch64-clang-O2  $cross_clang -O2
aarch64-clang-pac $cross_clang -O2 -mbranch-protection=standard
"
# More ways to link or to run: name, objects, how.
others="
gcc-static     gcc-O2    static
gcc-static-pie gcc-pic   static-pie
gcc-shared     gcc-pic   shared
gcc-valgrind   gcc-O1    valgrind
gcc-gdb        gcc-O0    gdb
clang-static   clang-O2  static
clang-shared   clang-pic shared
aarch64-static     aarch64-O2  static
aarch64-static-pie aarch64-pic static-pie
aarch64-shared     aarch64-pic shared
aarch64-bti        aarch64-pac guarded
aarch64-clang-bti  aarch64-clang-pac guarded
"

compiler_of() { awk -v name="$1" '$1 == name { print $2 }' <<<"$sets"; }
flags_of() { awk -v name="$1" '$1 == name { $1 = $2 = ""; print }' <<<"$sets"; }
emulator_of() { [[ $1 != aarch64-* || $(uname -m) == aarch64 ]] || echo "qemu-aarch64 -cpu max,pauth-impdef=on -L /usr/aarch64-linux-gnu"; }

# The library, several files at a time except for what this is about, and the cases. One line an object: OBJECT SOURCE
sources() {
  local folder=$out/sources file
  mkdir -p "$folder"
  for file in src/failure/*.cpp; do echo "lib_$(basename "$file" .cpp).o $file"; done
  for file in src/flow/{gather,task_group,staggered_race}.cpp; do echo "lib_$(basename "$file" .cpp).o $file"; done
  for part in core flow sync io; do
    for file in src/"$part"/*.cpp; do
      case $file in */gather.cpp | */task_group.cpp | */staggered_race.cpp) ;; *) echo "#include \"$PWD/$file\"" ;; esac
    done >"$folder/$part.new"
    cmp -s "$folder/$part.new" "$folder/$part.cpp" || cp "$folder/$part.new" "$folder/$part.cpp"
    echo "lib_$part.o $folder/$part.cpp"
  done
  for file in tests/landing/*.cpp; do
    case $file in */landing_test.cpp | */plugin_code.cpp | */guarded.cpp) continue ;; esac
    echo "case_$(basename "$file" .cpp).o $file"
  done
}

compile() { # OBJECT SOURCE SET
  local object=$out/$3/$1 standard=-std=c++20 compiler
  local source=$2
  if [ -f "$object" ] && [ -z "$(find include src tests/landing "$source" -newer "$object" -name '*.hpp' -print -quit)" ] &&
    [ ! "$source" -nt "$object" ] && ! { [[ $source == $out/* ]] && [ -n "$(find src -newer "$object" -print -quit)" ]; }; then
    return 0
  fi
  compiler=$(compiler_of "$3")
  [[ $source == */old_style.cpp ]] && standard="-std=c++14 -Wno-deprecated"
  [[ $source == */landing_processor.cpp && $3 == aarch64-* ]] && standard+=" -fno-lto"
  # shellcheck disable=SC2046,SC2086
  nice -n 8 "$compiler" $(flags_of "$3") $standard -w -Iinclude -Isrc -Itests -c "$source" -o "$object" ||
    { rm -f "$object"; return 1; }
}
export -f compile compiler_of flags_of
export sets out

build_set() { # SET: the objects and the plugins
  mkdir -p "$out/$1"
  sources | xargs -P "$jobs" -L 1 bash -c "compile \$0 \$1 $1 || exit 255" || return 1
  local number compiler flags unique=""
  compiler=$(compiler_of "$1") flags=$(flags_of "$1")
  flags=${flags/-mcmodel=large/} # not with -fPIC
  [[ $compiler == *clang* ]] || unique=-fno-gnu-unique
  for number in 1 2; do
    # shellcheck disable=SC2086
    [ "$out/$1/libheed_landing_plugin_$number.so" -nt tests/landing/plugin_code.cpp ] ||
      nice -n 8 "$compiler" -std=c++20 $flags $unique -fPIC -shared -DHEED_PLUGIN_NUMBER=$number -Iinclude \
        tests/landing/plugin_code.cpp -o "$out/$1/libheed_landing_plugin_$number.so" || return 1
  done
}

link() { # SET HOW
  local set=$1 folder=$out/$1 link plugins=1 program=$out/$1/cases
  link="nice -n 8 $(compiler_of "$set") $(flags_of "$set")"
  case $2 in
    static | static-pie)
      # shellcheck disable=SC2046
      $link "-$2" $(ls "$folder"/{lib,case}_*.o | grep -v case_plugins) -pthread -o "$program-$2" ;;
    shared)
      $link -shared "$folder"/lib_*.o -pthread -o "$folder/libheed.so" &&
        # shellcheck disable=SC2046
        $link -shared $(ls "$folder"/case_*.o | grep -v case_main) -L"$folder" -lheed -o "$folder/liblanding.so" &&
        $link "$folder/case_main.o" -L"$folder" -llanding -lheed -Wl,-rpath,'$ORIGIN' -pthread -o "$program-shared" ;;
    guarded)
      $link -c tests/landing/guarded.cpp -o "$program-guarded.o" &&
        $link -rdynamic "$folder"/{lib,case}_*.o "$program-guarded.o" -Wl,--wrap=main,-z,now -pthread -ldl -o "$program-guarded" ;;
    *) $link -rdynamic "$folder"/{lib,case}_*.o -pthread -ldl -o "$program" ;;
  esac
}

count_stops() { # PROGRAM MODE EVENT: how often gdb stops, over all cases
  gdb -q -batch -ex 'set $n = 0' -ex 'set breakpoint pending on' -ex 'set print inferior-events off' -ex "catch $3" \
    -ex 'python
gdb.execute("run --no-children --group '"$4"' '"$2"' > /dev/null")
while gdb.selected_inferior().pid:
  gdb.execute("set $n = $n + 1", to_string=True)
  gdb.execute("continue", to_string=True)
end' -ex 'printf "stops %d\n", $n' "$1" 2>/dev/null </dev/null | awk '/^stops/ { print $2 }'
}

run_gdb() { # PROGRAM
  local event unwinding directly told="" status=0
  for event in throw rethrow catch; do
    unwinding=0 directly=0
    for group in structure ends; do
      unwinding=$((unwinding + $(count_stops "$1" --unwinding $event $group)))
      directly=$((directly + $(count_stops "$1" --directly $event $group)))
    done
    told+=", $event $unwinding/$directly"
    [ "$unwinding" -gt 0 ] && [ "$unwinding" = "$directly" ] || status=1
  done
  "$1" >"$1.log" 2>&1 || status=1
  grep ' cases, ' "$1.log"
  echo "stops without/with: ${told#, }"
  return $status
}

run() { # SET HOW
  local program=$out/$1/cases emulator
  emulator=$(emulator_of "$1")
  [ -z "$emulator" ] || local -x ASAN_OPTIONS=detect_leaks=0 # the emulator has no ptrace()
  case $2 in
    static | static-pie | shared | guarded) $emulator "$program-$2" ;;
    valgrind) valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite "$program" ;;
    gdb) run_gdb "$program" ;;
    *) TSAN_OPTIONS=halt_on_error=1 $emulator "$program" ;;
  esac
}

variant() { # NAME SET HOW
  local log=$out/$1.log line result=ok
  printf '%-18s ' "$1"
  if ! command -v "$(compiler_of "$2")" >/dev/null; then
    echo "skipped: no $(compiler_of "$2")"
    return 0
  fi
  local tool tools=
  [[ $3 == valgrind || $3 == gdb ]] && tools=$3
  [[ $2 == aarch64-* ]] && tools="$cross $(emulator_of "$2" | cut -d ' ' -f 1)" # also for clang: its libraries
  for tool in $tools; do
    if ! command -v "$tool" >/dev/null; then
      echo "skipped: no $tool"
      return 0
    fi
  done
  if ! { build_set "$2" && link "$2" "$3"; } >"$log" 2>&1; then
    echo "FAILED to build"
    tail -20 "$log"
    return 1
  fi
  run "$2" "$3" >"$log" 2>&1 || result="FAILED (status $?)"
  line=$(grep -a ' cases, .*direct landing is' "$log" | tail -1)
  [[ $line == *'landing is on'* ]] || result="FAILED: not on"
  # shellcheck disable=SC2086
  set -- $line
  printf '%5s %9s  %s%s\n' "${1:--}" "${3:--}" "$result" "$(sed -n 's/^stops/  stops/p' "$log")"
  [ "$result" = ok ] && return 0
  tail -20 "$log"
  return 1
}

all=$(awk 'NF { print $1, $1, "plain" }' <<<"$sets"; awk 'NF { print $1, $2, $3 }' <<<"$others")
if [ "${1:-}" = --list ]; then
  awk '{ print $1 }' <<<"$all"
  exit
fi
status=0
mkdir -p "$out"
case ${1:-} in
  --build) build_set "$2"; exit ;;                        # SET: only the objects
  --compiler) echo "$(compiler_of "$2") $(flags_of "$2")"; exit ;;
  --emulator) emulator_of "$2"; exit ;;
esac
printf '%-18s %5s %9s  %s\n' variant cases landings result
for name in ${*:-$(awk '{ print $1 }' <<<"$all")}; do
  line=$(awk -v name="$name" '$1 == name' <<<"$all")
  [ -n "$line" ] || { echo "no variant is called $name" >&2; exit 2; }
  # shellcheck disable=SC2086
  variant $line || status=1
done
times >"$out/times"
awk 'NR == 2 { print "time of the processor, user and system: " $1 " " $2 }' "$out/times"
exit $status
