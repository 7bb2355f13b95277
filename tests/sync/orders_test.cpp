// Every order of arrivals, cancellations and grants, also several in one iteration of the loop, for up to four tasks:
// what each primitive does is compared, step by step, with a model of a few lines that says who gets what.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>

#include "heed/sync/barrier.hpp"
#include "heed/sync/capacity_limiter.hpp"
#include "heed/sync/condition.hpp"
#include "heed/sync/event.hpp"
#include "heed/sync/lock.hpp"
#include "heed/sync/queue.hpp"
#include "heed/sync/semaphore.hpp"
#include "support/coroutines.hpp"
#include "support/sanitizers.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

constexpr int most_tasks = 4;

// What is written when task `who` got something, or ended cancelled.
std::string got(int who, int what = -1) {
  return "g" + std::to_string(who) + (what < 0 ? "" : ":" + std::to_string(what)) + " ";
}
std::string left(int who) { return "x" + std::to_string(who) + " "; }

// Who waits in line, who continues in the next iteration. The rules of a primitive are in the derived classes.
class Model {
 public:
  virtual ~Model() = default;
  virtual void arrive(int who) = 0;
  virtual bool act(char what) = 0;  // false: not allowed now
  virtual std::string rest() const { return {}; }

  virtual bool cancel(int who) {
    if (state_[who] == waiting) {
      line_.erase(std::find(line_.begin(), line_.end(), who));
      state_[who] = cancelled;
      ready_.push_back(who);
      return true;
    }
    if (state_[who] != granted) return false;
    flagged_[who] = true;
    return true;
  }
  virtual void turn() {
    std::vector<int> now = std::exchange(ready_, {});
    for (int who : now) {
      bool had = state_[who] == granted;
      bool ends = state_[who] == cancelled || flagged_[who];
      if (had && !ends && in_vain()) {
        wait(who);
        continue;
      }
      state_[who] = over;
      if (!ends) {
        take(who);
      } else {
        log += left(who);
        if (had) give_back(who);
      }
    }
  }
  std::string log;

 protected:
  enum State { absent, waiting, granted, cancelled, over };

  virtual void take(int who) { log += got(who); }
  virtual void give_back(int) {}
  // One that was woken finds that somebody was faster.
  virtual bool in_vain() const { return false; }

  void wait(int who) {
    state_[who] = waiting;
    line_.push_back(who);
  }
  bool grant() {
    if (line_.empty()) return false;
    int who = line_.front();
    line_.pop_front();
    state_[who] = granted;
    ready_.push_back(who);
    return true;
  }
  bool someone_granted() const { return std::count(state_, state_ + most_tasks, granted) != 0; }
  int granted_count() const { return static_cast<int>(std::count(state_, state_ + most_tasks, granted)); }
  std::deque<int> line_;
  std::vector<int> ready_;
  State state_[most_tasks] = {};
  bool flagged_[most_tasks] = {};
};

// The primitive itself, with the same events.
class Real {
 public:
  virtual ~Real() = default;
  virtual Coro<> body(int who) = 0;
  virtual void act(char what) = 0;
  virtual std::string rest() { return {}; }
  // Lets go what the script holds.
  virtual void finish() {}
  std::string log;
};

class EveryOrder : public LoopTest {
 protected:
  using MakeModel = std::function<std::unique_ptr<Model>()>;
  using MakeReal = std::function<std::unique_ptr<Real>()>;

  static Coro<> logs_cancel(Real& real, int who) {
    try {
      co_await real.body(who);
    } catch (const CancelledError&) {
      real.log += left(who);
      throw;
    }
  }

