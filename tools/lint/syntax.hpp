// As much of the grammar of C++ as the coroutine lint needs: lambdas, declarations and their bodies.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tokens.hpp"

struct Lambda {
  Range captures;  // between [ and ]
  Range body;      // between { and }
};

// One translation unit, or one selection of its branches.
struct Unit {
  explicit Unit(Tokens t);

  Tokens tokens;
  std::map<int, Lambda> lambdas;  // by the index of [
  std::map<int, int> bodies;      // from the { of a lambda's body to its [

  const Token& operator[](int i) const { return tokens[i]; }
  bool is(int i, std::string_view s) const { return i >= 0 && i < size() && tokens[i].is(s); }
  bool is_name(int i) const;  // an identifier, not a keyword
  int size() const { return static_cast<int>(tokens.size()); }
};

// Calls visit(i) for each token of the range that is not in the body of a lambda.
void outside_lambdas(const Unit& unit, Range range, const std::function<void(int)>& visit);

// Built-in arithmetic types and the standard names that are always trivial (std::size_t, std::string_view, ...).
bool is_trivial_type_word(const std::string& word);

enum class Form { scope, type, enumeration, function, other };

struct Declaration {
  Form form;
  Range head;  // without the body and without the final ;
  Range body;  // between { and }, of a scope, type or function
};

// Calls visit for each declaration of a namespace or class scope, in order. Does not descend.
void each_declaration(const Unit& unit, Range range, const std::function<void(const Declaration&)>& visit);

// What a { at `brace` opens, when `begin` starts its declaration.
Form form_of(const Unit& unit, int begin, int brace);

// The index behind access specifiers, attributes and template<...> at `begin`.
int skip_prefix(const Unit& unit, Range range);

// Whether a statement, or the first part of a condition, declares something.
bool is_declaration(const Unit& unit, Range range);
