// Linked into the cases where each indirect jump is to be checked: while main() runs, the pages of its code are guarded
// (branch target identification of aarch64). The C runtime of most systems does not do so.
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

int protect_program(dl_phdr_info* program, std::size_t, void* protection) {
  auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
    std::uintptr_t start = (program->dlpi_addr + segment.p_vaddr) / page * page;
    std::uintptr_t end = program->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    if (::mprotect(reinterpret_cast<void*>(start), end - start, *static_cast<int*>(protection)) == 0) continue;
    std::perror("no guarded pages");
    std::abort();
  }
  return 1;  // the program is the first
}
void protect(int more) {
  int protection = PROT_READ | PROT_EXEC | more;
  dl_iterate_phdr(&protect_program, &protection);
}

}  // namespace

// Linked with --wrap=main.
extern "C" int __real_main(int, char**);
extern "C" int __wrap_main(int argc, char** argv) {
  protect(0x10);  // PROT_BTI
  int status = __real_main(argc, argv);
  protect(0);
  return status;
}
