# Compiler floor, warnings, sanitizers and the compiler cache.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "heed needs g++ 12 or later, this is ${CMAKE_CXX_COMPILER_VERSION}")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "heed needs clang 16 or later, this is ${CMAKE_CXX_COMPILER_VERSION}")
endif()

if(NOT HEED_SANITIZE MATCHES "^(|address,undefined|thread)$")
  message(FATAL_ERROR "HEED_SANITIZE is \"${HEED_SANITIZE}\"; it must be empty, \"address,undefined\" or \"thread\"")
endif()
set(heed_sanitize_flags "")
if(HEED_SANITIZE)
  set(heed_sanitize_flags -fsanitize=${HEED_SANITIZE} -fno-omit-frame-pointer)
  if(HEED_SANITIZE MATCHES "undefined")
    list(APPEND heed_sanitize_flags -fno-sanitize-recover=undefined)
  endif()
endif()

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
  find_program(HEED_CCACHE ccache)
  if(HEED_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Without these, ccache refuses every file that uses a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${HEED_CCACHE})
  endif()
endif()

# What every target of this project is compiled with, and nothing that links to it from outside.
function(heed_compile_options target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow $<$<BOOL:${HEED_WERROR}>:-Werror>
                                           ${heed_sanitize_flags})
  target_link_options(${target} PRIVATE ${heed_sanitize_flags})
endfunction()

# Compiles the sources of a target so many at a time: what they instantiate alike is compiled once.
function(heed_compile_together target sources_at_a_time)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${sources_at_a_time})
  # g++ takes a coroutine in an included file for one in a header.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()
