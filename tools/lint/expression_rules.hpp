// Family B: what may not stand in a full expression with co_await or co_yield.
#pragma once

#include <string>
#include <vector>

#include "aggregates.hpp"
#include "syntax.hpp"

struct Finding {
  int line;
  char family;
  std::string advice;
};

class ExpressionRules {
 public:
  ExpressionRules(const Unit& unit, const Aggregates& aggregates, std::vector<Finding>& findings)
      : unit_(unit), aggregates_(aggregates), findings_(findings) {}

  void full_expression(Range range);

  // The head of a declaration: default arguments of coroutines, which become part of the caller's full expression.
  void declaration(Range head);

 private:
  void report(int at, std::string advice);
  bool awaits(Range range) const;
  bool provably_trivial(const Lambda& lambda) const;
  bool scalar_variable(int use) const;
  bool literals(Range range) const;
  bool scalar_conditional(int question, Range statement) const;
  std::string type_before(int i, Range range) const;
  bool owning_before(int i, Range range) const;
  bool array_of_scalars(int open) const;

  void brace(int open, Range range);
  void call(int open, Range range);

  const Unit& unit_;
  const Aggregates& aggregates_;
  std::vector<Finding>& findings_;
};