  // 'A': the next task arrives; '0' to '3': that one is cancelled; 'T': a turn of the loop; others: what the
  // primitive can do. Returns how much of the script the model allowed.
  Coro<> play(const std::string& script, Model& model, Real& real, std::size_t& allowed) {
    std::vector<Task<>> tasks;
    for (allowed = 0; allowed < script.size(); ++allowed) {
      char op = script[allowed];
      if (op == 'A') {
        if (tasks.size() == most_tasks) break;
        int who = static_cast<int>(tasks.size());
        model.arrive(who);
        tasks.push_back(create_task(logs_cancel(real, who), eager()));
      } else if (op == 'T') {
        model.turn();
        co_await yield_now();
      } else if (op >= '0' && op <= '3') {
        auto who = static_cast<std::size_t>(op - '0');
        if (who >= tasks.size() || cancelled_[who] || !model.cancel(op - '0')) break;
        cancelled_[who] = true;
        EXPECT_TRUE(tasks[who].cancel()) << script;
      } else {
        if (!model.act(op)) break;
        real.act(op);
      }
      if (model.log != real.log) break;
    }
    for (int i = 0; i < 2 * most_tasks + 2; ++i) {
      model.turn();
      co_await yield_now();
    }
    EXPECT_EQ(model.log, real.log) << "script " << script;
    EXPECT_EQ(model.rest(), real.rest()) << "script " << script;
    std::fill(cancelled_, cancelled_ + most_tasks, false);
    real.finish();
    for (Task<>& task : tasks) task.cancel();
    co_await turns(2 * most_tasks);
    for (Task<>& task : tasks) EXPECT_TRUE(task.done()) << script;
  }

  // All scripts over the alphabet up to `length`, then those that begin with four arrivals and go on a little further.
  // What the model does not allow is not continued.
  void play_all(const std::string& alphabet, std::size_t length, const MakeModel& model, const MakeReal& real) {
    std::string script;
    std::size_t played = 0;
    std::function<void()> extend = [&] {
      for (char op : alphabet) {
        script.push_back(op);
        std::unique_ptr<Model> expected = model();
        std::unique_ptr<Real> actual = real();
        std::size_t allowed = 0;
        if (script.size() > 1 && op == 'T' && script[script.size() - 2] == 'T') {
          script.pop_back();  // the same as one, as far as new races go
          continue;
        }
        loop.run_until_complete(play(script, *expected, *actual, allowed));
        ++played;
        if (HasFailure()) return;
        if (allowed == script.size() && script.size() < length) extend();
        script.pop_back();
        if (HasFailure()) return;
      }
    };
    extend();
    if (HasFailure()) return;
    script.assign(most_tasks, 'A');
    length += 3;
    extend();
    RecordProperty("scripts", static_cast<int>(played));
    EXPECT_GT(played, 1000u);
  }

  static constexpr std::size_t longest = sanitized ? 6 : 7;
  bool cancelled_[most_tasks] = {};
};

// --- Lock: 'R' releases it. ------------------------------------------------------------------------------------------

class LockModel final : public Model {
  void arrive(int who) override {
    if (locked_ || someone_granted() || !line_.empty()) return wait(who);
    take(who);
    state_[who] = over;
  }
  bool act(char) override {
    if (!locked_) return false;
    locked_ = false;
    grant();
    return true;
  }
  void take(int who) override {
    locked_ = true;
    Model::take(who);
  }
  void give_back(int) override { grant(); }
  std::string rest() const override { return locked_ ? "locked" : "free"; }
  bool locked_ = false;
};

class RealLock final : public Real {
  Coro<> body(int who) override {
    co_await lock_.acquire();
    log += got(who);
  }
  void act(char) override { lock_.release(); }
  std::string rest() override { return lock_.locked() ? "locked" : "free"; }
  Lock lock_;
};

TEST_F(EveryOrder, of_a_lock) {
  play_all(
      "A0123RT", longest, [] { return std::make_unique<LockModel>(); }, [] { return std::make_unique<RealLock>(); });
}

// --- Semaphore: 'R' releases a slot. ---------------------------------------------------------------------------------

class SemaphoreModel final : public Model {
  void arrive(int who) override {
    if (value_ == 0 || someone_granted() || !line_.empty()) return wait(who);
    --value_;
    Model::take(who);
    state_[who] = over;
  }
  bool act(char) override {
    ++value_;
    if (grant()) --value_;
    return true;
  }
  void take(int who) override {
    Model::take(who);
    grant_all();
  }
  void give_back(int) override {
    ++value_;
    grant_all();
  }
  void grant_all() {
    while (value_ > 0 && grant()) --value_;
  }
  std::string rest() const override { return std::to_string(value_); }
  int value_ = 1;
};

