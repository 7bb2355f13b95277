#include "stress/generator.hpp"

#include <iterator>

#include "stress/flow_plans.hpp"
#include "stress/random.hpp"

namespace heed::stress {

namespace {

// How often each kind is chosen, and what a program does with itself in general.
struct Temper {
  explicit Temper(Random& random)
      : failing(random.pick({0u, 5u, 12u, 12u, 25u})),
        cancelling(random.pick({0u, 0u, 1u, 3u})),
        gathering(random.pick({0u, 1u, 3u})),
        bombs(random.percent(30)),
        exits(random.percent(4)) {}
  unsigned failing;     // percent of the bodies and steps that fail
  unsigned cancelling;  // weight
  unsigned gathering;   // weight
  bool bombs;
  bool exits;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed)
      : random_(seed),
        temper_(random_),
        scopes_(seed * 0x9e3779b97f4a7c15u + 1),
        sync_(seed * 0x9e3779b97f4a7c15u + 2) {
    program_.seed = seed;
    scoping_ = scopes_.pick({0u, 0u, 15u, 40u});
    syncing_ = sync_.pick({0u, 0u, 0u, 20u, 40u, 65u});
  }

  Program make() {
    unsigned bodies = random_.between(2, 9), actions = random_.between(6, 26), callbacks = random_.between(1, 6);
    for (unsigned i = 0; i < callbacks; ++i) program_.callbacks.push_back(callback(actions));
    for (unsigned i = 0; i < actions; ++i) program_.actions.push_back(action(bodies, callbacks));
    for (unsigned i = 0; i < bodies; ++i) program_.bodies.push_back(body(i, bodies, actions));
    if (scoping_ != 0) add_scopes(bodies);
    if (syncing_ != 0) add_sync(bodies);
    unsigned loops = random_.percent(15) ? random_.between(2, 3) : 1;
    for (unsigned i = 0; i < loops; ++i) program_.loops.push_back(loop(bodies, actions));
    add_flow(program_);
    return std::move(program_);
  }

 private:
  Index index(unsigned limit) { return static_cast<Index>(random_.below(limit)); }
  std::uint8_t small(unsigned limit) { return static_cast<std::uint8_t>(random_.below(limit)); }

  ErrorKind error() {
    if (temper_.exits && random_.percent(15)) return ErrorKind::exit;
    return static_cast<ErrorKind>(random_.below(static_cast<unsigned>(ErrorKind::exit)));
  }

  template <class Kind, std::size_t N>
  Kind weighted(const std::pair<Kind, unsigned> (&choices)[N]) {
    unsigned sum = 0;
    for (const auto& choice : choices) sum += choice.second;
    unsigned at = random_.below(sum);
    for (const auto& choice : choices) {
      if (at < choice.second) return choice.first;
      at -= choice.second;
    }
    return choices[0].first;
  }

  Callback callback(unsigned actions) {
    Callback made;
    for (unsigned i = random_.between(0, 3); i > 0; --i) made.actions.push_back(index(actions));
    made.throws = random_.percent(temper_.failing);
    made.error = error();
    return made;
  }

  ActionKind action_kind() {
    using K = ActionKind;
    return weighted<K>({{K::spawn, 14},
                        {K::make_future, 5},
                        {K::gather_handles, 2 * temper_.gathering},
                        {K::gather_bodies, 2 * temper_.gathering},
                        {K::drop, 5},
                        {K::copy, 2},
                        {K::cancel, 3 * temper_.cancelling},
                        {K::cancel_running, temper_.cancelling},
                        {K::cancel_everything, temper_.cancelling / 2},
                        {K::uncancel, temper_.cancelling},
                        {K::set_result, 4},
                        {K::set_exception, temper_.failing != 0 ? 4u : 0u},
                        {K::read_result, 2},
                        {K::read_exception, 2},
                        {K::query, 1},
                        {K::add_callback, 4},
                        {K::remove_callback, 1},
                        {K::remove_equal, 1},
                        {K::call_soon, 4},
                        {K::call_later, 4},
                        {K::call_threadsafe, 1},
                        {K::cancel_call, 1},
                        {K::drop_coroutine, 1},
                        {K::stop, 1}});
  }

  Action action(unsigned bodies, unsigned callbacks) {
    Action made;
    made.kind = action_kind();
    made.slot = small(slots);
    made.other = small(slots);
    made.amount = small(12);
    made.flag = random_.percent(50);
    made.error = error();
    made.body = static_cast<Index>(random_.between(1, bodies - 1));
    made.callback = index(callbacks);
    SpawnWay& way = made.spawn;
    way.named = random_.percent(20);
    way.eager = random_.percent(20);
    way.callable = random_.percent(30);
    way.callable_throws = random_.percent(temper_.failing);
    way.returns_void = random_.percent(25);
    way.blows = random_.percent(temper_.failing / 4);
    way.keep = random_.percent(75);
    if (random_.percent(25)) way.context = static_cast<std::uint8_t>(random_.between(1, 2));
    return made;
  }

