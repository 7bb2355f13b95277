#include "syntax.hpp"

#include <set>
#include <utility>

namespace {

using Words = std::set<std::string>;

const Words& keywords() {
  static const Words words = {"alignas",      "alignof",   "asm",          "auto",       "break",
                              "case",         "catch",     "class",        "co_await",   "co_return",
                              "co_yield",     "concept",   "const",        "const_cast", "consteval",
                              "constexpr",    "constinit", "continue",     "decltype",   "default",
                              "delete",       "do",        "dynamic_cast", "else",       "enum",
                              "explicit",     "export",    "extern",       "false",      "for",
                              "friend",       "goto",      "if",           "inline",     "mutable",
                              "namespace",    "new",       "noexcept",     "nullptr",    "operator",
                              "private",      "protected", "public",       "register",   "reinterpret_cast",
                              "requires",     "return",    "sizeof",       "static",     "static_assert",
                              "static_cast",  "struct",    "switch",       "template",   "this",
                              "thread_local", "throw",     "true",         "try",        "typedef",
                              "typeid",       "typename",  "union",        "using",      "virtual",
                              "void",         "volatile",  "while"};
  return words;
}

const Words& builtin_types() {
  static const Words words = {"bool", "char", "char8_t",  "char16_t", "char32_t", "wchar_t", "short",
                              "int",  "long", "unsigned", "signed",   "float",    "double"};
  return words;
}

const Words& class_keys() {
  static const Words words = {"struct", "class", "union"};
  return words;
}

bool opens_attribute(const Unit& unit, int i) { return unit.is(i, "[") && unit.is(i + 1, "["); }

// Whether [ at `i` begins a lambda and not a subscript, an array, an attribute or a structured binding.
bool is_lambda_introducer(const Unit& unit, int i) {
  if (opens_attribute(unit, i) || (unit.is(i - 1, "["))) return false;
  if (i > 0) {
    const Token& before = unit[i - 1];
    if (before.is(")") || before.is("]") || before.kind == Token::Kind::literal) return false;
    if (unit.is_name(i - 1) || builtin_types().count(before.text)) return false;
    if (before.is("operator") || before.is("delete") || before.is("auto") || before.is("this")) return false;
    if ((before.is("&") || before.is("&&")) && unit.is(i - 2, "auto")) return false;
  }
  return true;
}

// Finds the { of the lambda whose captures end at `i`, or -1.
int lambda_body(const Unit& unit, int i) {
  if (unit.is(i, "<")) i = after_angles(unit.tokens, i, unit.size());
  if (i < 0) return -1;
  bool in_type = false;
  int angles = 0;
  for (bool parameters_seen = false; i < unit.size(); i = step(unit.tokens, i)) {
    const Token& t = unit[i];
    if (t.is("{")) return i;
    if (t.is("->")) in_type = true;
    if (in_type && t.is("<")) ++angles;
    if (in_type && t.is(">")) --angles;
    if (angles > 0 || in_type || t.is_word() || t.is("[")) {
      if (t.is(";") || t.is(")") || t.is("}")) return -1;
      if (t.is(",") && angles <= 0) return -1;
      continue;
    }
    if (!t.is("(") || (parameters_seen && !unit.is(i - 1, "noexcept") && !unit.is(i - 1, "requires"))) return -1;
    parameters_seen = true;
  }
  return -1;
}

}  // namespace

Unit::Unit(Tokens t) : tokens(std::move(t)) {
  for (int i = 0; i < size(); ++i) {
    if (!is(i, "[") || !is_lambda_introducer(*this, i)) continue;
    const int close = tokens[i].match;
    const int brace = lambda_body(*this, close + 1);
    if (brace < 0) continue;
    lambdas[i] = {{i + 1, close}, {brace + 1, tokens[brace].match}};
    bodies[brace] = i;
  }
}

bool Unit::is_name(int i) const {
  return i >= 0 && i < size() && tokens[i].is_word() && !keywords().count(tokens[i].text) &&
         !builtin_types().count(tokens[i].text);
}

void outside_lambdas(const Unit& unit, Range range, const std::function<void(int)>& visit) {
  for (int i = range.begin; i < range.end; ++i) {
    if (unit.bodies.count(i)) {
      i = unit[i].match;
      continue;
    }
    visit(i);
  }
}

