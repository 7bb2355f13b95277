// Which class names stand for aggregates that own something. Temporaries of such a class are what g++ 12 destroys
// twice around a co_await.
#pragma once

#include <set>
#include <string>

#include "syntax.hpp"

class Aggregates {
 public:
  void learn(const Unit& unit);
  void learn(const Aggregates& other);

  // What was learnt later, by learn(unit), wins over what was learnt of another.
  bool owning(const std::string& name) const { return owning_.count(name) != 0; }

 private:
  enum class Kind { owning, trivial, not_aggregate };
  Kind judge(const Unit& unit, const std::string& name, Range bases, Range body, bool is_private) const;
  bool trivial_member(const Unit& unit, Range head) const;
  void record(const std::string& name, Kind kind);

  std::set<std::string> owning_;
  std::set<std::string> trivial_;
};