class RealSemaphore final : public Real {
  Coro<> body(int who) override {
    co_await semaphore_.acquire();
    log += got(who);
  }
  void act(char) override { semaphore_.release(); }
  std::string rest() override { return std::to_string(semaphore_.value()); }
  Semaphore semaphore_{1};
};

TEST_F(EveryOrder, of_a_semaphore) {
  play_all(
      "A0123RT", longest, [] { return std::make_unique<SemaphoreModel>(); },
      [] { return std::make_unique<RealSemaphore>(); });
}

// --- CapacityLimiter: 'R' gives the oldest token back, 'M' makes one more. ---------------------------------------------

class LimiterModel final : public Model {
  void arrive(int who) override {
    if (borrowed_ >= total_ || !line_.empty()) return wait(who);
    ++borrowed_;
    take(who);
    state_[who] = over;
  }
  bool act(char what) override {
    if (what == 'M') {
      ++total_;
    } else {
      if (holders_ == 0) return false;
      --holders_;
      --borrowed_;
    }
    grant_all();
    return true;
  }
  void take(int who) override {
    ++holders_;
    Model::take(who);
  }
  void give_back(int) override {
    --borrowed_;
    grant_all();
  }
  void grant_all() {
    while (borrowed_ < total_ && grant()) ++borrowed_;
  }
  std::string rest() const override { return std::to_string(borrowed_) + " of " + std::to_string(total_); }
  int borrowed_ = 0, total_ = 1, holders_ = 0;
};

class RealLimiter final : public Real {
  Coro<> body(int who) override {
    LimiterGuard token = co_await limiter_.acquire_on_behalf_of(&names_[who]);
    log += got(who);
    tokens_.push_back(std::move(token));
  }
  void act(char what) override {
    if (what == 'M') return limiter_.set_total_tokens(static_cast<std::ptrdiff_t>(limiter_.total_tokens()) + 1);
    tokens_.pop_front();
  }
  std::string rest() override {
    return std::to_string(limiter_.borrowed_tokens()) + " of " + std::to_string(limiter_.total_tokens());
  }
  CapacityLimiter limiter_{1};
  char names_[most_tasks] = {};
  std::deque<LimiterGuard> tokens_;
};

TEST_F(EveryOrder, of_a_capacity_limiter) {
  play_all(
      "A0123RMT", longest, [] { return std::make_unique<LimiterModel>(); },
      [] { return std::make_unique<RealLimiter>(); });
}

// --- Event: 'S' sets it, 'C' clears it. ------------------------------------------------------------------------------

class EventModel final : public Model {
  void arrive(int who) override {
    if (!set_) return wait(who);
    take(who);
    state_[who] = over;
  }
  bool act(char what) override {
    set_ = what == 'S';
    while (set_ && grant()) {
    }
    return true;
  }
  std::string rest() const override { return set_ ? "set" : "clear"; }
  bool set_ = false;
};

class RealEvent final : public Real {
  Coro<> body(int who) override {
    co_await event_.wait();
    log += got(who);
  }
  void act(char what) override { what == 'S' ? event_.set() : event_.clear(); }
  std::string rest() override { return event_.is_set() ? "set" : "clear"; }
  Event event_;
};

TEST_F(EveryOrder, of_an_event) {
  play_all(
      "A0123SCT", longest - 1, [] { return std::make_unique<EventModel>(); },
      [] { return std::make_unique<RealEvent>(); });
}

// --- Condition: 'L' takes or releases the lock by hand, 'N' notifies one (taking the lock for it when it is free). ----

class ConditionModel final : public Model {
  enum Stage { outside, notified, wants_lock };

  void arrive(int who) override {
    if (locked_ || !lock_line_.empty() || on_its_way_ >= 0) {
      stage_[who] = outside;
      state_[who] = waiting;
      lock_line_.push_back(who);
    } else {
      wait(who);
    }
  }
  bool act(char what) override {
    if (what == 'L') {
      if (locked_) {
        release();
      } else {
        if (!lock_line_.empty() || on_its_way_ >= 0) return false;
        locked_ = true;
      }
      return true;
    }
    if (!locked_ && (!lock_line_.empty() || on_its_way_ >= 0)) return false;
    notify();
    return true;
  }
  void notify() {
    if (line_.empty()) return;
    int who = line_.front();
    line_.pop_front();
    stage_[who] = notified;
    turning_.push_back(who);
    order_.push_back(who);
  }
  void release() {
    locked_ = false;
    if (lock_line_.empty()) return;
    on_its_way_ = lock_line_.front();
    lock_line_.pop_front();
    order_.push_back(on_its_way_);
  }

