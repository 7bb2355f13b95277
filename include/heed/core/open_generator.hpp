// The asynchronous generators that a loop knows of.
#pragma once

namespace heed::detail {

class OpenGenerator;

// Those that were begun and are not at their end, in the order in which they were begun.
class OpenGenerators {
 public:
  OpenGenerators() = default;
  OpenGenerators(const OpenGenerators&) = delete;
  OpenGenerators& operator=(const OpenGenerators&) = delete;
  ~OpenGenerators() { forget_all(); }

  OpenGenerator* last() const noexcept { return last_; }
  // The loop ends: what is still open belongs to nobody but its owner.
  void forget_all() noexcept;

 private:
  friend class OpenGenerator;
  OpenGenerator* first_ = nullptr;
  OpenGenerator* last_ = nullptr;
};

// A part of the generator's frame. Belongs to the thread of its loop.
class OpenGenerator {
 public:
  OpenGenerator() = default;
  OpenGenerator(const OpenGenerator&) = delete;
  OpenGenerator& operator=(const OpenGenerator&) = delete;

  // Null before it was begun, and after its loop was closed.
  const OpenGenerators* list() const noexcept { return list_; }
  OpenGenerator* previous() const noexcept { return previous_; }

 protected:
  ~OpenGenerator() { leave(); }
  void enter(OpenGenerators& list) noexcept;
  void leave() noexcept;

 private:
  friend class OpenGenerators;
  OpenGenerators* list_ = nullptr;
  OpenGenerator* previous_ = nullptr;
  OpenGenerator* next_ = nullptr;
};

inline void OpenGenerator::enter(OpenGenerators& list) noexcept {
  list_ = &list;
  previous_ = list.last_;
  (previous_ ? previous_->next_ : list.first_) = this;
  list.last_ = this;
}

inline void OpenGenerator::leave() noexcept {
  if (!list_) return;
  (previous_ ? previous_->next_ : list_->first_) = next_;
  (next_ ? next_->previous_ : list_->last_) = previous_;
  list_ = nullptr;
  previous_ = next_ = nullptr;
}

inline void OpenGenerators::forget_all() noexcept {
  while (last_) last_->leave();
}

}  // namespace heed::detail
