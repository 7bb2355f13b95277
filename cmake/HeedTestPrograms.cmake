# heed_add_gtest(<target> PREFIX <prefix> SOURCES <files...>)
#   Builds the files into one GoogleTest executable and registers each of its tests as <prefix>.<suite>.<test>.
#   Does nothing when there are no files.

# tests/support/*.cpp is part of every test executable; as objects, so that a file which only registers something
# (a listener, a main()) is linked too.
file(GLOB heed_support_sources CONFIGURE_DEPENDS support/*.cpp)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp.new "// Carries the precompiled header of the tests.\n")
file(COPY_FILE ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp.new ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp
     ONLY_IF_DIFFERENT)
add_library(heed_test_support OBJECT ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp ${heed_support_sources})
target_include_directories(heed_test_support PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(heed_test_support PUBLIC heed::heed GTest::gtest)
heed_compile_options(heed_test_support)
target_precompile_headers(heed_test_support PRIVATE <gtest/gtest.h> <heed/heed.hpp>)
if(CMAKE_CXX_COMPILER_LAUNCHER) # what ccache needs to see through a precompiled header
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(heed_test_support PUBLIC -fpch-preprocess)
  else()
    target_compile_options(heed_test_support PUBLIC "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

include(GoogleTest)

function(heed_add_gtest target)
  cmake_parse_arguments(arg "" "PREFIX" "SOURCES" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${target} ${arg_SOURCES})
  heed_compile_options(${target})
  target_link_libraries(${target} PRIVATE heed_test_support GTest::gtest_main)
  target_precompile_headers(${target} REUSE_FROM heed_test_support)
  if(HEED_TESTS_TOGETHER)
    heed_compile_together(${target} 4)
  endif()
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX "${arg_PREFIX}."
                       PROPERTIES TIMEOUT ${heed_test_timeout})
endfunction()
