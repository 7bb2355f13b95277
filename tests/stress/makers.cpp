// Actions that make something: tasks and gathers.
#include <utility>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/match.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

// What a slot holds as a future of T, if it does.
template <class T>
const Future<T>* as_future(const Entry& entry) noexcept {
  if (const auto* task = std::get_if<Task<T>>(&entry.handle)) return task;
  return std::get_if<Future<T>>(&entry.handle);
}

// The first of them that is done and has no value: a gather that is made now takes its failure over.
CellId first_failed(const std::vector<Future<Value>>& futures, const std::vector<CellId>& cells) {
  for (std::size_t i = 0; i < futures.size(); ++i)
    if (futures[i].done() && !futures[i].state().has_value()) return futures[i].cancelled() ? nobody : cells[i];
  return nobody;
}

constexpr std::size_t most_leaves = 200;  // groups that share their members have very many

// Those that are no groups, of all levels.
void add_leaves(const std::exception_ptr& exception, std::vector<std::exception_ptr>& leaves) {
  if (leaves.size() >= most_leaves) return;
  const auto* group = find<ExceptionGroup>(exception);
  if (!group) return leaves.push_back(exception);
  for (const std::exception_ptr& member : group->exceptions()) add_leaves(member, leaves);
}
std::vector<std::exception_ptr> leaves_of(const std::exception_ptr& exception) {
  std::vector<std::exception_ptr> leaves;
  add_leaves(exception, leaves);
  return leaves;
}

}  // namespace

Entry World::spawn(const Action& action, ScopeId group) {
  if (!grow()) return {};
  const SpawnWay& way = action.spawn;
  Entry entry;
  entry.cell = oracle.new_cell(CellKind::task);
  FrameId frame = oracle.new_frame(entry.cell);
  coverage.count(Happened::tasks);

  TaskOptions options;
  if (way.named) options = named("stress " + std::to_string(entry.cell));
  int context = static_cast<int>(entry.cell);
  AnyTask creator = running() && way.context == 2 ? current_task() : AnyTask();
  if (way.context == 1) {
    options = std::move(options).in_context(Context::copy_current());
  } else if (creator) {
    Context shared = creator.context();
    context = shared.run([] { return context_value(); });
    options = std::move(options).in_context(std::move(shared));
  }
  if (way.context != 0) coverage.count(Happened::task_in_context);
  if (way.eager && running()) {
    options = std::move(options).eager();
    coverage.count(Happened::task_eager);
  }
  if (group != nobody) {
    scopes.child_of(entry.cell, group);
  } else if (!way.keep && plan->mode != Mode::runner) {
    scopes.set_private(entry.cell);
  }
  Index index = action.body;
  auto start = [&](auto coroutine) {
    auto task = group != nobody ? scopes[group].group->create_task(std::move(coroutine), std::move(options))
                : running()     ? create_task(std::move(coroutine), std::move(options))
                                : loop->create_task(std::move(coroutine), std::move(options));
    oracle.bind_task(entry.cell, task.id());
    if (group != nobody) scopes[group].children.push_back(entry.cell);
    bool cancelled = scopes.in_cancelled_group(entry.cell);
    if (way.eager && running() && !way.callable_throws && !cancelled && oracle.frame_created(frame))
      oracle.violation("an eager task has not begun");
    if (way.keep) entry.handle = std::move(task);
  };
  if (way.returns_void) {
    start(void_body(Token(1), frame, index, context));
  } else if (!way.callable) {
    if (way.blows) oracle.set_blows(frame);
    start(body(Token(1), frame, index, context));
  } else if (way.callable_throws) {
    coverage.count(Happened::task_from_callable);
    CellId cell = entry.cell;
    start([this, cell, token = Token(1)]() -> Coro<Value> {
      ErrorKind kind = ErrorKind::custom;
      ErrorId id = new_error(kind);
      oracle.bind_task(cell, current_task().id());
      oracle.task_failed(cell, Thrown{id, false});
      throw_error(kind, id);
    });
  } else {
    coverage.count(Happened::task_from_callable);
    // A coroutine that uses its captures until its end.
    start([this, frame, index, context, token = Token(frame)]() -> Coro<Value> {
      Value value = co_await body(Token(1), frame, index, context);
      if (token.origin() != frame) oracle.violation("the captures of a coroutine's lambda are gone");
      co_return value;
    });
  }
  return entry;
}

