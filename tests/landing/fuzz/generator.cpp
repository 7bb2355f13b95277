#include "landing/fuzz/generator.hpp"

#include <algorithm>

namespace heed::landing::fuzz {

void Generator::open(const std::string& text) {
  line(text);
  ++indent_;
}
void Generator::close(const std::string& text) {
  --indent_;
  line(text);
}

void Generator::write(unsigned programs) {
  out_ << "#include \"landing/fuzz/runtime.hpp\"\n\nnamespace heed::landing::fuzz {\nnamespace {\n\n";
  for (unsigned i = 0; i < programs; ++i) {
    next_id_ = 0;
    out_ << "namespace p" << i << " {\n\n";
    hierarchy();
    functions_ = 2 + below(4);
    for (unsigned f = 0; f < functions_; ++f) {
      out_ << "int f" << f << "(int n);\nCoro<int> c" << f << "(int n);\n";
    }
    for (unsigned f = 0; f < functions_; ++f) {
      function(f, false);
      function(f, true);
    }
    run();
    out_ << "HEED_LANDING_CASE(fuzz, p" << i << ", any, returns) { run_all(); }\n\n}  // namespace\n\n";
  }
  out_ << "}  // namespace\n}  // namespace heed::landing::fuzz\n";
}

// Classes with bases of every kind: several, virtual, private, ambiguous.
void Generator::hierarchy() {
  classes_ = 4 + below(6);
  for (unsigned i = 0; i < classes_; ++i) {
    std::string number = std::to_string(i), bases;
    std::vector<unsigned> chosen;
    for (unsigned wanted = i == 0 ? 0 : below(4); wanted > 0; --wanted) {
      unsigned base = below(i);
      if (std::find(chosen.begin(), chosen.end(), base) != chosen.end()) continue;
      chosen.push_back(base);
      bases += bases.empty() ? " : " : ", ";
      // (A private virtual base could not be destroyed by what derives from here.)
      bases += one_in(8) ? "private " : one_in(3) ? "public virtual " : "public ";
      bases += "E" + std::to_string(base);
    }
    open(std::string("struct ") + (one_in(6) ? "alignas(16) " : "") + "E" + number + bases + " {");
    line("explicit E" + number + "(int n = " + number + ") : v" + number + "(n) {}");
    if (one_in(3)) line("virtual int get" + number + "() const { return " + std::to_string(100 + i) + "; }");
    if (one_in(4)) line("virtual ~E" + number + "() { note(\"~E" + number + "\"); }");
    if (one_in(4)) line("Noted noted" + number + "{" + number + "};");
    if (one_in(5)) line("char room" + number + "[" + std::to_string(1 + below(90)) + "] = {};");
    line("int v" + number + ";");
    close("};");
  }
}

void Generator::function(unsigned index, bool coroutine) {
  std::string number = std::to_string(index);
  if (!coroutine && one_in(2)) line("[[gnu::noinline]]");
  open(coroutine ? "Coro<int> c" + number + "(int n) {" : "int f" + number + "(int n) {");
  Place place{coroutine};
  place.index = index;
  line("int total = n;");
  line("std::exception_ptr kept;");
  line(coroutine ? "if (!step()) co_return total;" : "if (!step()) return total;");
  block(place);
  if (one_in(3)) block(place);
  line(coroutine ? "co_return total;" : "return total;");
  close();
  out_ << '\n';
}

void Generator::block(Place place) {
  ++place.depth;
  for (unsigned count = 1 + below(3); count > 0; --count) statement(place);
}

void Generator::statement(const Place& place) {
  bool leaf = place.depth > 3;
  switch (below(leaf ? 9 : 16)) {
    case 0: line("note(\"s" + id() + "\");"); break;
    case 1: {
      std::string name = id();
      line("Mark m" + name + "(\"m" + name + "\");");
      break;
    }
    case 2: {
      std::string name = id();
      line("Busy b" + name + "(" + name + ");");
      break;
    }
    case 3:
      line("if (one_in(" + std::to_string(2 + below(3)) + "))");
      ++indent_;
      raise(place);
      --indent_;
      break;
    case 4:
    case 5:
    case 6: call(place); break;
    case 7: keep_and_raise(place); break;
    case 8:
      if (place.handlers > 0) {
        in_handler(place);
      } else if (place.coroutine) {
        line("co_await yield_now();");
      } else {
        line("total += n * 3;");
      }
      break;
    case 9:
      open("if (one_in(2)) {");
      block(place);
      if (one_in(2)) {
        close("} else {");
        ++indent_;
        block(place);
      }
      close();
      break;
    case 10: {
      Place inside = place;
      ++inside.loops;
      std::string name = "i" + id();
      open("for (int " + name + " = 0; " + name + " < " + std::to_string(1 + below(3)) + "; ++" + name + ") {");
      block(inside);
      close();
      break;
    }
    case 11: {
      std::string name = id();
      open("{");
      line("Mark m" + name + "(\"m" + name + "\");");
      block(place);
      close();
      break;
    }
    default: attempt(place); break;
  }
}

void Generator::attempt(Place place) {
  open("try {");
  block(place);
  // Most of what is tried fails.
  if (one_in(2)) {
    call(place);
    line("if (one_in(2))");
    ++indent_;
    raise(place);
    --indent_;
  }
  Place inside = place;
  ++inside.handlers;
  for (unsigned count = 1 + below(3); count > 0; --count) {
    if (one_in(8)) {
      handler(inside, "int error", "error");
    } else if (one_in(12)) {
      handler(inside, "const char* error", "error");
    } else {
      std::string type = some_class(), object = "error.v" + type.substr(1);
      const char* form[] = {"const ", "", "", ""};
      const char* by[] = {"& error", "& error", " error", "& error"};
      unsigned which = below(4);
      handler(inside, form[which] + type + by[which], object);
    }
  }
  if (one_in(2)) handler(inside, "...", "\"any\"");
  close();
}

void Generator::handler(Place place, const std::string& declaration, const std::string& object) {
  close("} catch (" + declaration + ") {");
  ++indent_;
  line("note(\"h" + id() + "\", " + object + ", \"/\", std::uncaught_exceptions());");
  if (one_in(3)) block(place);
  if (one_in(2)) in_handler(place);
}

void Generator::in_handler(const Place& place) {
  switch (below(8)) {
    case 0: line("if (one_in(2)) throw;"); break;
    case 1: line("if (one_in(2)) throw_again();"); break;
    case 2: line("kept = std::current_exception();"); break;
    case 3: line("if (one_in(3)) throw " + some_class() + "(n + 7);"); break;
    case 4:
      if (place.loops > 0) {
        line(one_in(2) ? "if (one_in(2)) break;" : "if (one_in(2)) continue;");
      } else {
        line("note(std::current_exception() ? \"current\" : \"none\");");
      }
      break;
    case 5: line(place.coroutine ? "if (one_in(3)) co_return total;" : "if (one_in(3)) return total;"); break;
    case 6:
      open("try {");
      line("Mark again(\"again\");");
      line("throw;");
      close("} catch (const " + some_class() + "&) {");
      ++indent_;
      line("note(\"again" + id() + "\");");
      close("} catch (...) {");
      ++indent_;
      line("if (one_in(2)) throw;");
      close();
      break;
    default: line("note(kept == std::current_exception() ? \"same\" : \"other\");"); break;
  }
}

void Generator::raise(const Place&) {
  if (one_in(12)) {
    line("throw n + " + id() + ";");
  } else if (one_in(16)) {
    line("throw static_cast<const char*>(\"text\");");
  } else {
    line("throw " + some_class() + "(n + " + id() + ");");
  }
}

// Calls, or awaits, one of the functions behind this one.
void Generator::call(const Place& place) {
  unsigned rest = functions_ - place.index - 1;
  if (rest == 0) {
    line("note(\"leaf" + id() + "\");");
    return;
  }
  auto callee = [&] { return std::to_string(place.index + 1 + below(rest)); };
  if (!place.coroutine || place.handlers > 0) {
    line("total += f" + callee() + "(n + 1);");
    return;
  }
  switch (below(8)) {
    case 0: line("total += f" + callee() + "(n + 1);"); break;
    case 1: line("total += co_await create_task(c" + callee() + "(n + 1));"); break;
    case 2: line("total += co_await pass(c" + callee() + "(n + 1));"); break;
    case 3: {
      std::string name = id();
      line("Mark a" + name + "(\"a" + name + "\");");
      line("total += add(a" + name + ", co_await c" + callee() + "(n + 1), total, co_await c" + callee() + "(n + 2));");
      break;
    }
    case 4: {
      std::string name = id();
      line("auto task" + name + " = create_task(c" + callee() + "(n + 1));");
      if (one_in(2)) line("co_await yield_now();");
      line("total += co_await task" + name + ";");
      break;
    }
    default: line("total += co_await c" + callee() + "(n + 1);"); break;
  }
}

void Generator::keep_and_raise(const Place&) {
  std::string name = id();
  if (one_in(2)) {
    line("if (kept && one_in(2)) heed::detail::rethrow(std::exchange(kept, nullptr));");
  } else if (one_in(2)) {
    line("if (kept && one_in(2)) heed::detail::rethrow(kept);");
  } else {
    line("if (one_in(3)) heed::detail::rethrow(std::make_exception_ptr(" + some_class() + "(n + " + name + ")));");
  }
}

void Generator::run() {
  open("void run_all() {");
  open("for (std::uint64_t seed = 0; seed < 12; ++seed) {");
  line("begin_run(seed);");
  open("try {");
  line("note(\"=\", landing::run_coro(c0(0)));");
  for (unsigned i = classes_; i > 0; --i) {
    std::string number = std::to_string(i - 1);
    close("} catch (const E" + number + "& error) {");
    ++indent_;
    line("note(\"out E" + number + "\", error.v" + number + ");");
  }
  close("} catch (...) {");
  ++indent_;
  line("note(\"out\");");
  close();
  close();
  close();
}

}  // namespace heed::landing::fuzz
