#include "expression_rules.hpp"

#include <utility>

void ExpressionRules::report(int at, std::string advice) {
  findings_.push_back({unit_[at].line, 'B', std::move(advice)});
}

bool ExpressionRules::awaits(Range range) const {
  bool found = false;
  outside_lambdas(unit_, range, [&](int i) { found = found || unit_.is(i, "co_await") || unit_.is(i, "co_yield"); });
  return found;
}

void ExpressionRules::full_expression(Range range) {
  if (!awaits(range)) return;
  outside_lambdas(unit_, range, [&](int i) {
    const auto lambda = unit_.lambdas.find(i);
    if (lambda != unit_.lambdas.end() && !provably_trivial(lambda->second)) {
      report(i, "name the lambda in a statement before, or pass its captures as arguments");
    }
    if (unit_.is(i, "{") && i > range.begin) brace(i, range);
    if (unit_.is(i, "(") && i > range.begin) call(i, range);
    if (unit_.is(i, "?") && !scalar_conditional(i, range)) {
      report(i, "name the result of the conditional operator in a statement before, or use if and else");
    }
    if (unit_.is(i, "throw") && awaits({i, range.end})) report(i, "await into a local first, then throw it");
  });
}

// The captures that hold no class object, as far as tokens tell: by reference, this, the address of something,
// literals, and names that are declared as a scalar or pointer above.
bool ExpressionRules::provably_trivial(const Lambda& lambda) const {
  if (lambda.captures.begin == lambda.captures.end) return true;
  for (Range capture : split(unit_.tokens, lambda.captures, ",")) {
    const int first = capture.begin;
    const int length = capture.end - capture.begin;
    if (unit_.is(first, "&") || unit_.is(first, "this")) continue;
    if (length == 1 && scalar_variable(first)) continue;
    if (length > 2 && unit_.is(first + 1, "=")) {
      const Range value{first + 2, capture.end};
      if (unit_.is(value.begin, "&") || literals(value)) continue;
      if (value.end == value.begin + 1 && (unit_.is(value.begin, "this") || scalar_variable(value.begin))) continue;
    }
    return false;
  }
  return true;
}

// Looks upwards for what seems to be the declaration of the name at `use`.
bool ExpressionRules::scalar_variable(int use) const {
  if (!unit_.is_name(use)) return false;
  for (int i = use - 1; i > 0; --i) {
    if (!unit_.is(i, unit_[use].text)) continue;
    const bool declarator = unit_.is(i + 1, "=") || unit_.is(i + 1, ";") || unit_.is(i + 1, "{") ||
                            unit_.is(i + 1, ",") || unit_.is(i + 1, ")") || unit_.is(i + 1, ":");
    if (!declarator) continue;
    int type = i - 1;
    const bool reference = unit_.is(type, "&");
    if (reference || unit_.is(type, "*")) --type;
    if (!unit_.is(type, ">") && !unit_[type].is_word()) continue;
    if (is_trivial_type_word(unit_[type].text)) return true;
    const bool is_type = unit_.is(type, ">") || unit_.is_name(type) || unit_.is(type, "auto");
    if (is_type) return !reference && type != i - 1;  // a pointer
  }
  return false;
}

bool ExpressionRules::literals(Range range) const {
  for (int i = range.begin; i < range.end; ++i) {
    const Token& t = unit_[i];
    const bool literal = t.kind == Token::Kind::number || t.kind == Token::Kind::literal || t.is("true") ||
                         t.is("false") || t.is("nullptr") || t.is("-") || t.is("+") || t.is(",");
    if (!literal) return false;
  }
  return range.begin < range.end;
}

// `c ? 1 : 2`, and `int x = c ? a : b`.
bool ExpressionRules::scalar_conditional(int question, Range statement) const {
  const Token& first = unit_[skip_prefix(unit_, statement)];
  const int name = skip_prefix(unit_, statement) + 1;
  if (is_trivial_type_word(first.text) && unit_.is_name(name) && unit_.is(name + 1, "=")) {
    for (int i = name + 2; i < statement.end; i = step(unit_.tokens, i)) {
      if (i == question) return true;
    }
  }
  int colon = question + 1;
  for (int nested = 0; colon < statement.end; colon = step(unit_.tokens, colon)) {
    if (unit_.is(colon, "?")) ++nested;
    if (unit_.is(colon, ":") && nested-- == 0) break;
  }
  int end = colon + 1;
  while (end < statement.end && !unit_.is(end, ")") && !unit_.is(end, "}") && !unit_.is(end, "]") &&
         !unit_.is(end, ",")) {
    end = step(unit_.tokens, end);
  }
  return colon < statement.end && literals({question + 1, colon}) && literals({colon + 1, end});
}

