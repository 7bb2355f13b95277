# The library itself: every .cpp one folder below src/ belongs to it.

file(GLOB heed_sources CONFIGURE_DEPENDS src/*/*.cpp)
file(GLOB_RECURSE heed_headers RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/include CONFIGURE_DEPENDS include/heed/*.hpp)

find_package(Threads REQUIRED)

add_library(heed STATIC ${heed_sources})
add_library(heed::heed ALIAS heed)
heed_compile_options(heed)
target_compile_features(heed PUBLIC cxx_std_20)
target_include_directories(heed
  PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  PRIVATE src)
target_link_libraries(heed PUBLIC Threads::Threads)
if(NOT HEED_DIRECT_LANDING)
  target_compile_definitions(heed PRIVATE HEED_NO_DIRECT_LANDING)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  # A symbol of its assembly that the linker would not find in an archive for -flto.
  set_source_files_properties(src/failure/landing_processor.cpp PROPERTIES COMPILE_OPTIONS -fno-lto)
endif()
set_target_properties(heed PROPERTIES POSITION_INDEPENDENT_CODE ON)
