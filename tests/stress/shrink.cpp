#include "stress/shrink.hpp"

#include <functional>
#include <utility>

#include "stress/driver.hpp"

namespace heed::stress {

namespace {

// Every way to make the program a little simpler.
std::vector<std::function<void(Program&)>> simplifications(const Program& program) {
  std::vector<std::function<void(Program&)>> all;
  auto add = [&](auto change) { all.emplace_back(change); };
  for (std::size_t i = 1; i < program.loops.size(); ++i)
    add([](Program& p) {
      if (p.loops.size() > 1) p.loops.pop_back();
    });
  for (std::size_t i = 0; i < program.loops.size(); ++i) {
    auto loop = [i](auto change) {
      return [=](Program& p) {
        if (i < p.loops.size()) change(p.loops[i]);
      };
    };
    add(loop([](LoopPlan& l) { l.responses.clear(); }));
    add(loop([](LoopPlan& l) { l.between.clear(); }));
    add(loop([](LoopPlan& l) { l.after.clear(); }));
    add(loop([](LoopPlan& l) { l.second = no_index; }));
    add(loop([](LoopPlan& l) { l.debug = l.factory = l.renders = l.default_fails = false; }));
    add(loop([](LoopPlan& l) { l.eager = false; }));
    add(loop([](LoopPlan& l) { l.grace = 0; }));
    add(loop([](LoopPlan& l) { l.mode = Mode::until_complete; }));
  }
  for (std::size_t i = 0; i < program.bodies.size(); ++i) {
    for (std::size_t k = program.bodies[i].steps.size(); k-- > 0;)
      add([=](Program& p) { p.bodies[i].steps[k].kind = StepKind::nothing; });
    add([=](Program& p) { p.bodies[i].bomb = false; });
    add([=](Program& p) { p.bodies[i].fails = false; });
    add([=](Program& p) { p.bodies[i].at_exit = no_index; });
    add([=](Program& p) { p.bodies[i].cleanup = no_index; });
    for (std::size_t k = program.bodies[i].steps.size(); k-- > 0;) {
      add([=](Program& p) { p.bodies[i].steps[k].guard = Guard::open; });
      add([=](Program& p) { p.bodies[i].steps[k].style = Style::lvalue; });
      add([=](Program& p) { p.bodies[i].steps[k].bomb = false; });
      if (program.bodies[i].steps[k].kind >= StepKind::group) {  // a body without its scope
        if (program.bodies[i].steps[k].body != no_index)
          add([=](Program& p) { p.bodies[i].steps[k].kind = StepKind::call; });
        add([=](Program& p) { p.bodies[i].steps[k].timeout = false; });
        add([=](Program& p) { p.bodies[i].steps[k].mode = 0; });
        add([=](Program& p) { p.bodies[i].steps[k].second = no_index; });
        add([=](Program& p) { p.bodies[i].steps[k].count = 0; });
      }
      add([=](Program& p) { p.bodies[i].steps[k].amount /= 2; });
      add([=](Program& p) { p.bodies[i].steps[k].error = ErrorKind::custom; });
    }
  }
  for (std::size_t i = 0; i < program.actions.size(); ++i) {
    add([=](Program& p) { p.actions[i].kind = ActionKind::nothing; });
    add([=](Program& p) { p.actions[i].spawn = SpawnWay(); });
    if (program.actions[i].kind == ActionKind::group_spawn)
      add([=](Program& p) { p.actions[i].kind = ActionKind::spawn; });
    add([=](Program& p) { p.actions[i].amount = 0; });
  }
  for (std::size_t i = 0; i < program.callbacks.size(); ++i) {
    add([=](Program& p) { p.callbacks[i].throws = false; });
    for (std::size_t k = program.callbacks[i].actions.size(); k-- > 0;)
      add([=](Program& p) {
        if (k < p.callbacks[i].actions.size()) p.callbacks[i].actions.erase(p.callbacks[i].actions.begin() + k);
      });
  }
  return all;
}

}  // namespace

Program shrink(Program program) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    std::string before = listing(program);
    for (const auto& simplify : simplifications(program)) {
      Program candidate = program;
      simplify(candidate);
      std::string after = listing(candidate);
      if (after == before || run_program(candidate, false).empty()) continue;
      program = std::move(candidate);
      before = std::move(after);
      smaller = true;
    }
  }
  return program;
}

}  // namespace heed::stress