// The class name in front of a bracket: Name{, Name<...>{, or "".
std::string ExpressionRules::type_before(int i, Range range) const {
  int k = i - 1;
  if (unit_.is(k, ">")) {
    int depth = 0;
    for (; k >= range.begin; --k) {
      if (unit_.is(k, ">")) ++depth;
      if (unit_.is(k, "<") && --depth == 0) break;
    }
    --k;
  }
  return k >= range.begin && unit_.is_name(k) ? unit_[k].text : "";
}

bool ExpressionRules::owning_before(int i, Range range) const { return aggregates_.owning(type_before(i, range)); }

// std::array<int, 3>{ and std::array{1, 2, 3}.
bool ExpressionRules::array_of_scalars(int open) const {
  if (!unit_.is(open - 1, ">")) return literals({open + 1, unit_[open].match});
  for (int i = open - 2; !unit_.is(i, "<"); --i) {
    if (unit_.is_name(i) && !unit_.is(i + 1, "::") && !is_trivial_type_word(unit_[i].text)) return false;
  }
  return true;
}

void ExpressionRules::brace(int open, Range range) {
  const Range inside{open + 1, unit_[open].match};
  if (unit_.is(inside.begin, ".") && unit_.is_name(inside.begin + 1)) {
    return report(open, "no designated initializers here: give the class a constructor, or name the object first");
  }
  if (owning_before(open, range)) {
    return report(open, "an aggregate: give it a constructor, or name the object in a statement before");
  }
  if (type_before(open, range) == "array" && !array_of_scalars(open)) {
    return report(open, "std::array is an aggregate: name the object in a statement before");
  }
  if ((unit_.is(open - 1, "co_return") || unit_.is(open - 1, "co_yield")) && awaits(inside)) {
    return report(open, "await into locals first, then build the object");
  }
  const int declared = unit_.is(open - 1, "=") ? open - 2 : open - 1;  // Name object{ and Name object = {
  if (unit_.is_name(declared) && declared > range.begin && owning_before(declared, range) && awaits(inside)) {
    return report(open, "an aggregate: await into locals first, then build the object");
  }
  int enclosing = open - 1;
  while (enclosing >= range.begin && !unit_.is(enclosing, "(")) {
    if (!unit_.is(enclosing, ",") && enclosing == open - 1) return;
    const int before = unit_[enclosing].match;
    if (before > enclosing) return;  // inside other braces or brackets
    enclosing = before >= 0 ? before - 1 : enclosing - 1;
  }
  if (enclosing > range.begin && (unit_.is_name(enclosing - 1) || unit_.is(enclosing - 1, ">"))) {
    report(open, "no braced argument here: write the class name with its constructor, or name the object first");
  }
}

// Name(a, b) is an aggregate's initialization too; Name() and Name(other) are not.
void ExpressionRules::call(int open, Range range) {
  const Range inside{open + 1, unit_[open].match};
  if (inside.begin == inside.end) return;
  const int declared = open - 1;  // Name object(
  const bool object = unit_.is_name(declared) && declared > range.begin && owning_before(declared, range);
  if (object ? !awaits(inside) : !owning_before(open, range)) return;
  const bool copy = split(unit_.tokens, inside, ",").size() == 1 &&
                    (inside.end == inside.begin + 1 || unit_.is(inside.begin + 2, "move"));
  if (!copy) report(open, "an aggregate: give it a constructor, or name the object in a statement before");
}

void ExpressionRules::declaration(Range head) {
  bool coroutine = false;
  for (int i = head.begin; i < head.end; ++i) {
    coroutine = coroutine || unit_.is(i, "Coro") || unit_.is(i, "Task") || unit_.is(i, "Future");
    if (!coroutine || !unit_.is(i, "=")) continue;
    int type_end =
        unit_.is_name(i - 2) || unit_.is(i - 2, ">") || unit_.is(i - 2, "&") ? i - 1 : i;  // without the name
    if (unit_.is(type_end - 1, "&")) --type_end;
    if (owning_before(type_end, head))
      report(i, "an aggregate as default argument: give it a constructor, or overload the function");
  }
}
