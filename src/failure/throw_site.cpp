#include "heed/failure/throw_site.hpp"

#include <atomic>

namespace heed {

namespace {

class NoThrowSites final : public ThrowSites {
 public:
  std::size_t addresses(const void*, void**, std::size_t) noexcept override { return 0; }
  std::string symbolise(void*) override { return {}; }
};

NoThrowSites none;
std::atomic<ThrowSites*> installed{&none};

}  // namespace

ThrowSites& throw_sites() noexcept { return *installed.load(std::memory_order_acquire); }

void install_throw_sites(ThrowSites* source) noexcept {
  installed.store(source ? source : &none, std::memory_order_release);
}

}  // namespace heed
