#include "aggregates.hpp"

namespace {

bool contains(const Unit& unit, Range range, std::string_view word) {
  for (int i = range.begin; i < range.end; i = step(unit.tokens, i)) {
    if (unit.is(i, word)) return true;
  }
  return false;
}

// The index of the ( of a function's parameters, or -1 when the head declares data. A ( in template arguments, as in
// std::function<void()>, is no such thing.
int parameters(const Unit& unit, Range head) {
  int angles = 0;
  for (int i = head.begin; i < head.end; i = step(unit.tokens, i)) {
    if (unit.is(i, "=") || unit.is(i, "{")) return -1;
    if (unit.is(i, "<")) ++angles;
    if (unit.is(i, ">")) --angles;
    if (unit.is(i, "(") && angles <= 0 && i > head.begin && !unit.is(i - 1, "alignas") && !unit.is(i - 1, "decltype") &&
        !unit.is(i - 1, "explicit")) {
      return i;
    }
  }
  return -1;
}

}  // namespace

void Aggregates::record(const std::string& name, Kind kind) {
  owning_.erase(name);
  trivial_.erase(name);
  if (kind == Kind::owning) owning_.insert(name);
  if (kind == Kind::trivial) trivial_.insert(name);
}

void Aggregates::learn(const Aggregates& other) {
  owning_.insert(other.owning_.begin(), other.owning_.end());
  trivial_.insert(other.trivial_.begin(), other.trivial_.end());
}

// Looks for class definitions everywhere, in functions too: struct Name [final] [: bases] {
void Aggregates::learn(const Unit& unit) {
  for (int i = 0; i < unit.size(); ++i) {
    const bool is_enum = unit.is(i, "enum");
    if (!is_enum && !unit.is(i, "struct") && !unit.is(i, "class")) continue;
    if (!is_enum && unit.is(i - 1, "enum")) continue;
    int k = i + 1;
    if (is_enum && (unit.is(k, "class") || unit.is(k, "struct"))) ++k;
    while (unit.is(k, "[") || unit.is(k, "alignas")) k = step(unit.tokens, unit.is(k, "[") ? k : k + 1);
    if (!unit.is_name(k)) continue;
    const std::string name = unit[k].text;
    ++k;
    if (is_enum) {
      record(name, Kind::trivial);
      continue;
    }
    if (unit.is(k, "<")) k = after_angles(unit.tokens, k, unit.size());
    if (k < 0) continue;
    if (unit.is(k, "final")) ++k;
    Range bases{k, k};
    if (unit.is(k, ":")) {
      while (k < unit.size() && !unit.is(k, "{") && !unit.is(k, ";")) ++k;
      bases = {bases.begin + 1, k};
    }
    if (!unit.is(k, "{")) continue;
    record(name, judge(unit, name, bases, {k + 1, unit[k].match}, unit.is(i, "class")));
  }
}

bool Aggregates::trivial_member(const Unit& unit, Range head) const {
  bool known = false;
  for (int i = head.begin; i < head.end; ++i) {
    if (unit.is(i, "=") || unit.is(i, "{") || unit.is(i, "[") || unit.is(i, ":")) break;
    if (unit.is(i, "*") || unit.is(i, "&")) return true;
    if (unit[i].is_word() && (is_trivial_type_word(unit[i].text) || trivial_.count(unit[i].text))) known = true;
    if (unit.is(i, "<") && !known) return false;
  }
  return known;
}

Aggregates::Kind Aggregates::judge(const Unit& unit, const std::string& name, Range bases, Range body,
                                   bool is_private) const {
  bool owning = false;
  bool aggregate = true;
  for (int i = bases.begin; i < bases.end; ++i) {
    if (unit.is(i, "virtual") || unit.is(i, "private") || unit.is(i, "protected")) aggregate = false;
    if (unit.is_name(i) && !unit.is(i + 1, "::") && !trivial_.count(unit[i].text)) owning = true;
  }
  each_declaration(unit, body, [&](const Declaration& member) {
    for (int i = member.head.begin; unit.is(i + 1, ":") && i < member.head.end; i += 2) {
      if (unit.is(i, "public")) is_private = false;
      if (unit.is(i, "private") || unit.is(i, "protected")) is_private = true;
    }
    const Range head{skip_prefix(unit, member.head), member.head.end};
    if (head.begin >= head.end || member.form == Form::type || member.form == Form::enumeration) return;
    const Token& first = unit[head.begin];
    if (first.is("friend") || first.is("typedef") || first.is("static") || first.is("static_assert")) return;
    if (first.is("using")) {  // using Base::Base; inherits constructors
      if (unit.is(head.end - 2, "::") &&
          (unit[head.end - 1].text == unit[head.end - 3].text || unit.is(head.end - 3, ">"))) {
        aggregate = false;
      }
      return;
    }
    if (contains(unit, head, "virtual") || contains(unit, head, "override")) aggregate = false;
    const int open = parameters(unit, head);
    if (open >= 0) {
      const bool destructor = unit.is(open - 2, "~");
      if (unit[open - 1].text == name && !destructor) aggregate = false;
      if (destructor) owning = true;
      return;
    }
    if (member.form == Form::function || contains(unit, head, "operator")) return;
    if (is_private) aggregate = false;
    if (!trivial_member(unit, head)) owning = true;
  });
  if (!aggregate) return Kind::not_aggregate;
  return owning ? Kind::owning : Kind::trivial;
}
