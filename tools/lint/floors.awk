# Checks the includes of each file against the floors. Prints file:line: floors: what is wrong; status 1 if anything is.
#
# A file includes its own floor and lower ones. Two folders with the same number do not know each other.

BEGIN {
  number["failure"] = 0
  number["core"] = 1
  number["flow"] = 2
  number["sync"] = 3
  number["io"] = 4
  number["threads"] = 4
  number["supervise"] = 5
  number["inspect"] = 6
  number["sim"] = 6
  number["tools"] = 7
  split("support conformance stress memory landing language package lint", names)
  for (n in names) not_a_floor[names[n]] = 1
}

# The floor of a file, "" when it has none, "?" when its folder is unknown.
function floor_of(path, part, count) {
  count = split(path, part, "/")
  if (part[1] == "include") return count < 4 ? "" : (part[3] in number) ? part[3] : "?"
  if (part[1] == "src") return count < 3 ? "?" : (part[2] in number) ? part[2] : "?"
  if (part[1] == "tests") return count < 3 || part[2] in not_a_floor ? "" : (part[2] in number) ? part[2] : "?"
  return ""
}

# The path that a relative include of `file` leads to, without . and ..
function beside(file, include, part, count, kept, i, path) {
  sub(/[^\/]*$/, "", file)
  count = split(file include, part, "/")
  kept = 0
  for (i = 1; i <= count; i++) {
    if (part[i] == ".." && kept > 0) kept--
    else if (part[i] != ".") part[++kept] = part[i]
  }
  path = part[1]
  for (i = 2; i <= kept; i++) path = path "/" part[i]
  return path
}

# The floor that an include names, "" when it is none of ours, "*" for the header that includes them all.
function target_of(include, file, part) {
  if (include == "heed/heed.hpp") return "*"
  if (include ~ /^\.\.?\//) return floor_of(beside(file, include))
  sub(/^heed\//, "", include)
  split(include, part, "/")
  return part[1] in number && include ~ /\// ? part[1] : ""
}

function complain(text) {
  printf "%s:%d: floors: %s\n", FILENAME, FNR, text
  failed = 1
}

FNR == 1 {
  floor = floor_of(FILENAME)
  if (floor == "?") complain("this folder is not a floor")
}

floor != "" && floor != "?" && /^[ \t]*#[ \t]*include[ \t]*["<]/ {
  include = $0
  sub(/^[^"<]*["<]/, "", include)
  sub(/[">].*$/, "", include)
  target = target_of(include, FILENAME)
  if (target == "*") {
    complain("heed/heed.hpp is above all floors")
  } else if (target == "?") {
    complain(include " is not on a floor")
  } else if (target != "" && target != floor && number[target] >= number[floor]) {
    complain(floor " (" number[floor] ") may not include " target " (" number[target] ")")
  }
}

# What is slow to compile or brings global constructors stays out of the public headers.
FILENAME ~ /^include\// && /^[ \t]*#[ \t]*include[ \t]*<(iostream|regex)>/ {
  complain("<iostream> and <regex> do not belong into a public header")
}

END { exit failed }
