// Where queues keep their items: in order of arrival, or of their rank. No allocation for each item.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace heed::detail {

// What a store moves around must not throw then: items whose move may throw are kept in a box of their own.
template <class T>
inline constexpr bool boxed = !std::is_nothrow_move_constructible_v<T>;
template <class T>
using Cell = std::conditional_t<boxed<T>, std::unique_ptr<T>, T>;

template <class T>
T& cell_value(Cell<T>& cell) noexcept {
  if constexpr (boxed<T>) {
    return *cell;
  } else {
    return cell;
  }
}
// The item stays as it is when there is no memory.
template <class T>
Cell<T> make_cell(T& item) {
  if constexpr (boxed<T>) {
    return std::make_unique<T>(std::move(item));
  } else {
    return std::move(item);
  }
}

// A ring that grows. Both ends, so that it serves first-in-first-out and last-in-first-out.
template <class T>
class Ring {
 public:
  Ring() noexcept = default;
  Ring(Ring&& other) noexcept { swap(other); }
  Ring& operator=(Ring&& other) noexcept {
    Ring(std::move(other)).swap(*this);
    return *this;
  }
  ~Ring() {
    for (; size_ != 0; remove_front()) {
    }
    if (cells_) std::allocator<Cell<T>>().deallocate(cells_, capacity_);
  }

  std::size_t size() const noexcept { return size_; }

  void push_back(T& item) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    std::construct_at(&at(size_), make_cell(item));
    ++size_;
  }
  T& front() noexcept { return cell_value<T>(at(0)); }
  T& back() noexcept { return cell_value<T>(at(size_ - 1)); }
  void remove_front() noexcept {
    std::destroy_at(&at(0));
    first_ = (first_ + 1) & (capacity_ - 1);
    --size_;
  }
  void remove_back() noexcept {
    std::destroy_at(&at(size_ - 1));
    --size_;
  }

 private:
  static constexpr std::size_t first_capacity = 8;

  Cell<T>& at(std::size_t index) const noexcept { return cells_[(first_ + index) & (capacity_ - 1)]; }
  [[gnu::noinline]] void grow() {
    std::size_t capacity = capacity_ ? capacity_ * 2 : first_capacity;  // a power of two
    Cell<T>* cells = std::allocator<Cell<T>>().allocate(capacity);
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(cells + i, std::move(at(i)));
      std::destroy_at(&at(i));
    }
    if (cells_) std::allocator<Cell<T>>().deallocate(cells_, capacity_);
    cells_ = cells;
    capacity_ = capacity;
    first_ = 0;
  }
  void swap(Ring& other) noexcept {
    std::swap(cells_, other.cells_);
    std::swap(capacity_, other.capacity_);
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
  }

  Cell<T>* cells_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

// Each store: push() moves an item in or leaves everything as it was; pop() makes a Result of `how...` and the next
// item, which it takes out, or throws what its move throws and keeps it.

template <class T>
class FifoStore {
 public:
  void push(T& item) { ring_.push_back(item); }
  template <class Result, class... How>
  Result pop(How... how) {
    Result item(how..., std::move(ring_.front()));
    ring_.remove_front();
    return item;
  }
  Ring<T> take_all() noexcept { return std::exchange(ring_, Ring<T>()); }

 private:
  Ring<T> ring_;
};

template <class T>
class LifoStore {
 public:
  void push(T& item) { ring_.push_back(item); }
  template <class Result, class... How>
  Result pop(How... how) {
    Result item(how..., std::move(ring_.back()));
    ring_.remove_back();
    return item;
  }
  Ring<T> take_all() noexcept { return std::exchange(ring_, Ring<T>()); }

 private:
  Ring<T> ring_;
};

// A binary heap: the least item first, equal ones in order of arrival. Where an item goes is found out before any is
// moved, so that a comparison that throws changes nothing.
template <class T, class Compare>
class RankedStore {
 public:
  explicit RankedStore(Compare compare = Compare()) : compare_(std::move(compare)) {}

  void push(T& item) {
    std::size_t place = heap_.size();
    while (place != 0 && compare_(std::as_const(item), value(parent(place)))) place = parent(place);
    heap_.emplace_back(item, next_number_);
    ++next_number_;
    Entry entry = std::move(heap_.back());
    std::size_t hole = heap_.size() - 1;
    for (; hole != place; hole = parent(hole)) heap_[hole] = std::move(heap_[parent(hole)]);
    heap_[hole] = std::move(entry);
  }

  template <class Result, class... How>
  Result pop(How... how) {
    find_path();
    Result item(how..., std::move(cell_value<T>(heap_.front().cell)));
    std::size_t hole = 0;
    for (std::size_t child : path_) {
      heap_[hole] = std::move(heap_[child]);
      hole = child;
    }
    if (hole != heap_.size() - 1) heap_[hole] = std::move(heap_.back());
    heap_.pop_back();
    return item;
  }

  auto take_all() noexcept { return std::exchange(heap_, {}); }

 private:
  struct Entry {
    Entry(T& item, std::uint64_t n) : cell(make_cell(item)), number(n) {}
    Entry(Entry&&) noexcept = default;
    // By construction: an item need not be assignable.
    Entry& operator=(Entry&& other) noexcept {
      if (this == &other) return *this;
      std::destroy_at(&cell);
      std::construct_at(&cell, std::move(other.cell));
      number = other.number;
      return *this;
    }
    ~Entry() = default;
    Cell<T> cell;
    std::uint64_t number;
  };

  static std::size_t parent(std::size_t index) noexcept { return (index - 1) / 2; }
  const T& value(std::size_t index) noexcept { return cell_value<T>(heap_[index].cell); }
  bool before(std::size_t a, std::size_t b) {
    if (compare_(value(a), value(b))) return true;
    if (compare_(value(b), value(a))) return false;
    return heap_[a].number < heap_[b].number;
  }
  // The places that the hole left by the first item moves along, until the last item fits into it.
  void find_path() {
    path_.clear();
    std::size_t last = heap_.size() - 1;
    for (std::size_t child = 1; child < last; child = 2 * child + 1) {
      if (child + 1 < last && before(child + 1, child)) ++child;
      if (before(last, child)) return;
      path_.push_back(child);
    }
  }

  std::vector<Entry> heap_;
  std::vector<std::size_t> path_;  // kept for its memory
  std::uint64_t next_number_ = 0;
  [[no_unique_address]] Compare compare_;
};

}  // namespace heed::detail
