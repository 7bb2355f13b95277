// Writes random programs of coroutines that throw and catch.
#pragma once

#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace heed::landing::fuzz {

class Generator {
 public:
  Generator(std::uint64_t seed, std::ostream& out) : random_(seed), out_(out) {}
  // A C++ source with so many cases. The same seed writes the same.
  void write(unsigned programs);

 private:
  // Where a statement stands.
  struct Place {
    bool coroutine;      // may await
    int handlers = 0;    // how many handlers it is in: no await in one
    int loops = 0;       // that can be left from here without leaving a handler's function
    int depth = 0;       // of blocks
    unsigned index = 0;  // of the function: it calls those behind it only
  };

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
  std::string id() { return std::to_string(next_id_++); }
  void line(const std::string& text) { out_ << std::string(indent_ * 2, ' ') << text << '\n'; }
  void open(const std::string& text);
  void close(const std::string& text = "}");

  void hierarchy();
  void function(unsigned index, bool coroutine);
  void block(Place place);
  void statement(const Place& place);
  void attempt(Place place);
  void handler(Place place, const std::string& declaration, const std::string& object);
  void in_handler(const Place& place);
  void raise(const Place& place);
  void call(const Place& place);
  void keep_and_raise(const Place& place);
  void run();
  std::string some_class() { return "E" + std::to_string(below(classes_)); }

  std::mt19937_64 random_;
  std::ostream& out_;
  unsigned indent_ = 0;
  unsigned next_id_ = 0;
  unsigned classes_ = 0;
  unsigned functions_ = 0;  // plain ones, as many as coroutines
};

}  // namespace heed::landing::fuzz
