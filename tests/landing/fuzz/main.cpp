// heed_landing_generate: writes a C++ source with random programs.
//
//   heed_landing_generate [--seed SEED] [--programs N]
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "landing/fuzz/generator.hpp"

int main(int argc, char** argv) {
  std::uint64_t seed = 1;
  unsigned programs = 10;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view option = argv[i];
    if (option == "--seed") {
      seed = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (option == "--programs") {
      programs = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    } else {
      std::cerr << "usage: heed_landing_generate [--seed SEED] [--programs N]\n";
      return 2;
    }
  }
  heed::landing::fuzz::Generator(seed, std::cout).write(programs);
  return std::cout.good() ? 0 : 1;
}
