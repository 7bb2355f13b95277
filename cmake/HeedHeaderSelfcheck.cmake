# header_selfcheck: every public header compiles alone, first thing in its translation unit, and may be included twice.

set(heed_selfcheck_sources "")
foreach(header IN LISTS heed_headers)
  string(REPLACE ".hpp" ".cpp" source ${PROJECT_BINARY_DIR}/header_selfcheck/${header})
  file(CONFIGURE OUTPUT ${source} CONTENT "#include <@header@>\n#include <@header@>\n" @ONLY)
  list(APPEND heed_selfcheck_sources ${source})
endforeach()

if(heed_selfcheck_sources)
  add_library(header_selfcheck OBJECT ${heed_selfcheck_sources})
  heed_compile_options(header_selfcheck)
  target_compile_options(header_selfcheck PRIVATE -O0 -g0)
  target_link_libraries(header_selfcheck PRIVATE heed::heed)
endif()