  Guard guard() {
    return weighted<Guard>({{Guard::open, 8},
                            {Guard::pass, 5},
                            {Guard::outcome, 4},
                            {Guard::swallow, 4},
                            {Guard::only_std, 3},
                            {Guard::rethrow, 3},
                            {Guard::transform, 2},
                            {Guard::rethrow_later, 3}});
  }

  Step step(unsigned self, unsigned bodies, unsigned actions) {
    using K = StepKind;
    Step made;
    made.kind = weighted<K>({{K::action, 36},
                             {K::call, self + 1 < bodies ? 12u : 0u},
                             {K::await_slot, 14},
                             {K::await_new, 8},
                             {K::wait, 3},
                             {K::sleep, 6},
                             {K::turn, 10},
                             {K::fail, temper_.failing / 4},
                             {K::chain, 1}});
    made.guard = guard();
    made.style = static_cast<Style>(random_.below(4));
    made.slot = small(slots);
    made.mode = small(3);
    made.count = small(slots);
    made.timeout = random_.percent(50);
    made.bomb = temper_.bombs && random_.percent(8);
    made.error = error();
    made.amount = index(12);
    // Mostly a short chain, as a deep one that fails costs as much as ten programs.
    if (made.kind == K::chain) made.amount = index(random_.percent(2) ? 2000 : 30);
    if (self + 1 < bodies) made.body = static_cast<Index>(random_.between(self + 1, bodies - 1));
    made.action = index(actions);
    if (made.kind == K::await_new) made.action = maker(actions);
    return made;
  }

  // An action that makes something; the first one becomes one if there is none.
  Index maker(unsigned actions) {
    Index at = index(actions);
    for (unsigned i = 0; i < actions; ++i, at = static_cast<Index>((at + 1u) % actions)) {
      ActionKind kind = program_.actions[at].kind;
      if (kind >= ActionKind::spawn && kind <= ActionKind::gather_bodies) return at;
    }
    program_.actions[0].kind = ActionKind::spawn;
    return 0;
  }

  Body body(unsigned self, unsigned bodies, unsigned actions) {
    Body made;
    for (unsigned i = random_.between(1, 7); i > 0; --i) made.steps.push_back(step(self, bodies, actions));
    made.bomb = temper_.bombs && random_.percent(10);
    made.fails = random_.percent(temper_.failing);
    made.error = error();
    if (random_.percent(8)) made.at_exit = index(actions);
    if (self + 1 < bodies && random_.percent(50))
      made.cleanup = static_cast<Index>(random_.between(self + 1, bodies - 1));
    return made;
  }

  // Some steps and actions become ones of scopes. By numbers of their own: what is not changed stays as it was.
  void add_scopes(unsigned bodies) {
    using S = StepKind;
    using A = ActionKind;
    for (Action& action : program_.actions) {
      if (!scopes_.percent(scoping_)) continue;
      static constexpr A kinds[] = {A::group_spawn,  A::group_spawn,   A::group_spawn, A::group_spawn,
                                    A::group_cancel, A::region_cancel, A::reschedule,  A::shield};
      action.kind = scopes_.pick(kinds);
    }
    for (unsigned self = 0; self < bodies; ++self) {
      for (Step& step : program_.bodies[self].steps) {
        if (!scopes_.percent(scoping_)) continue;
        static constexpr S kinds[] = {S::group,         S::group,         S::group,  S::joined, S::timeout, S::timeout,
                                      S::wait_for_body, S::wait_for_slot, S::region, S::region, S::shielded};
        step.kind = scopes_.pick(kinds);
        step.mode = static_cast<std::uint8_t>(scopes_.below(3));
        if (step.mode == 2 && step.kind == S::region && scopes_.percent(60)) step.mode = 0;  // not cancelled beforehand
        step.timeout = scopes_.percent(60);
        step.amount = static_cast<Index>(scopes_.below(scopes_.percent(50) ? 4 : 12));
        if (step.kind == S::wait_for_slot) continue;
        if (self + 1 >= bodies) {
          step.kind = S::wait_for_slot;
        } else {
          step.body = static_cast<Index>(scopes_.between(self + 1, bodies - 1));
        }
      }
    }
  }

