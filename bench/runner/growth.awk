# One plot of how cost grows with size, as SVG: awk -v topic=tasks -f growth.awk growth.csv
# A line is a series of the topic. Both axes are logarithmic: a cost that does not grow is level, and one that grows as the
# size does rises by a decade for each decade.

BEGIN {
  FS = ","
  describe("tasks", "Tasks", "number of tasks")
  describe("tasks.join", "created, yields once, joined")
  describe("tasks.switch", "a switch, all ready")
  describe("timers", "Timers", "timers that are set")
  describe("timers.expire", "set, expires: callback")
  describe("timers.sleep", "set, expires: sleep of a task")
  describe("timers.cancel", "set, then cancelled")
  describe("timers.replace", "any one cancelled, another set")
  describe("waiters", "Waiters", "tasks that wait")
  describe("waiters.event", "Event: woken, waits again")
  describe("waiters.lock", "Lock: handed over")
  describe("depth", "Depth", "levels of await")
  describe("depth.await", "await")
  describe("depth.throw", "with an exception")
  describe("depth.pass", "with an exception, by pass()")
  describe("groups", "Groups", "number of children")
  describe("groups.group", "child of a TaskGroup")
  describe("groups.gather", "child of gather()")
  describe("groups.cancel", "child of a TaskGroup, cancelled")
  split("#0072b2 #d55e00 #009e73 #cc79a7", colour, " ")
}
function describe(name, text, axis) {
  label[name] = text
  x_label[name] = axis
}

index($1, topic ".") == 1 {
  if (!($1 in points)) series[++lines] = $1
  n = ++points[$1]
  size[$1, n] = $2 + 0
  cost[$1, n] = $3 + 0
  if (!low || $3 + 0 < low) low = $3 + 0
  if ($3 + 0 > high) high = $3 + 0
  if (!least || $2 + 0 < least) least = $2 + 0
  if ($2 + 0 > most) most = $2 + 0
}

function log10(x) { return log(x) / log(10) }
# The k-th of 1, 2, 5, 10, 20, 50, ...
function step(k, digit) {
  digit = k % 3
  return (digit == 0 ? 1 : digit == 1 ? 2 : 5) * 10 ^ int(k / 3)
}
function x_of(n) { return left + width * (log10(n) - log10(least)) / (log10(most) - log10(least)) }
function y_of(ns) { return top + height * (log10(high) - log10(ns)) / (log10(high) - log10(low)) }
function with_commas(n) {
  n = sprintf("%d", n)
  return length(n) <= 3 ? n : with_commas(substr(n, 1, length(n) - 3)) "," substr(n, length(n) - 2)
}
function write(x, y, anchor, what, more) {
  printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more, what
}
function rule(x1, y1, x2, y2, stroke, thick) {
  printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%s\"/>\n", x1, y1, x2, y2, stroke, thick
}
# A point of the k-th series: the shapes differ, so that colours need not be told apart.
function mark(k, x, y) {
  if (k == 1) printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"", x, y
  else if (k == 2) printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\"", x - 3.5, y - 3.5
  else if (k == 3) printf "<path d=\"M%.1f,%.1fl5,8.6h-10z\"", x, y - 5.4
  else printf "<path d=\"M%.1f,%.1fl5,5l-5,5l-5,-5z\"", x, y - 5
  printf " fill=\"%s\"/>\n", colour[k]
}

END {
  if (!lines || least == most) {
    printf "growth.awk: the results have no series of '%s' with two sizes\n", topic >"/dev/stderr"
    exit 1
  }
  left = 72
  top = 46
  width = 450
  height = 290
  for (k = 0; step(k + 1) <= low; ++k);
  low = step(k)
  for (first = k; step(k) < high; ++k);
  high = step(k)
  last = k

  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 396\" width=\"800\" height=\"396\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222222\">\n"
  print "<rect width=\"800\" height=\"396\" fill=\"#ffffff\"/>"
  write(left, 26, "start", label[topic], " font-size=\"17\" font-weight=\"bold\"")
  for (k = first; k <= last; ++k) {
    y = y_of(step(k))
    rule(left, y, left + width, y, "#dddddd", 1)
    write(left - 8, y + 4.5, "end", with_commas(step(k)))
  }
  for (n = least; n <= most; n *= 10) {
    rule(x_of(n), top + height, x_of(n), top + height + 5, "#222222", 1)
    write(x_of(n), top + height + 20, "middle", with_commas(n))
  }
  rule(left, top + height, left + width, top + height, "#222222", 1)
  write(left + width / 2, top + height + 42, "middle", x_label[topic] " (logarithmic)")
  write(0, 0, "middle", "ns per operation (logarithmic)", sprintf(" transform=\"translate(16,%.1f) rotate(-90)\"", top + height / 2))

  for (k = 1; k <= lines; ++k) {
    name = series[k]
    printf "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour[k]
    for (i = 1; i <= points[name]; ++i) printf "%.1f,%.1f ", x_of(size[name, i]), y_of(cost[name, i])
    print "\"/>"
    for (i = 1; i <= points[name]; ++i) mark(k, x_of(size[name, i]), y_of(cost[name, i]))
  }
  # The legend, in the order in which the lines end.
  for (k = 1; k <= lines; ++k) {
    rank = 0
    for (j = 1; j <= lines; ++j) {
      difference = cost[series[j], points[series[j]]] - cost[series[k], points[series[k]]]
      if (difference > 0 || (difference == 0 && j < k)) ++rank
    }
    y = top + 14 + rank * 26
    rule(left + width + 26, y, left + width + 50, y, colour[k], 2)
    mark(k, left + width + 38, y)
    write(left + width + 58, y + 4.5, "start", series[k] in label ? label[series[k]] : series[k])
  }
  print "</svg>"
}