  // Its own rules: a cancelled wait goes for the lock as well.
  bool cancel(int who) override {
    auto place = std::find(line_.begin(), line_.end(), who);
    if (place != line_.end()) {
      line_.erase(place);
      cancelled_[who] = true;
      stage_[who] = wants_lock;
      turning_.push_back(who);
      order_.push_back(who);
      return true;
    }
    if (state_[who] == absent || state_[who] == over) return false;
    place = std::find(lock_line_.begin(), lock_line_.end(), who);
    if (stage_[who] == outside && place != lock_line_.end()) {  // never got as far as the condition
      lock_line_.erase(place);
      state_[who] = Model::cancelled;
      order_.push_back(who);
      return true;
    }
    cancelled_[who] = true;
    return true;
  }
  void turn() override {
    std::vector<int> now = std::exchange(order_, {});
    for (int who : now) {
      auto turning = std::find(turning_.begin(), turning_.end(), who);
      if (turning != turning_.end()) {
        turning_.erase(turning);
        if (locked_ || !lock_line_.empty() || on_its_way_ >= 0) {
          lock_line_.push_back(who);
        } else {
          finish(who);
        }
      } else if (state_[who] == Model::cancelled) {
        state_[who] = over;
        log += left(who);
      } else {
        on_its_way_ = -1;
        if (stage_[who] != outside) {
          finish(who);
        } else if (cancelled_[who]) {
          state_[who] = over;
          log += left(who);
          release();
        } else {
          release();
          wait(who);
        }
      }
    }
  }
  void finish(int who) {
    bool was_notified = stage_[who] == notified;
    state_[who] = over;
    if (cancelled_[who] && was_notified) notify();
    log += cancelled_[who] ? left(who) : got(who);
    release();
  }

  std::string rest() const override { return locked_ ? "locked" : "free"; }
  bool locked_ = false;
  int on_its_way_ = -1;  // was handed the lock
  std::deque<int> lock_line_;
  std::vector<int> turning_;  // notified or cancelled; will ask for the lock
  std::vector<int> order_;    // what runs in the next iteration
  Stage stage_[most_tasks] = {};
  bool cancelled_[most_tasks] = {};
};

class RealCondition final : public Real {
  Coro<> body(int who) override {
    auto guard = co_await condition_.scoped();
    co_await pass(condition_.wait());
    EXPECT_TRUE(guard.owns());
    log += got(who);
  }
  void act(char what) override {
    bool held = condition_.locked();
    if (what == 'L') {
      if (held) {
        condition_.release();
      } else {
        EXPECT_TRUE(condition_.lock().try_acquire());
      }
      return;
    }
    if (!held && !condition_.lock().try_acquire()) ADD_FAILURE() << "the lock is taken";
    condition_.notify();
    if (!held) condition_.release();
  }
  std::string rest() override { return condition_.locked() ? "locked" : "free"; }
  void finish() override {
    if (condition_.locked()) condition_.release();
  }
  Condition condition_;
};

TEST_F(EveryOrder, of_a_condition_and_its_lock) {
  play_all(
      "A0123LNT", longest, [] { return std::make_unique<ConditionModel>(); },
      [] { return std::make_unique<RealCondition>(); });
}

// --- Barrier of three: 'B' resets it. --------------------------------------------------------------------------------

class BarrierModel final : public Model {
  void arrive(int who) override {
    if (line_.size() + 1 < 3) return wait(who);
    log += got(who, 2);
    state_[who] = over;
    for (int index = 0; !line_.empty(); ++index) {
      index_[line_.front()] = index;
      grant();
    }
  }
  bool act(char) override {
    while (!line_.empty()) {
      index_[line_.front()] = 99;
      grant();
    }
    return true;
  }
  void take(int who) override { log += got(who, index_[who]); }
  std::string rest() const override { return std::to_string(line_.size()); }
  int index_[most_tasks] = {};
};

