#include <link.h>
#include <sys/auxv.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "failure/landing_pad.hpp"

namespace heed::detail {

namespace {

// A library or the program, as the dynamic linker describes it.
struct Object {
  const char* path = "";
  std::uintptr_t base = 0;
  const ElfW(Phdr) * segments = nullptr;
  bool contains = false;  // the address that is asked for
  const ElfW(Dyn) * dynamic = nullptr;
  const char* strings = nullptr;
  const char* name = nullptr;  // DT_SONAME
  bool needed = false;         // by the program, perhaps by way of others
};

constexpr std::size_t most_objects = 256;
struct Search {
  std::uintptr_t address;
  Object objects[most_objects];
  std::size_t count = 0;
  bool found = false;
};

int note_object(dl_phdr_info* info, std::size_t, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  if (search.count == most_objects) return 1;
  Object& object = search.objects[search.count++];
  object.path = info->dlpi_name ? info->dlpi_name : "";
  object.base = info->dlpi_addr;
  object.segments = info->dlpi_phdr;
  for (ElfW(Half) i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    std::uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && search.address >= start && search.address < start + segment.p_memsz)
      object.contains = true;
    if (segment.p_type == PT_DYNAMIC) object.dynamic = reinterpret_cast<const ElfW(Dyn)*>(start);
  }
  return 0;
}

void read_names(Object& object) {
  if (!object.dynamic) return;
  ElfW(Sxword) name = -1;
  for (const ElfW(Dyn)* entry = object.dynamic; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_STRTAB) {
      std::uintptr_t table = entry->d_un.d_ptr;
      if (table < object.base) table += object.base;  // some C libraries leave it as it is in the file
      object.strings = reinterpret_cast<const char*>(table);
    }
    if (entry->d_tag == DT_SONAME) name = static_cast<ElfW(Sxword)>(entry->d_un.d_val);
  }
  if (object.strings && name >= 0) object.name = object.strings + name;
}

bool is_called(const Object& object, const char* needed) {
  if (object.name) return std::strcmp(object.name, needed) == 0;
  const char* slash = std::strrchr(object.path, '/');
  return std::strcmp(slash ? slash + 1 : object.path, needed) == 0;
}

// Marks what `object` needs; whether anything is new. The first object of a name is meant: those that were there when the
// program began come before those that dlopen() added.
bool mark_needed(Search& search, const Object& object) {
  bool marked = false;
  if (!object.dynamic || !object.strings) return false;
  for (const ElfW(Dyn)* entry = object.dynamic; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag != DT_NEEDED) continue;
    for (std::size_t i = 0; i < search.count; ++i) {
      Object& other = search.objects[i];
      if (!is_called(other, object.strings + entry->d_un.d_val)) continue;
      if (!other.needed) other.needed = marked = true;
      break;
    }
  }
  return marked;
}

// Whether the object that contains the address is one that the program needs.
void search_objects(Search& search) {
  dl_iterate_phdr(&note_object, &search);
  // The program comes first, except in a namespace of dlmopen(), which can go as a whole.
  if (search.count == 0 || reinterpret_cast<std::uintptr_t>(search.objects[0].segments) != ::getauxval(AT_PHDR)) return;
  search.objects[0].needed = true;
  for (std::size_t i = 0; i < search.count; ++i) read_names(search.objects[i]);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < search.count; ++i)
      if (search.objects[i].needed && mark_needed(search, search.objects[i])) more = true;
  }
  for (std::size_t i = 0; i < search.count; ++i)
    if (search.objects[i].contains) search.found = search.objects[i].needed;
}

// While this runs, nothing is unloaded: what is read of an object stays where it is.
int search_under_lock(dl_phdr_info*, std::size_t, void* argument) {
  search_objects(*static_cast<Search*>(argument));
  return 1;
}

}  // namespace

bool is_permanent(std::uintptr_t address) noexcept {
  // Not on the stack, which may be small.
  void* memory = std::malloc(sizeof(Search));
  if (!memory) return false;
  auto* search = new (memory) Search();
  search->address = address;
  dl_iterate_phdr(&search_under_lock, search);
  bool found = search->found;
  std::free(memory);
  return found;
}

}  // namespace heed::detail