  // The same with locks, queues and so on.
  void add_sync(unsigned bodies) {
    using S = StepKind;
    using A = ActionKind;
    static constexpr S steps[] = {S::with_lock,      S::with_semaphore,   S::with_limiter, S::event_wait,
                                  S::condition_wait, S::condition_notify, S::barrier_wait, S::queue_put,
                                  S::queue_get,      S::queue_join};
    // Most programs use one of these a lot: with what wakes it, and what else happens to it.
    struct Theme {
      S step, partner;
      A actions[4];
    };
    static constexpr Theme themes[] = {
        {S::with_lock, S::with_lock, {A::lock_release, A::notify, A::spawn, A::cancel}},
        {S::with_semaphore, S::with_semaphore, {A::semaphore_release, A::spawn, A::cancel, A::semaphore_release}},
        {S::with_limiter, S::with_limiter, {A::limiter_total, A::limiter_total, A::token_release, A::spawn}},
        {S::event_wait, S::event_wait, {A::event_set, A::event_clear, A::event_set, A::spawn}},
        {S::condition_wait, S::condition_notify, {A::notify, A::spawn, A::cancel, A::lock_release}},
        {S::condition_notify, S::condition_wait, {A::spawn, A::spawn, A::cancel, A::notify}},
        {S::barrier_wait, S::barrier_wait, {A::barrier_reset, A::barrier_abort, A::spawn, A::spawn}},
        {S::queue_get, S::queue_get, {A::put_nowait, A::put_nowait, A::spawn, A::queue_shutdown}},
        {S::queue_get, S::queue_put, {A::put_nowait, A::get_nowait, A::spawn, A::cancel}},
        {S::queue_put, S::queue_put, {A::get_nowait, A::get_nowait, A::spawn, A::queue_shutdown}},
        {S::queue_join, S::queue_put, {A::task_done, A::get_nowait, A::queue_shutdown, A::spawn}}};
    static constexpr A actions[] = {A::spawn,       A::cancel,        A::cancel_everything, A::event_set,
                                    A::event_clear, A::notify,        A::lock_release,      A::semaphore_release,
                                    A::put_nowait,  A::token_release, A::get_nowait,        A::task_done,
                                    A::put_nowait,  A::barrier_reset, A::barrier_abort,     A::limiter_total};
    bool few = sync_.percent(75);
    unsigned objects = few ? sync_.between(1, 2) : slots;
    const Theme& theme = themes[sync_.below(std::size(themes))];
    for (Action& action : program_.actions) {
      if (!sync_.percent(syncing_)) continue;
      action.kind = few && sync_.percent(80) ? sync_.pick(theme.actions) : sync_.pick(actions);
      bool ends_it = action.kind == A::queue_shutdown || action.kind == A::barrier_abort;
      if (ends_it && sync_.percent(60)) action.kind = A::cancel_everything;
      action.slot = static_cast<std::uint8_t>(sync_.below(action.kind == A::cancel ? slots : objects));
      action.other = static_cast<std::uint8_t>(sync_.below(4));  // 1: it cancels the first who waits as well
    }
    for (unsigned self = 0; self < bodies; ++self) {
      for (Step& step : program_.bodies[self].steps) {
        if (!sync_.percent(syncing_)) continue;
        step.kind = few && sync_.percent(80) ? (sync_.percent(60) ? theme.step : theme.partner) : sync_.pick(steps);
        step.style = static_cast<Style>(sync_.below(4));
        step.slot = static_cast<std::uint8_t>(sync_.below(objects));
        step.mode = static_cast<std::uint8_t>(sync_.below(3));
        step.count = static_cast<std::uint8_t>(sync_.below(4));
        step.timeout = sync_.percent(60);
        step.amount = static_cast<Index>(sync_.below(5));
        step.body = no_index;
        bool runs_body = step.kind <= S::with_limiter || step.kind == S::condition_wait;
        if (runs_body && self + 1 < bodies && sync_.percent(60))
          step.body = static_cast<Index>(sync_.between(self + 1, bodies - 1));
      }
    }
  }

  LoopPlan loop(unsigned bodies, unsigned actions) {
    LoopPlan made;
    made.mode = weighted<Mode>({{Mode::stepped, 3}, {Mode::until_complete, 3}, {Mode::runner, 2}});
    made.debug = random_.percent(5);
    made.handler = random_.percent(85);
    made.default_fails = random_.percent(10);
    made.renders = random_.percent(3);
    made.factory = random_.percent(3);
    made.drop_before_end = random_.percent(50);
    made.unclosed = random_.percent(8);
    made.grace = small(3);
    made.first = random_.percent(80) ? Index{0} : index(bodies);
    if (random_.percent(40)) made.second = index(bodies);
    for (unsigned i = random_.between(0, 4); i > 0; --i) {
      Response response;
      response.reaction = weighted<Reaction>({{Reaction::none, 5},
                                              {Reaction::fail, 2},
                                              {Reaction::stop, 1},
                                              {Reaction::keep, 2},
                                              {Reaction::read, 2},
                                              {Reaction::act, 3},
                                              {Reaction::unset, 1}});
      response.error = static_cast<ErrorKind>(random_.below(static_cast<unsigned>(ErrorKind::exit)));
      response.slot = small(slots);
      response.action = index(actions);
      made.responses.push_back(response);
    }
    for (unsigned i = random_.between(0, 4); i > 0; --i) made.between.push_back(index(actions));
    for (unsigned i = random_.between(0, 3); i > 0; --i) made.after.push_back(index(actions));
    return made;
  }

  Random random_;
  Temper temper_;
  Random scopes_;
  Random sync_;
  unsigned scoping_ = 0;  // percent of the steps and actions
  unsigned syncing_ = 0;
  Program program_;
};

}  // namespace

std::uint64_t program_seed(std::uint64_t seed, std::uint64_t i) noexcept {
  Random random(seed * 0x2545f4914f6cdd1du + i);
  return random.next() & 0xffffffffffffu;  // short enough to be typed
}

Program generate(std::uint64_t seed) { return Generator(seed).make(); }

}  // namespace heed::stress