bool is_trivial_type_word(const std::string& word) {
  static const Words more = {"size_t",           "ptrdiff_t",       "int8_t",    "int16_t",     "int32_t",
                             "int64_t",          "uint8_t",         "uint16_t",  "uint32_t",    "uint64_t",
                             "intptr_t",         "uintptr_t",       "byte",      "string_view", "nanoseconds",
                             "microseconds",     "milliseconds",    "seconds",   "minutes",     "hours",
                             "coroutine_handle", "source_location", "error_code"};
  return builtin_types().count(word) || more.count(word);
}

int skip_prefix(const Unit& unit, Range range) {
  int i = range.begin;
  while (i < range.end) {
    const Token& t = unit[i];
    if ((t.is("public") || t.is("private") || t.is("protected")) && unit.is(i + 1, ":")) {
      i += 2;
    } else if (t.is("template") && unit.is(i + 1, "<")) {
      const int next = after_angles(unit.tokens, i + 1, range.end);
      if (next < 0) return i;
      i = next;
    } else if (opens_attribute(unit, i)) {
      i = t.match + 1;
    } else {
      break;
    }
  }
  return i;
}

Form form_of(const Unit& unit, int begin, int brace) {
  static const Words not_a_call = {"alignas", "__attribute__", "decltype", "noexcept", "requires", "explicit"};
  bool class_key = false;
  bool call = false;
  bool initializers = false;  // of a constructor, behind its :
  for (int i = skip_prefix(unit, {begin, brace}); i < brace; i = step(unit.tokens, i)) {
    const Token& t = unit[i];
    if (t.is("namespace")) return Form::scope;
    if (t.is("enum")) return Form::enumeration;
    if (t.is("=") && !unit.is(i - 1, "operator")) return Form::other;
    if (!call && t.is_word() && class_keys().count(t.text)) class_key = true;
    if (t.is(":") && class_key && !call) return Form::type;
    if (t.is(":") && call) initializers = true;
    if (t.is("(") && i > begin && !not_a_call.count(unit[i - 1].text)) call = true;
  }
  if (unit.is(begin, "extern") && brace == begin + 2) return Form::scope;
  if (!call) return class_key ? Form::type : Form::other;
  const bool member_initializer = initializers && (unit.is_name(brace - 1) || unit.is(brace - 1, ">"));
  return member_initializer ? Form::other : Form::function;
}

void each_declaration(const Unit& unit, Range range, const std::function<void(const Declaration&)>& visit) {
  int begin = range.begin;
  for (int i = range.begin; i < range.end; i = step(unit.tokens, i)) {
    const Token& t = unit[i];
    if (t.is(";")) {
      if (i > begin) visit({Form::other, {begin, i}, {}});
      begin = i + 1;
    } else if (t.is("{") && !unit.bodies.count(i)) {
      const Form form = form_of(unit, begin, i);
      if (form == Form::other) continue;
      visit({form, {begin, i}, {i + 1, t.match}});
      begin = t.match + 1;
    }
  }
  if (begin < range.end) visit({Form::other, {begin, range.end}, {}});
}

bool is_declaration(const Unit& unit, Range range) {
  static const Words declaring = {"auto",  "const",   "constexpr", "static",   "thread_local", "volatile",
                                  "using", "typedef", "extern",    "register", "struct",       "class",
                                  "union", "enum",    "typename",  "decltype", "alignas",      "namespace"};
  int i = skip_prefix(unit, range);
  if (i >= range.end) return false;
  if (declaring.count(unit[i].text)) return true;
  if (builtin_types().count(unit[i].text)) return !unit.is(i + 1, "(") && !unit.is(i + 1, "{");

  if (unit.is(i, "::")) ++i;
  while (true) {  // a::b<c>::d
    if (i >= range.end || !unit.is_name(i)) return false;
    ++i;
    if (unit.is(i, "<")) {
      i = after_angles(unit.tokens, i, range.end);
      if (i < 0) return false;
    }
    if (!unit.is(i, "::")) break;
    ++i;
  }
  while (unit.is(i, "*") || unit.is(i, "&") || unit.is(i, "&&") || unit.is(i, "const")) ++i;
  if (i >= range.end || !unit.is_name(i)) return false;
  ++i;
  return i == range.end || unit.is(i, "=") || unit.is(i, "{") || unit.is(i, "(") || unit.is(i, "[") ||
         unit.is(i, ",") || unit.is(i, ":");
}
