// The oracle's view of the failures in a task group.
#include <algorithm>
#include <utility>

#include "stress/oracle.hpp"

namespace heed::stress {

// Every member is the failure of a child, in the order in which they ended, and every failure of a child is a member.
bool Oracle::group_merged(const std::vector<CellId>& children, const std::vector<Thrown>& members, bool ordered) {
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
    if (ordered && clear && ended != 0 && ended < last)
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
  auto is_shared = [&](const Cell& other) {  // with a gather of handles, which others may have as well
    return other.cancels_rest && std::count(other.children.begin(), other.children.end(), id) != 0;
  };
  bool shared = std::any_of(cells_.begin(), cells_.end(), is_shared);
  if (cell.merged && !shared) violation("the failure of " + name(id) + " is in two groups");
  if (cell.reports != 0 && !shared) violation("a group raised the failure of " + name(id) + ", which was reported");
  if (std::exchange(cell.merged, true)) return;
  if (cell.in_report != 0) cell.read_in_report = true;
  cell.was_live = shared ? cell.reports == 0 || cell.in_report != 0 : !cell.delivered && !cell.consumed;
  auto has_it = [&](const Cell& other) {  // and may have taken the failure before the group
    return of_others(other.kind) && !other.cancels_rest &&
           std::count(other.children.begin(), other.children.end(), id) != 0;
  };
  cell.perhaps_live =
      cell.was_live && (cell.perhaps_seen || cell.guessed || std::any_of(cells_.begin(), cells_.end(), has_it));
  cell.guessed = false;
}

// --- gather(cancel_rest) -----------------------------------------------------------------------------------------

void Oracle::set_cancels_rest(CellId id, bool ordered) {
  Cell& cell = cells_[id];
  cell.cancels_rest = true;
  cell.ordered = ordered;
  std::vector<CellId> unique;
  for (CellId child : cell.children)
    if (std::count(unique.begin(), unique.end(), child) == 0) unique.push_back(child);
  rest_children_[id] = std::move(unique);
}

bool Oracle::members_fit(const std::vector<CellId>& children, const std::vector<Thrown>& members) {
  std::vector<CellId> left = children;
  // Those that are known to have failed so come first, and one that can only have it from another one comes last.
  auto rank = [&](CellId child) {
    return cells_[child].state == CellState::failed ? 0 : of_others(cells_[child].kind) ? 2 : 1;
  };
  std::stable_sort(left.begin(), left.end(), [&](CellId a, CellId b) { return rank(a) < rank(b); });
  for (Thrown member : members) {
    auto found = std::find_if(left.begin(), left.end(), [&](CellId child) { return establish(child, member); });
    if (found == left.end()) return false;
    left.erase(found);
  }
  return true;
}

// It ended with a group of all that failed, with an interrupt, or with the cancellation of a child.
bool Oracle::explore_rest(CellId id, Thrown thrown) {
  std::vector<CellId> children = rest_children_[id];
  auto group = gather_groups_.find(thrown.id);
  if (!thrown.cancellation && group != gather_groups_.end()) {
    if (!members_fit(children, group->second)) return false;
    group_merged(children, group->second, cells_[id].ordered);
  } else if (thrown.cancellation) {
    auto cancelled = [&](CellId child) {
      const Cell& cell = cells_[child];
      if (cell.state == CellState::cancelled || cell.cancel_accepted || cell.ended) return true;
      return cell.state == CellState::open || cell.thrown.cancellation;
    };
    return std::any_of(children.begin(), children.end(), cancelled);
  } else {
    if (!is_interrupt(thrown)) return false;
    auto found = std::find_if(children.begin(), children.end(), [&](CellId child) { return establish(child, thrown); });
    if (found == children.end()) return false;
    taken(*found);
  }
  for (CellId child : children)
    if (runs_or_waits(child)) violation(name(child) + " goes on after the gather that cancels the rest has ended");
  fail(id, thrown);
  return true;
}

std::vector<CellId> Oracle::rests() const {
  std::vector<CellId> found;
  for (const auto& [id, children] : rest_children_) {
    if (cells_[id].loop != loop_ || cells_[id].state != CellState::open) continue;
    auto threw = [&](CellId child) {
      FrameId root = cells_[child].root;
      return root != nobody && !frames_[root].alive && frames_[root].state == FrameState::threw;
    };
    if (!std::any_of(children.begin(), children.end(), threw)) continue;
    for (CellId child : children)
      if (cells_[child].kind == CellKind::task && runs_or_waits(child)) found.push_back(child);
  }
  return found;
}

}  // namespace heed::stress
