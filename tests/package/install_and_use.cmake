# Steps of the test package.install; its variables are given in CMakeLists.txt beside this file.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed (${status}): ${command}")
  endif()
endfunction()

# A sanitized library needs a sanitized program; nothing else is handed to the consumers.
list(JOIN FLAGS " " flags)

file(REMOVE_RECURSE ${SCRATCH})
set(prefix ${SCRATCH}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
if(NOT EXISTS ${prefix}/share/doc/heed/LICENSE)
  message(FATAL_ERROR "the licence was not installed")
endif()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${SCRATCH}/build -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_CXX_FLAGS=${flags} -D CMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${SCRATCH}/build)
run(${SCRATCH}/build/consumer)

# The line that the documentation gives, through a shell: c++ main.cpp $(pkg-config --cflags --libs heed)
set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
set(compile "${CXX} ${flags} ${CMAKE_CURRENT_LIST_DIR}/consumer/main.cpp $(${PKG_CONFIG} --cflags --libs heed)")
run(sh -c "${compile} -o ${SCRATCH}/consumer")
run(${SCRATCH}/consumer)
