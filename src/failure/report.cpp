#include "heed/failure/report.hpp"

#include <algorithm>
#include <cstring>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/throw_site.hpp"

namespace heed {

namespace {

// What compilers write out in full and people do not.
std::string shorten(std::string name) {
  constexpr std::pair<std::string_view, std::string_view> spellings[] = {
      {"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"},
      {"std::__cxx11::basic_string<char>", "std::string"},
      {"std::basic_string_view<char, std::char_traits<char> >", "std::string_view"},
      {"std::basic_string_view<char>", "std::string_view"},
      {"(anonymous namespace)::", ""},
      {"{anonymous}::", ""},
      {"std::chrono::duration<long, std::ratio<1l, 1000000000l> >", "heed::Duration"},
      {" &", "&"},
      {" *", "*"},
  };
  for (const auto& [full, brief] : spellings)
    for (std::size_t at; (at = name.find(full)) != std::string::npos;) name.replace(at, full.size(), brief);
  return name;
}

// Compilers that give the declaration write the return type before the name; those that give a mangled name do not.
std::string without_return_type(std::string name) {
  std::string_view text = name;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (depth > 0) continue;
    if (text.substr(i).starts_with("decltype(auto)")) i += std::strlen("decltype(auto)");
    if (text[i] == ' ' || text[i] == '*' || text[i] == '&') begin = i + 1;
    if (text[i] == '(' || text.substr(i).starts_with("operator")) return name.substr(begin);
  }
  return name;
}

std::string readable(std::string name) {
  name = without_return_type(shorten(std::move(name)));
  // What the templates of the library were given is of no use, and long.
  if (name.starts_with("heed::detail::")) name.resize(std::min(name.size(), name.find(" [")));
  return name;
}

}  // namespace

std::string function_name(const std::source_location& site) {
  // Inside a coroutine body g++ 12 names the actor: "void f(f(int)::_Z1fi.Frame*)"; the mangled name is the function.
  const char* name = site.function_name();
  const char* end = std::strstr(name, ".Frame*)");
  if (!end) return readable(name);
  for (const char* start = end; start != name; --start)
    if (start[0] == '_' && start[1] == 'Z' && start - name >= 2 && start[-1] == ':')
      return readable(demangle(std::string(start, end).c_str()));
  return readable(name);
}

std::string format_site(const std::source_location& site) {
  return function_name(site) + " at " + site.file_name() + ":" + std::to_string(site.line());
}

namespace {

class Renderer {
 public:
  explicit Renderer(bool colour) : colour_(colour) {}

  void headline(std::string_view message) {
    text_ += colour_ ? "\033[1;31mheed:\033[0m \033[1m" : "heed: ";
    text_ += message;
    if (colour_) text_ += "\033[0m";
    text_ += '\n';
  }

  void line(std::string_view label, std::string_view value) {
    text_ += "  ";
    if (colour_) text_ += "\033[36m";
    text_ += label;
    text_.append(label.size() < 9 ? 9 - label.size() : 1, ' ');
    if (colour_) text_ += "\033[0m";
    text_ += value;
    text_ += '\n';
  }

  void lines(std::string_view label, const std::vector<std::string>& values) {
    for (const auto& value : values) {
      line(label, value);
      label = "";
    }
  }

  std::string take() { return std::move(text_); }

 private:
  bool colour_;
  std::string text_;
};

void render_await_chain(Renderer& out, const AwaitChain& chain) {
  std::vector<std::string> frames;
  for (std::size_t i = 0; i < chain.sites.size(); ++i) {
    if (chain.omitted != 0 && i == chain.sites.size() / 2)
      frames.push_back("... " + std::to_string(chain.omitted) + " more ...");
    const auto& site = chain.sites[i];
    frames.push_back(site.line() != 0 ? "in " + format_site(site) : "in a coroutine that has not awaited yet");
  }
  out.lines("awaiting", frames);
}

void render_record(Renderer& out, const FailureRecord& record) {
  out.lines("what", record.tree());
  if (record.code) {
    out.line("code", std::string(record.code.category().name()) + " " + std::to_string(record.code.value()));
  }
  std::vector<std::string> stack;
  for (void* address : record.throw_site) stack.push_back(throw_sites().symbolise(address));
  out.lines("thrown", stack);
  render_await_chain(out, record.await_chain);
  if (record.task_id != 0) out.line("task", "'" + record.task_name + "' (task " + std::to_string(record.task_id) + ")");
  if (record.created_at.line() != 0) out.line("created", "in " + format_site(record.created_at));
  for (const auto& creator : record.creators) {
    std::string by = "by '" + creator.name + "'";
    if (creator.created_at.line() != 0) by += ", created in " + format_site(creator.created_at);
    out.line("", by);
  }
  out.lines("note", record.notes);
  std::string number =
      "#" + std::to_string(record.id) + " (" + to_string(record.origin) + ") of loop " + std::to_string(record.loop_id);
  if (record.cause_id != 0) number += ", escaped again from #" + std::to_string(record.cause_id);
  out.line("failure", number);
}

}  // namespace

std::string render(const Report& report, bool colour) {
  Renderer out(colour);
  out.headline(report.message);
  if (report.record) {
    render_record(out, *report.record);
  } else if (report.exception) {
    out.lines("what", format_tree(report.exception));
  }
  for (const auto& [label, value] : report.details) out.line(label, value);
  return out.take();
}

}  // namespace heed
