// What must end before its loop does.
#pragma once

namespace heed::detail {

// Linked into a loop from its construction to its destruction, both on the loop's thread.
class CloseListener {
 public:
  // The loop closes; tasks were destroyed already. Must not stay in the list: usually deletes itself.
  virtual void loop_closing() noexcept = 0;

  CloseListener* next_listener = nullptr;
  CloseListener* previous_listener = nullptr;

 protected:
  ~CloseListener() = default;
};

}  // namespace heed::detail