Entry World::make_gather(auto gathering, std::vector<CellId> children) {
  Entry entry;
  entry.cell = oracle.new_cell(CellKind::gather);
  oracle.bind_state(entry.cell, &gathering.state());
  using F = decltype(gathering);
  oracle.set_children(entry.cell, std::move(children),
                      std::is_same_v<F, PairOutcomes> || std::is_same_v<F, ListOutcomes>);
  entry.handle = std::move(gathering);
  coverage.count(Happened::gathers_made);
  return entry;
}

Entry World::gather_handles(const Action& action, bool& may_refuse) {
  if (!grow()) return {};
  std::vector<Future<Value>> values;
  std::vector<CellId> cells;
  const ListOutcomes* list = nullptr;
  const Future<void>* nothing = nullptr;
  CellId list_cell = nobody, nothing_cell = nobody;
  unsigned count = 1 + action.amount % slots;
  for (unsigned i = 0; i < count; ++i) {
    const Entry& entry = slot(action.other + i);
    if (entry.empty() || oracle.loop_of(entry.cell) != oracle.loop()) continue;
    if (const auto* future = as_future<Value>(entry)) {
      values.push_back(*future);
      cells.push_back(entry.cell);
    } else if (const auto* future_of_void = as_future<void>(entry)) {
      nothing = future_of_void;
      nothing_cell = entry.cell;
    } else if (const auto* outcomes = std::get_if<ListOutcomes>(&entry.handle)) {
      list = outcomes;
      list_cell = entry.cell;
    }
  }
  may_refuse = loop->is_closed() || (!running() && values.empty());  // no loop, or a dead one
  bool pair_with_one = (nothing || list) && !values.empty();
  if (pair_with_one) values.resize(1);
  CellId taken = first_failed(values, cells);
  Entry made;
  if (pair_with_one && nothing) {
    std::vector<CellId> pair{cells[0], nothing_cell};
    if (!values[0].done() || values[0].state().has_value()) taken = nothing->state().failure() ? nothing_cell : nobody;
    if (action.flag) return make_gather(try_gather(values[0], *nothing), std::move(pair));
    made = make_gather(gather(values[0], *nothing), std::move(pair));
  } else if (pair_with_one) {
    if (list->done() && !list->state().has_value()) taken = list->cancelled() ? nobody : list_cell;
    made = make_gather(gather(*list, values[0]), {list_cell, cells[0]});
  } else if (action.flag) {
    return make_gather(gather(return_exceptions, values), std::move(cells));
  } else {
    made = make_gather(gather(std::move(values)), std::move(cells));
  }
  oracle.taken(taken);
  return made;
}

Entry World::gather_bodies(const Action& action) {
  std::vector<CellId> cells;
  auto child = [&] {
    cells.push_back(oracle.new_cell(CellKind::task));
    return oracle.new_frame(cells.back());
  };
  unsigned count = 1 + action.amount % 3;
  for (unsigned i = 0; i <= count; ++i)
    if (!grow()) return {};
  if (action.other % 2 == 0) {
    FrameId first = child();
    FrameId second = child();
    Coro<Value> a = body(Token(1), first, action.body, static_cast<int>(cells[0]));
    Coro<void> b = void_body(Token(1), second, action.body, static_cast<int>(cells[1]));
    if (action.flag) return make_gather(gather(return_exceptions, std::move(a), std::move(b)), std::move(cells));
    return make_gather(gather(std::move(a), std::move(b)), std::move(cells));
  }
  std::vector<Coro<Value>> coroutines;
  for (unsigned i = 0; i < count; ++i) {
    FrameId frame = child();
    coroutines.push_back(body(Token(1), frame, action.body, static_cast<int>(cells.back())));
  }
  if (action.flag) return make_gather(try_gather(std::move(coroutines)), std::move(cells));
  return make_gather(gather(std::move(coroutines)), std::move(cells));
}

// --- gather(cancel_rest) -----------------------------------------------------------------------------------------

