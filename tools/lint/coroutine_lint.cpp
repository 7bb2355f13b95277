// Finds coroutine code that g++ 12 compiles wrongly, without a word, in the files given on the command line.
//
//   A  `if`, `while`, `for` or `switch` with co_await in its condition, in a coroutine function whose body declares
//      nothing: the function returns in the middle and its task never ends. Lambdas are not affected.
//   B  an object of class type that no constructor or function call makes (a lambda with captures, an aggregate,
//      a conditional) in a full expression with co_await or co_yield: it is moved bit by bit and destroyed twice.
//
// It prints file:line: family: what to write instead, and ends with status 1 when it found something. It reads tokens
// and no types, so it may be wrong; then the line, or a comment of its own above, says
// `// lint: coroutine-ok(<reason>)`.
#include <exception>
#include <iostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "expression_rules.hpp"
#include "syntax.hpp"
#include "tokens.hpp"

namespace {

// Walks over functions and their statements. Collects what family A is about, hands each full expression to family B.
class Linter {
 public:
  Linter(const Unit& unit, const Aggregates& aggregates, std::vector<Finding>& findings)
      : unit_(unit), rules_(unit, aggregates, findings), findings_(findings) {}

  void declarations(Range range) {
    each_declaration(unit_, range, [this](const Declaration& d) {
      rules_.declaration(d.head);
      lambda_bodies(d.head);
      if (d.form == Form::scope || d.form == Form::type) declarations(d.body);
      if (d.form == Form::function) function(d.body);
    });
  }

 private:
  struct Body {
    bool declares = false;
    std::vector<int> awaiting_conditions;  // lines
  };

  void function(Range range) {
    Body body;
    statements(range, body);
    if (body.declares) return;
    for (int line : body.awaiting_conditions) {
      findings_.push_back({line, 'A', "await into a local first: `bool ok = co_await ...; if (ok)`"});
    }
  }

  // A declaration inside counts for the lambda, but the lambda itself is one for its surroundings.
  bool lambda_bodies(Range range) {
    bool any = false;
    for (auto it = unit_.lambdas.lower_bound(range.begin); it != unit_.lambdas.end() && it->first < range.end; ++it) {
      any = true;
      if (it->second.body.end > inner_end_) {
        inner_end_ = it->second.body.end;
        Body ignored;
        statements(it->second.body, ignored);
      }
    }
    return any;
  }

  void expression(Range range, Body& body) {
    if (is_declaration(unit_, range)) body.declares = true;
    rules_.full_expression(range);
    if (lambda_bodies(range)) body.declares = true;
  }

  void condition(Range range, Body& body) {
    bool awaits = false;
    int line = 0;
    outside_lambdas(unit_, range, [&](int i) {
      if (!awaits && unit_.is(i, "co_await")) {
        awaits = true;
        line = unit_[i].line;
      }
    });
    if (awaits) body.awaiting_conditions.push_back(line);
    expression(range, body);
  }

  // The parentheses behind if, switch, while and for; the condition is the last part, with `for` the middle one.
  void header(Range range, bool is_for, Body& body) {
    const std::vector<Range> parts = split(unit_.tokens, range, ";");
    const bool over_range = is_for && parts.size() < 3;
    if (over_range) body.declares = true;
    const std::size_t tested = is_for ? 1 : parts.size() - 1;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (p == tested && !over_range) {
        condition(parts[p], body);
      } else {
        expression(parts[p], body);
      }
    }
  }

  void statements(Range range, Body& body) {
    for (int i = range.begin; i < range.end;) i = statement(i, range.end, body);
  }

  // Returns where the next one begins. The statement under an `if (...)` or `else` counts as the next.
  int statement(int i, int end, Body& body) {
    const Token& t = unit_[i];
    if (t.is(";") || t.is("else") || t.is("do") || t.is("try")) return i + 1;
    if (t.is("{")) {
      statements({i + 1, t.match}, body);
      return t.match + 1;
    }
    if (t.is("if") || t.is("while") || t.is("for") || t.is("switch")) {
      int open = i + 1;
      while (open < end && !unit_.is(open, "(") && !unit_.is(open, "{")) ++open;  // constexpr, consteval
      if (!unit_.is(open, "(")) return open;
      header({open + 1, unit_[open].match}, t.is("for"), body);
      return unit_[open].match + 1;
    }
    if (t.is("catch")) {
      if (!unit_.is(i + 2, "...")) body.declares = true;
      return unit_[i + 1].match + 1;
    }
    if (t.is("case") || t.is("default") || (unit_.is_name(i) && unit_.is(i + 1, ":"))) {
      while (i < end && !unit_.is(i, ":")) i = step(unit_.tokens, i);
      return i + 1;
    }
    return simple_statement(i, end, body);
  }

  int simple_statement(int begin, int end, Body& body) {
    int i = begin;
    for (; i < end && !unit_.is(i, ";"); i = step(unit_.tokens, i)) {
      if (!unit_.is(i, "{") || form_of(unit_, begin, i) != Form::type) continue;
      body.declares = true;
      declarations({i + 1, unit_[i].match});
      return unit_[i].match + 1;
    }
    if (!unit_.is(begin, "static_assert")) expression({begin, i}, body);
    return i + 1;
  }

  const Unit& unit_;
  ExpressionRules rules_;
  std::vector<Finding>& findings_;
  int inner_end_ = 0;  // lambdas up to here were looked at
};

struct Hit {
  int line;
  char family;
  std::string advice;
  auto operator<=>(const Hit&) const = default;
};

bool ends_with(const std::string& s, std::string_view end) {
  return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0;
}

std::vector<Unit> branches_of(const Source& source) {
  std::vector<Unit> units;
  for (Branch branch : {Branch::first, Branch::last}) units.emplace_back(select_branch(source, branch));
  return units;
}

int run(const std::vector<std::string>& paths) {
  std::vector<Source> sources;
  Aggregates shared;  // of headers
  for (const std::string& path : paths) {
    sources.push_back(read_source(path));
    if (!ends_with(path, ".hpp")) continue;
    Aggregates own;
    for (const Unit& unit : branches_of(sources.back())) own.learn(unit);
    shared.learn(own);
  }

  std::size_t count = 0;
  for (const Source& source : sources) {
    std::set<Hit> hits;  // a line is reported once, though two selections of branches show it
    for (const Unit& unit : branches_of(source)) {
      Aggregates aggregates = shared;
      aggregates.learn(unit);
      std::vector<Finding> findings;
      Linter(unit, aggregates, findings).declarations({0, unit.size()});
      for (const Finding& f : findings) {
        if (!source.silenced.count(f.line)) hits.insert({f.line, f.family, f.advice});
      }
    }
    for (const Hit& hit : hits)
      std::cout << source.path << ':' << hit.line << ": " << hit.family << ": " << hit.advice << '\n';
    count += hits.size();
  }
  return count == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: coroutine_lint FILE...\n";
    return 2;
  }
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 2;
  }
}
