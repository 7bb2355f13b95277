# The plot, as a gnuplot script: awk -v output=ratios.svg -f ratios.awk workloads.txt results.csv
# A group of bars is a workload, a bar heed's median divided by a program's: it hangs below 1 where heed is ahead.

/^#/ || /^$/ { next }
FILENAME == ARGV[1] && $3 != "-" {
  workload[++workloads] = $1
  unit[$1] = $2
  panel[$1] = $3
  theirs[$1] = $4 == "-" ? $1 : $4
}
FILENAME == ARGV[2] && FNR > 1 {
  split($0, part, ",")
  if (!(part[3] in panel)) next
  key = part[2] SUBSEP part[3]
  n = ++count[key]
  value[key, n] = (unit[part[3]] == "wall" ? part[5] : part[6]) + 0
}
function median(key, n, i, j, x) {
  n = count[key]
  for (i = 1; i <= n; i++) {
    x = value[key, i]
    for (j = i - 1; j >= 1 && sorted[j] > x; j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = x
  }
  return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}
END {
  programs = split("floor epoll tokio boost.asio libuv go asyncio uvloop", program, " ")
  split("#999999 #444444 #d55e00 #0072b2 #009e73 #56b4e9 #e69f00 #f0e442", colour, " ")
  panels = 5

  print "set terminal svg size 1500,2300 font 'sans,15' background '#ffffff'"
  printf "set output '%s'\n", output
  print "set style fill solid border lc '#ffffff'\nset logscale y\nset grid ytics lc '#dddddd'\nset tics nomirror\nset border 3"
  print "set ylabel 'heed / program'"
  print "set format y '%g'"
  print "set ytics add (0.2, 0.5, 2, 5)"
  print "set key outside top center horizontal maxrows 1 samplen 1"
  printf "set multiplot layout %d,1 title 'heed / program: below 1 heed needs less (CPU time; W8: wall time; W9: memory)' font 'sans,18'\n", panels
  for (k = 1; k <= panels; k++) {
    groups = 0
    ticks = ""
    low = 0.8
    high = 1.25
    for (p = 1; p <= programs; p++) rows[p] = ""
    for (w = 1; w <= workloads; w++) {
      name = workload[w]
      ours = "heed" SUBSEP name
      if (panel[name] != k || !(ours in count)) continue
      present = 0
      for (p = 1; p <= programs; p++) if ((program[p] SUBSEP theirs[name]) in count) present++
      if (!present) continue
      groups++
      label = name
      gsub(/_/, "\\_", label)
      ticks = ticks (ticks == "" ? "" : ", ") "'" label "' " groups
      at = groups - 0.4
      for (p = 1; p <= programs; p++) {
        key = program[p] SUBSEP theirs[name]
        if (!(key in count)) continue
        other = median(key)
        if (other <= 0) continue
        ratio = median(ours) / other
        if (ratio < low) low = ratio
        if (ratio > high) high = ratio
        rows[p] = rows[p] sprintf("%g %g %g %g %g %g\n", at + 0.4 / present, ratio, at, at + 0.8 / present, ratio < 1 ? ratio : 1, ratio < 1 ? 1 : ratio)
        at += 0.8 / present
      }
    }
    if (!groups) continue
    printf "set yrange [%g:%g]\n", low / 1.2, high * 1.2
    printf "set xrange [0.4:%g]\nset xtics (%s) scale 0 font 'sans,13'\n", groups + 0.6, ticks
    plots = ""
    for (p = 1; p <= programs; p++) {
      if (rows[p] == "") continue
      printf "$data_%d_%d << END\n%sEND\n", k, p, rows[p]
      plots = plots sprintf("%s$data_%d_%d using 1:2:3:4:5:6 with boxxyerror lc rgb '%s' title '%s'", plots == "" ? "" : ", ", k, p, colour[p], program[p])
    }
    print "plot " plots ", 1 with lines lc rgb '#000000' lw 2 notitle"
  }
  print "unset multiplot"
}
