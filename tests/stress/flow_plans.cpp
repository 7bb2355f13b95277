#include "stress/flow_plans.hpp"

#include "stress/random.hpp"

namespace heed::stress {

namespace {

class FlowPlanner {
 public:
  explicit FlowPlanner(Program& program) : program_(program), random_(program.seed * 0xd1342543de82ef95u + 2) {
    share_ = random_.pick({0u, 0u, 0u, 15u, 40u});
  }

  void plan() {
    if (share_ == 0) return;
    for (LoopPlan& loop : program_.loops) loop.eager = random_.percent(20);
    for (Action& action : program_.actions) plan(action);
    unsigned bodies = static_cast<unsigned>(program_.bodies.size());
    for (unsigned self = 0; self < bodies; ++self)
      for (Step& step : program_.bodies[self].steps) plan(step, self, bodies);
  }

 private:
  void plan(Action& action) {
    using A = ActionKind;
    if (!random_.percent(share_ / 2)) return;
    static constexpr A kinds[] = {A::rest_handles, A::rest_handles, A::rest_bodies, A::rest_bodies, A::drop_generator};
    action.kind = random_.pick(kinds);
  }

  void plan(Step& step, unsigned self, unsigned bodies) {
    using S = StepKind;
    if (!random_.percent(share_)) return;
    static constexpr S kinds[] = {
        S::finally,   S::finally,   S::finally,   S::with,      S::with,     S::on_error, S::on_error,
        S::on_error,  S::generate,  S::generate,  S::generate,  S::generate, S::generate, S::close_generators,
        S::completed, S::completed, S::completed, S::completed, S::race,     S::race,     S::race};
    step.kind = random_.pick(kinds);
    step.mode = small(4);
    step.slot = small(slots);
    step.count = small(8);
    step.timeout = random_.percent(40);
    step.amount = static_cast<Index>(random_.below(random_.percent(50) ? 4 : 12));
    step.body = later_body(self, bodies);
    step.second = later_body(self, bodies);
    bool needs_body =
        step.kind == S::finally || step.kind == S::with || step.kind == S::on_error || step.kind == S::race;
    if (needs_body && step.body == no_index) step.kind = S::completed;
  }

  Index later_body(unsigned self, unsigned bodies) {
    return self + 1 < bodies ? static_cast<Index>(random_.between(self + 1, bodies - 1)) : no_index;
  }
  std::uint8_t small(unsigned limit) { return static_cast<std::uint8_t>(random_.below(limit)); }

  Program& program_;
  Random random_;
  unsigned share_ = 0;  // percent of the steps
};

}  // namespace

void add_flow(Program& program) { FlowPlanner(program).plan(); }

}  // namespace heed::stress
