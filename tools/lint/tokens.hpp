// C++ source as a list of tokens: comments, preprocessor lines and the insides of literals are gone.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

struct Token {
  enum class Kind { word, number, literal, punctuation, directive };
  Kind kind;
  std::string text;  // of a literal only its first and last character
  int line;
  int match = -1;  // of a bracket: the index of its partner

  bool is(std::string_view s) const { return text == s && kind != Kind::literal; }
  bool is_word() const { return kind == Kind::word; }
};

using Tokens = std::vector<Token>;

// Half open, as everywhere.
struct Range {
  int begin = 0;
  int end = 0;
};

struct Source {
  std::string path;
  Tokens tokens;           // with directives
  std::set<int> silenced;  // lines with a comment `lint: coroutine-ok(<reason>)`, or right below one that stands alone
};

Source read_source(const std::string& path);  // throws std::runtime_error when it cannot be read

// Which branch of #if ... #else ... #endif is looked at.
enum class Branch { first, last };

// The tokens without directives and without the other branches, brackets matched. Throws std::runtime_error
// ("path:line: ...") when the brackets do not pair up.
Tokens select_branch(const Source& source, Branch branch);

// The index after `<...>` that opens at `i`, or -1 when this is no template argument list.
int after_angles(const Tokens& tokens, int i, int end);

// One step forward over a token, or over the whole group that it opens with ( [ {.
inline int step(const Tokens& tokens, int i) { return tokens[i].match > i ? tokens[i].match + 1 : i + 1; }

// The parts of a range between separators that are not inside brackets.
std::vector<Range> split(const Tokens& tokens, Range range, std::string_view separator);
