#include "stress/program.hpp"

namespace heed::stress {

namespace {

template <class Kind, std::size_t N>
const char* name(Kind kind, const char* const (&names)[N]) noexcept {
  return names[static_cast<std::size_t>(kind)];
}

std::string number(const char* label, Index value) {
  return value == no_index ? std::string() : std::string(" ") + label + " " + std::to_string(value);
}
std::string flag(const char* label, bool on) { return on ? std::string(" ") + label : std::string(); }

std::string describe(const Action& action) {
  const SpawnWay& way = action.spawn;
  std::string text = std::string(to_string(action.kind)) + number("slot", action.slot);
  switch (action.kind) {
    case ActionKind::group_spawn:
    case ActionKind::spawn:
      return text + flag("flag", action.kind == ActionKind::group_spawn && action.flag) + number("body", action.body) +
             flag("named", way.named) + flag("eager", way.eager) + flag("void", way.returns_void) +
             flag("that-blows", way.blows) + flag("callable", way.callable) +
             flag("that-throws", way.callable && way.callable_throws) + flag("dropped", !way.keep) +
             number("context", way.context);
    case ActionKind::gather_handles:
    case ActionKind::gather_bodies:
    case ActionKind::rest_handles:
    case ActionKind::rest_bodies:
      return text + number("body", action.body) + number("other", action.other) + number("amount", action.amount) +
             flag("return_exceptions", action.flag);
    case ActionKind::set_exception: return text + " " + to_string(action.error);
    case ActionKind::group_cancel:
    case ActionKind::reschedule:
      return text + number("other", action.other) + number("amount", action.amount) + flag("flag", action.flag);
    case ActionKind::shield:
    case ActionKind::copy: return text + number("to", action.other);
    case ActionKind::add_callback:
    case ActionKind::remove_equal:
    case ActionKind::call_soon:
    case ActionKind::call_threadsafe: return text + number("callback", action.callback);
    case ActionKind::call_later: return text + number("callback", action.callback) + number("in ms", action.amount);
    case ActionKind::event_set:
    case ActionKind::notify:
    case ActionKind::lock_release:
    case ActionKind::semaphore_release:
    case ActionKind::limiter_total:
    case ActionKind::put_nowait:
    case ActionKind::get_nowait:
      return text + number("amount", action.amount) + flag("flag", action.flag) +
             flag("cancels-the-first", action.other == 1);
    default: return text + flag("flag", action.flag);
  }
}

std::string describe(const Step& step) {
  std::string text = std::string(to_string(step.kind)) + ", " + to_string(step.guard);
  switch (step.kind) {
    case StepKind::action: return std::string("action ") + std::to_string(step.action);
    case StepKind::call: text += number("body", step.body) + " " + to_string(step.style); break;
    case StepKind::await_slot:
      text += number("slot", step.slot) + " " + to_string(step.style) + flag("taken", step.mode == 1);
      break;
    case StepKind::await_new: text += number("action", step.action) + " " + to_string(step.style); break;
    case StepKind::wait:
      text += number("slot", step.slot) + number("count", step.count) + number("mode", step.mode) +
              (step.timeout ? number("timeout", step.amount) : "");
      break;
    case StepKind::wait_for_slot:
      text += number("slot", step.slot) + (step.timeout ? number("ms", step.amount) : "");
      break;
    case StepKind::group:
    case StepKind::joined:
    case StepKind::timeout:
    case StepKind::wait_for_body:
    case StepKind::region:
    case StepKind::shielded:
      text += number("body", step.body) + number("mode", step.mode) + (step.timeout ? number("ms", step.amount) : "");
      break;
    case StepKind::finally:
    case StepKind::with:
    case StepKind::on_error:
    case StepKind::generate:
    case StepKind::completed:
    case StepKind::race:
      text += number("body", step.body) + number("second", step.second) + number("mode", step.mode) +
              number("slot", step.slot) + number("count", step.count) + number("action", step.action) +
              number("ms", step.amount) + flag("flag", step.timeout) + " " + to_string(step.style) + " " +
              to_string(step.error);
      break;
    case StepKind::sleep: text += number("ms", step.amount); break;
    case StepKind::fail: text += std::string(" ") + to_string(step.error) + flag("later", step.timeout); break;
    case StepKind::chain:
      text += number("depth", step.amount) + number("mode", step.mode) + flag("fails", step.timeout);
      break;
    case StepKind::with_lock:
    case StepKind::with_semaphore:
    case StepKind::with_limiter:
    case StepKind::event_wait:
    case StepKind::condition_wait:
    case StepKind::condition_notify:
    case StepKind::barrier_wait:
    case StepKind::queue_put:
    case StepKind::queue_get:
    case StepKind::queue_join:
      text += number("slot", step.slot) + " " + to_string(step.style) + number("body", step.body) +
              number("mode", step.mode) + number("count", step.count) + number("amount", step.amount) +
              flag("flag", step.timeout);
      break;
    default: break;
  }
  return text + flag("bomb", step.bomb);
}

std::string indices(const char* label, const std::vector<Index>& list) {
  std::string text;
  for (Index index : list) text += number("", index);
  return list.empty() ? text : std::string(" ") + label + ":" + text;
}

std::string describe(const LoopPlan& loop) {
  static const char* const reactions[] = {"none", "fail", "stop", "keep", "read", "act", "unset"};
  std::string text = std::string(to_string(loop.mode)) + flag("debug", loop.debug) + flag("eager-factory", loop.eager) +
                     flag("default-handler", !loop.handler) + flag("that-fails", loop.default_fails) +
                     flag("drop-before-end", loop.drop_before_end) + flag("unclosed", loop.unclosed) +
                     number("grace", loop.grace) + number("first body", loop.first) +
                     number("second body", loop.second);
  for (const Response& response : loop.responses)
    text += std::string(" / ") + name(response.reaction, reactions) + number("slot", response.slot) +
            number("action", response.action);
  return text + indices("between", loop.between) + indices("after", loop.after);
}

}  // namespace

const char* to_string(ActionKind kind) noexcept {
  static const char* const names[action_kinds] = {"nothing",
                                                  "spawn",
                                                  "make_future",
                                                  "gather_handles",
                                                  "gather_bodies",
                                                  "drop",
                                                  "copy",
                                                  "cancel",
                                                  "cancel_running",
                                                  "cancel_everything",
                                                  "uncancel",
                                                  "set_result",
                                                  "set_exception",
                                                  "read_result",
                                                  "read_exception",
                                                  "query",
                                                  "add_callback",
                                                  "remove_callback",
                                                  "remove_equal",
                                                  "call_soon",
                                                  "call_later",
                                                  "call_threadsafe",
                                                  "cancel_call",
                                                  "drop_coroutine",
                                                  "stop",
                                                  "group_spawn",
                                                  "group_cancel",
                                                  "region_cancel",
                                                  "reschedule",
                                                  "shield",
                                                  "event_set",
                                                  "event_clear",
                                                  "notify",
                                                  "lock_release",
                                                  "semaphore_release",
                                                  "token_release",
                                                  "put_nowait",
                                                  "get_nowait",
                                                  "task_done",
                                                  "queue_shutdown",
                                                  "barrier_abort",
                                                  "barrier_reset",
                                                  "limiter_total",
                                                  "rest_handles",
                                                  "rest_bodies",
                                                  "drop_generator"};
  return name(kind, names);
}
const char* to_string(StepKind kind) noexcept {
  static const char* const names[step_kinds] = {"nothing",
                                                "action",
                                                "call",
                                                "await_slot",
                                                "await_new",
                                                "wait",
                                                "sleep",
                                                "turn",
                                                "fail",
                                                "chain",
                                                "group",
                                                "joined",
                                                "timeout",
                                                "wait_for_body",
                                                "wait_for_slot",
                                                "region",
                                                "shielded",
                                                "with_lock",
                                                "with_semaphore",
                                                "with_limiter",
                                                "event_wait",
                                                "condition_wait",
                                                "condition_notify",
                                                "barrier_wait",
                                                "queue_put",
                                                "queue_get",
                                                "queue_join",
                                                "finally",
                                                "with",
                                                "on_error",
                                                "generate",
                                                "close_generators",
                                                "completed",
                                                "race"};
  return name(kind, names);
}
const char* to_string(Style style) noexcept {
  static const char* const names[] = {"lvalue", "rvalue", "as_result", "pass"};
  return name(style, names);
}
const char* to_string(Guard guard) noexcept {
  static const char* const names[guards] = {"open",     "pass",    "as_result", "swallow",
                                            "only_std", "rethrow", "transform", "rethrow_later"};
  return name(guard, names);
}
const char* to_string(Mode mode) noexcept {
  static const char* const names[] = {"stepped", "until_complete", "runner"};
  return name(mode, names);
}

std::string listing(const Program& program) {
  std::string text;
  auto line = [&](const char* what, std::size_t i, const std::string& rest) {
    text += std::string(what) + " " + std::to_string(i) + ": " + rest + "\n";
  };
  for (std::size_t i = 0; i < program.loops.size(); ++i) line("loop", i, describe(program.loops[i]));
  for (std::size_t i = 0; i < program.bodies.size(); ++i) {
    const Body& body = program.bodies[i];
    line("body", i,
         flag("bomb", body.bomb) + number("at-exit action", body.at_exit) + number("cleanup body", body.cleanup) +
             (body.fails ? std::string(" fails: ") + to_string(body.error) : std::string()));
    for (const Step& step : body.steps)
      if (step.kind != StepKind::nothing) text += "    " + describe(step) + "\n";
  }
  for (std::size_t i = 0; i < program.actions.size(); ++i)
    if (program.actions[i].kind != ActionKind::nothing) line("action", i, describe(program.actions[i]));
  for (std::size_t i = 0; i < program.callbacks.size(); ++i) {
    const Callback& callback = program.callbacks[i];
    line("callback", i,
         indices("actions", callback.actions) +
             (callback.throws ? std::string(" throws ") + to_string(callback.error) : std::string()));
  }
  return text;
}

}  // namespace heed::stress
