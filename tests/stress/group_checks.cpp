// The oracle's view of the failures in a task group.
#include <algorithm>

#include "stress/oracle.hpp"

namespace heed::stress {

// Every member is the failure of a child, in the order in which they ended, and every failure of a child is a member.
bool Oracle::group_merged(const std::vector<CellId>& children, const std::vector<Thrown>& members) {
  std::vector<CellId> left = children;
  unsigned last = 0;
  for (Thrown member : members) {
    auto ended_so = [&](CellId child) {
      return cells_[child].state == CellState::failed && cells_[child].thrown == member;
    };
    auto may_have = [&](CellId child) { return cells_[child].state == CellState::open && establish(child, member); };
    auto perhaps_so = [&](CellId child) { return ended_so(child) || cells_[child].unresolved; };
    bool clear = std::count_if(children.begin(), children.end(), perhaps_so) == 1;
    auto found = std::find_if(left.begin(), left.end(), ended_so);
    if (found == left.end()) found = std::find_if(left.begin(), left.end(), may_have);
    if (found == left.end()) {
      violation("a group raised " + to_string(member) + ", which no child of it ended with");
      continue;
    }
    merge(*found);
    unsigned ended = cells_[*found].failed_at;
    if (clear && ended != 0 && ended < last)
      violation("the failures of a group are not in the order in which the children ended");
    if (clear && ended != 0) last = ended;
    left.erase(found);
  }
  for (CellId child : left) {
    const Cell& cell = cells_[child];
    if (cell.state == CellState::failed && !cell.thrown.cancellation)
      violation(to_string(cell.thrown) + " of " + name(child) + " was lost by its group");
  }
  return !members.empty();
}

// An interrupt outranks the failures, which are reported.
void Oracle::group_interrupted(const std::vector<CellId>& children, Thrown interrupt) {
  for (CellId child : children)
    if (cells_[child].state == CellState::failed && cells_[child].thrown == interrupt) taken(child);
}

void Oracle::merge(CellId id) {
  Cell& cell = cells_[id];
  if (tracing_) trace(to_string(cell.thrown) + " of " + name(id) + " was merged");
  if (cell.merged) violation("the failure of " + name(id) + " is in two groups");
  if (cell.reports != 0) violation("a group raised the failure of " + name(id) + ", which was reported");
  cell.merged = true;
  cell.was_live = !cell.delivered && !cell.consumed;
  auto has_it = [&](const Cell& other) {  // and may have taken the failure before the group
    return of_others(other.kind) && std::count(other.children.begin(), other.children.end(), id) != 0;
  };
  cell.perhaps_live =
      cell.was_live && (cell.perhaps_seen || cell.guessed || std::any_of(cells_.begin(), cells_.end(), has_it));
  cell.guessed = false;
}

}  // namespace heed::stress
