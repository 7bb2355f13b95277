# Runs a program and compares what it printed with the recorded text, byte by byte.
#
#   cmake -D PROGRAM=... [-D ARGUMENTS=a;b] -D EXPECTED=<path without suffix> -D ACTUAL=<file to write> [-D SORT=ON]
#         [-D OPTIONAL=ON] -P compare_trace.cmake
#
# The recorded text is the first that exists of EXPECTED.heed.expected (a deliberate difference from asyncio),
# EXPECTED.expected-3.14 (where asyncio changed) and EXPECTED.expected. With OPTIONAL the exit status alone counts
# when there is none. SORT orders the printed lines first.

get_filename_component(folder ${ACTUAL} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} OUTPUT_FILE ${ACTUAL} RESULT_VARIABLE status)

set(recorded "")
foreach(suffix .heed.expected .expected-3.14 .expected)
  if(EXISTS ${EXPECTED}${suffix})
    set(recorded ${EXPECTED}${suffix})
    break()
  endif()
endforeach()

if(SORT)
  file(STRINGS ${ACTUAL} lines)
  list(SORT lines)
  list(JOIN lines "\n" lines)
  file(WRITE ${ACTUAL} "${lines}\n")
endif()

set(differs FALSE)
if(recorded)
  execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${recorded} ${ACTUAL} RESULT_VARIABLE differs ERROR_QUIET)
elseif(NOT OPTIONAL)
  message(FATAL_ERROR "no recorded text for ${EXPECTED}")
endif()

if(differs)
  find_program(DIFF diff)
  if(DIFF)
    execute_process(COMMAND ${DIFF} -u --label recorded --label printed ${recorded} ${ACTUAL} OUTPUT_VARIABLE difference)
  else()
    file(READ ${recorded} expected_text)
    file(READ ${ACTUAL} actual_text)
    set(difference "--- recorded\n${expected_text}+++ printed\n${actual_text}")
  endif()
  message("${difference}")
  message("recorded: ${recorded}\nprinted:  ${ACTUAL}")
endif()
if(NOT status EQUAL 0)
  message("${PROGRAM} ${ARGUMENTS} ended with: ${status}")
endif()
if(differs OR NOT status EQUAL 0)
  message(FATAL_ERROR "the output is not as recorded, or the program failed")
endif()