Entry World::rest_handles(const Action& action, bool& may_refuse) {
  if (!grow()) return {};
  std::vector<Future<Value>> values;
  std::vector<CellId> cells;
  const Entry* nothing = nullptr;
  unsigned count = 1 + action.amount % slots;
  for (unsigned i = 0; i < count; ++i) {
    const Entry& entry = slot(action.other + i);
    if (entry.empty() || oracle.loop_of(entry.cell) != oracle.loop()) continue;
    if (as_future<void>(entry)) nothing = &entry;
    if (const auto* future = as_future<Value>(entry)) {
      values.push_back(*future);
      cells.push_back(entry.cell);
    }
  }
  may_refuse = loop->is_closed() || (!running() && values.empty());  // no loop, or a dead one
  Entry made;
  if (action.flag && nothing && !values.empty()) {
    std::vector<CellId> pair{cells[0], nothing->cell};
    made = make_gather(gather(cancel_rest, values[0], *as_future<void>(*nothing)), std::move(pair));
  } else {
    made = make_gather(gather(cancel_rest, std::move(values)), std::move(cells));
  }
  oracle.set_cancels_rest(made.cell, false);
  const detail::FutureState& state = made.any()->state();
  if (state.failure()) oracle.note_end(made.cell, identify(state.peek_exception()));  // it was done at once
  coverage.count(Happened::rest_gathers);
  return made;
}

Entry World::rest_bodies(const Action& action) {
  std::vector<CellId> cells;
  unsigned count = 1 + action.amount % 4;
  for (unsigned i = 0; i <= count; ++i)
    if (!grow()) return {};
  std::vector<Coro<Value>> coroutines;
  for (unsigned i = 0; i < count; ++i) {
    cells.push_back(oracle.new_cell(CellKind::task));
    FrameId frame = oracle.new_frame(cells.back());
    Index index = static_cast<Index>(1 + (action.body - 1u + i * action.slot) % (program.bodies.size() - 1));
    coroutines.push_back(body(Token(1), frame, index, static_cast<int>(cells.back())));
  }
  Entry made = make_gather(gather(cancel_rest, std::move(coroutines)), std::move(cells));
  oracle.set_cancels_rest(made.cell, true);
  coverage.count(Happened::rest_gathers);
  return made;
}

// The loop sleeps: what has to end because another one failed was asked to.
void World::check_rests() {
  for (CellId child : oracle.rests())
    if (AnyTask task = task_of(child); task && task.cancelling() == 0 && !oracle.uncancelled(child))
      oracle.violation("the loop sleeps, and the rest of a gather was not cancelled");
}

ErrorId World::gather_group_seen(const std::exception_ptr& exception) {
  ErrorId id = oracle.new_error(ErrorKind::system);
  adopt(exception, id);
  std::vector<Thrown> members;
  for (const std::exception_ptr& member : find<ExceptionGroup>(exception)->exceptions())
    members.push_back(identify(member));
  coverage.count(Happened::rest_groups);
  oracle.note_gather_group(id, std::move(members));
  check_match(exception);
  return id;
}

// match() hands each exception of a group to the handler that a catch clause would be, and raises the others again.
void World::check_match(const std::exception_ptr& exception) {
  std::vector<std::exception_ptr> leaves = leaves_of(exception);
  if (leaves.size() >= most_leaves) return;
  coverage.count(Happened::groups_matched);
  std::vector<std::exception_ptr> errors, others, left, wanted_errors, wanted_others, wanted_left;
  for (const std::exception_ptr& leaf : leaves) {
    try {
      std::rethrow_exception(leaf);
    } catch (const Error&) {
      wanted_errors.push_back(leaf);
    } catch (const OddError&) {
      wanted_left.push_back(leaf);
    } catch (const BaseException&) {
      wanted_left.push_back(leaf);
    } catch (...) {
      wanted_others.push_back(leaf);
    }
  }
  try {
    match(
        exception, [&](const Error&) { errors.push_back(std::current_exception()); }, [](const OddError&) { throw; },
        [&](const std::exception_ptr& other) { others.push_back(other); });
  } catch (...) {
    left = leaves_of(std::current_exception());
  }
  if (errors != wanted_errors || others != wanted_others || left != wanted_left)
    oracle.violation("match() gave an exception to another handler than a catch clause would, or lost it");
}

}  // namespace heed::stress
