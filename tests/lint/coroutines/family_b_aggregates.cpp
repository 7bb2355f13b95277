// Aggregates that own something, in a full expression that awaits.
#include "snippet.hpp"

struct Options {
  std::string name{};
  int limit = 0;
};
struct Derived : Options {};
struct Callback {
  std::function<int()> f;
};
template <class T>
struct Box {
  T content;
};
struct Awaiter {
  std::shared_ptr<int> state;
  bool await_ready();
  void await_suspend(std::coroutine_handle<>);
  int await_resume();
  Coro<int> rvalue_member() &&;
};

Coro<int> run(Options);
Coro<int> run_derived(Derived);
Coro<int> run_callback(Callback);
template <class T>
Coro<int> run_box(Box<T>);
Coro<int> run_pointer(std::unique_ptr<Options>);
Coro<int> run_array(std::array<std::string, 2>);
int size(const Options&);
Coro<int> with_default(int, Options = {});                       // expect: B
Coro<int> with_named_default(int, const Options& options = {});  // expect: B
Coro<int> with_typed_default(Options options = Options{});       // expect: B
int plain_default(Options options = {});

Coro<int> temporaries(std::string s) {
  co_await run({.name = "x"});                                          // expect: B
  co_await run(Options{.limit = 1});                                    // expect: B
  co_await run(Options{"x", 1});                                        // expect: B
  co_await run(Options{});                                              // expect: B
  co_await run({"x", 1});                                               // expect: B
  co_await run({});                                                     // expect: B
  co_await run(Options("x", 1));                                        // expect: B
  co_await run_derived(Derived{});                                      // expect: B
  co_await run_callback(Callback{nullptr});                             // expect: B
  co_await run_box(Box<std::string>{"x"});                              // expect: B
  co_await run_pointer(std::unique_ptr<Options>(new Options{"x", 1}));  // expect: B
  co_await Awaiter{};                                                   // expect: B
  co_await Awaiter{}.rvalue_member();                                   // expect: B
  co_await run_array({std::string("a"), "b"});                          // expect: B
  co_await run_array(std::array<std::string, 2>{s, s});                 // expect: B
  co_return size(Options{"x", 1}) + co_await number();                  // expect: B
}

Coro<Options> made_of_awaits() {
  Options a{co_await text(), 1};                                    // expect: B
  Options b = {co_await text(), 1};                                 // expect: B
  Options c(co_await text(), 2);                                    // expect: B
  if (a.limit + b.limit + c.limit) co_return {co_await text(), 1};  // expect: B
  co_return Options{co_await text(), 2};                            // expect: B
}

Coro<> yielded() {
  co_yield Options{"x", 1};  // expect: B
}

Coro<> thrown() {
  if (co_await ready()) throw co_await text();  // expect: A B
  throw std::runtime_error(co_await text());    // expect: B
}

// --- and all of these are compiled well -----------------------------------------------------------------------

class Settings {
 public:
  Settings(int limit = 0) : limit_(limit) {}
  std::string name{};

 private:
  int limit_;
};
struct Constructed {
  explicit Constructed(std::string n) : name(std::move(n)) {}
  std::string name;
};
struct Inherits : Constructed {
  using Constructed::Constructed;
};
enum class Mode { fast, slow };
struct Trivial {
  int n = 0;
  const char* name = nullptr;
  Mode mode = Mode::fast;
  std::coroutine_handle<> handle{};
};
struct Holder {
  const std::string& text;
  Trivial trivial;
};
struct Tag {};
struct Error : std::runtime_error {
  Error() : std::runtime_error("x") {}
};

Coro<int> set(Settings = {});
Coro<int> set_trivial(Trivial = {});
Coro<int> make(Constructed);
Coro<int> tag(Tag);
Coro<int> hold(Holder);
Coro<int> list(std::vector<std::string>);

Coro<Options> fine() {
  std::string s;
  co_await set(Settings{3});
  co_await set(Settings(3));
  co_await set_trivial(Trivial{1, "x"});
  co_await make(Constructed{"x"});
  co_await make(Inherits{"x"});
  co_await tag(Tag{});
  co_await hold(Holder{s, {}});
  co_await with(std::string{"x"});
  co_await list(std::vector<std::string>{});
  co_await with_pair(std::pair<std::string, int>{"x", 1});
  Options named{.name = "x"};
  Options moved{std::move(named)};
  co_await run(moved);
  co_await run(Options(moved));
  co_await run(Options());
  co_await run(Options(std::move(moved)));
  std::array<int, 2> numbers{co_await number(), 2};
  use(std::array<int, 2>{co_await number(), 2}[0]);
  size(Options{"x", 1});
  co_return Options{"x", numbers[0]};
}

struct Local {
  static int members(Options o = {.limit = 3});
  Coro<int> start() { co_return co_await number(); }
  int n{3};
};