class RealBarrier final : public Real {
  Coro<> body(int who) override {
    int index = 99;
    try {
      std::size_t passed = co_await barrier_.wait();
      index = static_cast<int>(passed);
    } catch (const BrokenBarrierError&) {
    }
    log += got(who, index);
  }
  void act(char) override { barrier_.reset(); }
  std::string rest() override { return std::to_string(barrier_.n_waiting()); }
  Barrier barrier_{3};
};

TEST_F(EveryOrder, of_a_barrier) {
  play_all(
      "A0123BT", longest, [] { return std::make_unique<BarrierModel>(); },
      [] { return std::make_unique<RealBarrier>(); });
}

// --- Queue, those who get: 'P' puts the next number, 'N' gets one without waiting. -------------------------------------

class GetModel final : public Model {
  void arrive(int who) override {
    if (items_.empty()) return wait(who);
    take(who);
    state_[who] = over;
  }
  bool act(char what) override {
    if (what == 'P') {
      items_.push_back(next_++);
      grant();
      return true;
    }
    if (items_.empty()) return false;
    log += "n" + std::to_string(items_.front()) + " ";
    items_.pop_front();
    return true;
  }
  void take(int who) override {
    log += got(who, items_.front());
    items_.pop_front();
  }
  void give_back(int) override {
    if (!items_.empty()) grant();
  }
  bool in_vain() const override { return items_.empty(); }
  std::string rest() const override {
    std::string all;
    for (int item : items_) all += std::to_string(item) + " ";
    return all;
  }
  std::deque<int> items_;
  int next_ = 0;
};

class RealGet final : public Real {
  Coro<> body(int who) override {
    int item = co_await queue_.get();
    log += got(who, item);
  }
  void act(char what) override {
    if (what == 'P') return queue_.put_nowait(next_++);
    log += "n" + std::to_string(queue_.get_nowait()) + " ";
  }
  std::string rest() override {
    std::string all;
    while (!queue_.empty()) all += std::to_string(queue_.get_nowait()) + " ";
    return all;
  }
  Queue<int> queue_;
  int next_ = 0;
};

TEST_F(EveryOrder, of_those_who_get_from_a_queue) {
  play_all(
      "A0123PNT", longest, [] { return std::make_unique<GetModel>(); }, [] { return std::make_unique<RealGet>(); });
}

// --- Queue of one, those who put their number: 'G' gets without waiting, 'N' puts 9 without waiting. --------------------

class PutModel final : public Model {
  void arrive(int who) override {
    if (!items_.empty()) return wait(who);
    take(who);
    state_[who] = over;
  }
  bool act(char what) override {
    if (what == 'G') {
      if (items_.empty()) return false;
      log += "n" + std::to_string(items_.front()) + " ";
      items_.pop_front();
      grant();
      return true;
    }
    if (!items_.empty()) return false;
    items_.push_back(9);
    return true;
  }
  void take(int who) override {
    log += got(who);
    items_.push_back(who);
  }
  void give_back(int) override {
    if (items_.empty()) grant();
  }
  bool in_vain() const override { return !items_.empty(); }
  std::string rest() const override { return items_.empty() ? "" : std::to_string(items_.front()); }
  std::deque<int> items_;
};

class RealPut final : public Real {
  Coro<> body(int who) override {
    co_await queue_.put(who);
    log += got(who);
  }
  void act(char what) override {
    if (what == 'N') return queue_.put_nowait(9);
    log += "n" + std::to_string(queue_.get_nowait()) + " ";
  }
  std::string rest() override { return queue_.empty() ? "" : std::to_string(queue_.get_nowait()); }
  Queue<int> queue_{1};
};

TEST_F(EveryOrder, of_those_who_put_into_a_queue) {
  play_all(
      "A0123GNT", longest, [] { return std::make_unique<PutModel>(); }, [] { return std::make_unique<RealPut>(); });
}

}  // namespace
}  // namespace heed::test
