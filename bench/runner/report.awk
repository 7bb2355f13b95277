# The table: awk -f report.awk workloads.txt targets.txt missing.txt results.csv

/^#/ || /^$/ { next }

FILENAME == ARGV[1] { # the workloads
  order[++workloads] = $1
  unit[$1] = $2
  title[$1] = $0
  sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +/, "", title[$1])
  next
}
FILENAME == ARGV[2] { # the targets
  targets++
  t_workload[targets] = $1
  t_measure[targets] = $2
  t_limit[targets] = $3
  t_against[targets] = $4
  t_other[targets] = $5 == "" ? $1 : $5
  next
}
FILENAME == ARGV[3] { # what is missing
  name = $1
  reason = $0
  sub(/^[^\t]*\t?/, "", reason)
  absent[++absents] = name (reason == "" ? "" : ": " reason)
  next
}
FILENAME == ARGV[4] && FNR > 1 { # round,program,workload,operations,wall,cpu
  split($0, part, ",")
  key = part[2] SUBSEP part[3]
  if (!(part[2] in known)) { known[part[2]] = 1; program[++programs] = part[2] }
  if (!(part[3] in unit)) { unit[part[3]] = "cpu"; order[++workloads] = part[3] }
  n = ++count[key]
  wall[key, n] = part[5] + 0
  cpu[key, n] = part[6] + 0
}

# The k-th smallest; what = "cpu" or "wall".
function sorted(key, what, n, i, j, x) {
  n = count[key]
  for (i = 1; i <= n; i++) {
    x = what == "wall" ? wall[key, i] : cpu[key, i]
    for (j = i - 1; j >= 1 && values[j] > x; j--) values[j + 1] = values[j]
    values[j + 1] = x
  }
  return n
}
function least(key, what) { sorted(key, what); return values[1] }
function median(key, what, n) {
  n = sorted(key, what)
  return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}
function shown(x) {
  return sprintf(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : "%.2f", x)
}
function share(x) { return sprintf(x >= 10 ? "%.1f" : x >= 1 ? "%.2f" : "%.3f", x) }

END {
  if (absents) {
    print "\n## Missing\n"
    for (i = 1; i <= absents; i++) print "- " absent[i]
  }

  print "\n## Targets\n"
  print "Medians of this run; the ratio is heed's figure divided by the other's.\n"
  print "| workload | measure | against | heed | other | ratio | limit | |\n|---|---|---|---|---|---|---|---|"
  for (i = 1; i <= targets; i++) {
    what = t_measure[i] == "wall" ? "wall" : "cpu"
    ours = "heed" SUBSEP t_workload[i]
    theirs = t_against[i] SUBSEP t_other[i]
    against = t_against[i] (t_other[i] == t_workload[i] ? "" : ", " t_other[i])
    h = ours in count ? median(ours, what) : ""
    o = theirs in count ? median(theirs, what) : ""
    ratio = ""
    if (t_measure[i] == "bytes") { value = h; against = ""; limit = t_limit[i] " bytes" }
    else {
      value = h == "" || o == "" || o == 0 ? "" : h / o
      ratio = value == "" ? "" : share(value)
      limit = t_limit[i]
    }
    verdict = value == "" ? "no figure" : value <= t_limit[i] + 0 ? "met" : "**missed**"
    met += verdict == "met"
    missed += verdict == "**missed**"
    printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", t_workload[i], t_measure[i], against, h == "" ? "" : shown(h), \
      o == "" ? "" : shown(o), ratio, limit, verdict
  }
  printf "\n%d met, %d missed, %d without a figure.\n", met, missed, targets - met - missed

  print "\n## Workloads\n"
  print "Nanoseconds an operation, the quickest first. *heed /* is heed's median divided by the program's."
  for (w = 1; w <= workloads; w++) {
    name = order[w]
    n = 0
    for (p = 1; p <= programs; p++) if ((program[p] SUBSEP name) in count) rank[++n] = program[p]
    if (n == 0) continue
    what = unit[name] == "wall" ? "wall" : "cpu"
    for (i = 2; i <= n; i++) {
      x = rank[i]
      m = median(x SUBSEP name, what)
      for (j = i - 1; j >= 1 && median(rank[j] SUBSEP name, what) > m; j--) rank[j + 1] = rank[j]
      rank[j + 1] = x
    }
    printf "\n### %s%s\n\n", name, title[name] == "" ? "" : ": " title[name]
    if (unit[name] == "bytes") print "| program | runs | bytes min | bytes median | heed / |\n|---|---|---|---|---|"
    else if (what == "wall") print "| program | runs | wall min | wall median | CPU median | heed / |\n|---|---|---|---|---|---|"
    else print "| program | runs | CPU min | CPU median | wall median | heed / |\n|---|---|---|---|---|---|"
    ours = "heed" SUBSEP name
    for (i = 1; i <= n; i++) {
      key = rank[i] SUBSEP name
      m = median(key, what)
      ratio = rank[i] == "heed" || !(ours in count) || m == 0 ? "" : share(median(ours, what) / m)
      other = unit[name] == "bytes" ? "" : shown(median(key, what == "wall" ? "cpu" : "wall")) " | "
      printf "| %s | %d | %s | %s | %s%s |\n", rank[i] == "heed" ? "**heed**" : rank[i], count[key], \
        shown(least(key, what)), shown(m), other, ratio
    }
  }
}
