#include "tokens.hpp"

#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace {

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

class Tokenizer {
 public:
  Tokenizer(const std::string& text, Source& out) : text_(text), out_(out) {}

  void run() {
    while (at_ < text_.size()) next();
  }

 private:
  char look(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void take() {
    if (text_[at_++] == '\n') {
      ++line_;
      line_is_empty_ = true;
    }
  }

  void add(Token::Kind kind, std::string text, int line) {
    out_.tokens.push_back({kind, std::move(text), line});
    line_is_empty_ = false;
  }

  void next() {
    const char c = look();
    if (std::isspace(static_cast<unsigned char>(c))) return take();
    if (c == '\\' && look(1) == '\n') return take(), take();
    if (c == '/' && look(1) == '/') return line_comment();
    if (c == '/' && look(1) == '*') return block_comment();
    if (c == '#' && line_is_empty_) return directive();
    if (c == '"' || c == '\'') return literal(c);
    if (std::isdigit(static_cast<unsigned char>(c)) ||
        (c == '.' && std::isdigit(static_cast<unsigned char>(look(1))))) {
      return number();
    }
    if (is_word_char(c)) return word();
    punctuation();
  }

  void line_comment() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && look() != '\n') ++at_;
    const std::string_view comment(text_.data() + begin, at_ - begin);
    constexpr std::string_view mark = "lint: coroutine-ok(";
    const std::size_t found = comment.find(mark);
    if (found == std::string_view::npos) return;
    const std::size_t reason = found + mark.size();
    if (comment.find(')', reason) == std::string_view::npos || comment[reason] == ')') return;
    out_.silenced.insert(line_is_empty_ ? line_ + 1 : line_);
  }

  void block_comment() {
    const bool was_empty = line_is_empty_;
    while (at_ < text_.size() && !(look() == '*' && look(1) == '/')) take();
    at_ += 2;
    line_is_empty_ = was_empty;
  }

  void directive() {
    const int line = line_;
    std::string text;
    while (at_ < text_.size() && look() != '\n') {
      if (look() == '\\' && look(1) == '\n') take();
      if (!std::isspace(static_cast<unsigned char>(look())) || (!text.empty() && text.back() != ' ')) {
        text += look() == '\n' ? ' ' : look();
      }
      take();
    }
    text.erase(0, 1);
    text.erase(0, text.find_first_not_of(' '));
    add(Token::Kind::directive, text, line);
    line_is_empty_ = true;
  }

  void literal(char quote) {
    const int line = line_;
    take();
    while (at_ < text_.size() && look() != quote) {
      if (look() == '\\') take();
      take();
    }
    take();
    add(Token::Kind::literal, std::string(2, quote), line);
  }

  void raw_string() {
    const int line = line_;
    const std::size_t open = text_.find('(', at_);
    const std::string close = ")" + text_.substr(at_ + 1, open - at_ - 1) + "\"";
    const std::size_t end = std::min(text_.find(close, open), text_.size() - close.size());
    while (at_ < end + close.size()) take();
    add(Token::Kind::literal, "\"\"", line);
  }

  void number() {
    std::string text;
    while (is_word_char(look()) || look() == '.' || (look() == '\'' && is_word_char(look(1)))) text += text_[at_++];
    add(Token::Kind::number, text, line_);
  }

  void word() {
    std::string text;
    while (is_word_char(look())) text += text_[at_++];
    if (look() == '"' && (text == "R" || text == "u8R" || text == "uR" || text == "UR" || text == "LR")) {
      return raw_string();
    }
    if ((look() == '"' || look() == '\'') && (text == "u8" || text == "u" || text == "U" || text == "L")) {
      return literal(look());
    }
    add(Token::Kind::word, text, line_);
  }

  // `>>` stays two tokens, for the sake of template arguments.
  void punctuation() {
    static constexpr std::array<std::string_view, 20> long_ones = {
        "...", "<=>", "::", "->", "&&", "||", "==", "!=", "<=", ">=",
        "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^=", "++", "--"};
    for (std::string_view s : long_ones) {
      if (text_.compare(at_, s.size(), s) == 0) {
        at_ += s.size();
        return add(Token::Kind::punctuation, std::string(s), line_);
      }
    }
    add(Token::Kind::punctuation, std::string(1, text_[at_++]), line_);
  }

  const std::string& text_;
  Source& out_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_is_empty_ = true;
};

bool starts(const Token& token, std::string_view word) {
  return token.kind == Token::Kind::directive && token.text.compare(0, word.size(), word) == 0;
}

// Copies the tokens of the chosen branches of [begin, end).
void copy_branch(const Tokens& from, Range range, Branch branch, Tokens& out) {
  for (int i = range.begin; i < range.end; ++i) {
    if (!starts(from[i], "if")) {
      if (from[i].kind != Token::Kind::directive) out.push_back(from[i]);
      continue;
    }
    std::vector<Range> branches;
    int begin = i + 1;
    int depth = 0;
    int k = begin;
    for (; k < range.end; ++k) {
      if (starts(from[k], "if")) ++depth;
      if (starts(from[k], "endif") && depth-- == 0) break;
      if (starts(from[k], "el") && depth == 0) {
        branches.push_back({begin, k});
        begin = k + 1;
      }
    }
    branches.push_back({begin, k});
    if (from[i].text == "if 0") branches.erase(branches.begin());
    if (!branches.empty()) copy_branch(from, branch == Branch::first ? branches.front() : branches.back(), branch, out);
    i = k;
  }
}

void match_brackets(Tokens& tokens, const std::string& path) {
  const auto fail = [&](int i) {
    throw std::runtime_error(path + ":" + std::to_string(tokens[i].line) + ": this bracket has no partner");
  };
  std::vector<int> open;
  for (int i = 0; i < static_cast<int>(tokens.size()); ++i) {
    const Token& t = tokens[i];
    if (t.is("(") || t.is("[") || t.is("{")) open.push_back(i);
    if (!t.is(")") && !t.is("]") && !t.is("}")) continue;
    if (open.empty()) fail(i);
    const std::string& opener = tokens[open.back()].text;
    if (opener != (t.text == ")" ? "(" : t.text == "]" ? "[" : "{")) fail(i);
    tokens[i].match = open.back();
    tokens[open.back()].match = i;
    open.pop_back();
  }
  if (!open.empty()) fail(open.back());
}

}  // namespace

Source read_source(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) throw std::runtime_error(path + ": cannot be read");
  Source source{path, {}, {}};
  Tokenizer(text, source).run();
  return source;
}

Tokens select_branch(const Source& source, Branch branch) {
  Tokens tokens;
  copy_branch(source.tokens, {0, static_cast<int>(source.tokens.size())}, branch, tokens);
  match_brackets(tokens, source.path);
  return tokens;
}

int after_angles(const Tokens& tokens, int i, int end) {
  int depth = 0;
  for (; i < end; i = step(tokens, i)) {
    const Token& t = tokens[i];
    if (t.is("<")) ++depth;
    if (t.is(">") && --depth == 0) return i + 1;
    if (t.is(";") || t.is("{") || t.is("}") || t.is(")") || t.is("||")) return -1;
  }
  return -1;
}

std::vector<Range> split(const Tokens& tokens, Range range, std::string_view separator) {
  std::vector<Range> parts;
  int begin = range.begin;
  for (int i = range.begin; i < range.end; i = step(tokens, i)) {
    if (!tokens[i].is(separator)) continue;
    parts.push_back({begin, i});
    begin = i + 1;
  }
  parts.push_back({begin, range.end});
  return parts;
}
