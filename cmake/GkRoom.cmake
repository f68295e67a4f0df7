# gk_library, gk_test, gk_bench, gk_fuzz: one line a room. Sources are found by name, so a new file
# needs no edit here: *_test.cc and *_bench.cc are kept out of the library.
include_guard()

if(GK_TESTS)
  find_package(GTest REQUIRED)
endif()
if(GK_BENCH)
  find_package(benchmark REQUIRED)
endif()

# All programs of the unit tests: what a sanitizer preset builds.
add_custom_target(gk_unit_tests)

# Sanitizer builds only: the standard headers, and GoogleTest for tests, are compiled once. Not in
# release builds, because g++ 12 ends with an internal error; tools/check_headers.sh there holds each
# file to its own includes.
set(GK_PRECOMPILE OFF)
if(GK_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(GK_PRECOMPILE ON)
  set(gk_headers <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <condition_variable> <deque>
      <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span> <sstream>
      <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
  add_library(gk_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_precompile_headers(gk_precompiled PRIVATE ${gk_headers})
  # A program's code is PIE, not PIC.
  add_library(gk_precompiled_tests OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_link_libraries(gk_precompiled_tests PRIVATE GTest::gtest)
  target_precompile_headers(gk_precompiled_tests PRIVATE ${gk_headers} <gtest/gtest.h>)
  set_target_properties(gk_precompiled_tests PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(gk_precompiled_tests PRIVATE -fPIE)
endif()

# gk_unite(TARGET sources…): up to eight sources are compiled as one, which saves half to two thirds
# of what they spend on headers and templates. tools/unity_groups.py keeps apart sources that use the
# same name for different things. For tests, and for all in sanitizer builds; what is delivered, and
# all in the preset dev, is compiled source by source.
function(gk_unite name)
  execute_process(COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tools/unity_groups.py 8 ${ARGN}
                  OUTPUT_VARIABLE groups COMMAND_ERROR_IS_FATAL ANY)
  foreach(source group IN ZIP_LISTS ARGN groups)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${name}_${group})
  endforeach()
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN}
               ${PROJECT_SOURCE_DIR}/tools/unity_groups.py)
  # A parameter may have the name of a function of another source; the preset dev sees all shadows.
  target_compile_options(${name} PRIVATE -Wno-shadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ inlines one of the two operators that a test of failing memory replaces, and misses the other.
    target_compile_options(${name} PRIVATE -Wshadow=local -Wno-mismatched-new-delete)
  endif()
endfunction()

# gk_library(NAME [DEPS targets…] [DIRS folders…] [NO_UBSAN] [SMALL] [HOT])
# Static library of all sources of this folder (or DIRS, relative to it).
# SMALL: in release builds for size. For rooms that serve people, not packets: their code is half as
# large, which the daemon's memory shows, and compiles in three quarters of the time.
# HOT: optimised in sanitizer builds too, because tests play hours with it; without the precompiled
# headers then, which are not optimised.
function(gk_library name)
  cmake_parse_arguments(ARG "NO_UBSAN;SMALL;HOT" "" "DEPS;DIRS" ${ARGN})
  if(NOT ARG_DIRS)
    set(ARG_DIRS .)
  endif()
  set(sources)
  foreach(dir ${ARG_DIRS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cc)
    list(FILTER found EXCLUDE REGEX "_(test|bench|fuzz|main)\\.cc$")
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)  # A room that has only headers so far.
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.cc "")
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.cc)
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  if(ARG_SMALL AND CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${name} PRIVATE -Os)
  endif()
  if(GK_PRECOMPILE)
    if(ARG_HOT)
      target_compile_options(${name} PRIVATE -O1)
    else()
      target_precompile_headers(${name} REUSE_FROM gk_precompiled)
    endif()
    gk_unite(${name} ${sources})
  endif()
  if(GK_SANITIZE STREQUAL "address" AND NOT ARG_NO_UBSAN)
    target_compile_options(${name} PRIVATE -fsanitize=undefined -fno-sanitize-recover=undefined)
  endif()
endfunction()

# gk_test(NAME DEPS targets… [DIRS folders…] [LABELS …] [TIMEOUT s] [ONE_THREAD]): one executable
# and one ctest entry of all *_test.cc files of this folder (or DIRS).
# ONE_THREAD: neither the code nor its tests have a second thread, so that ThreadSanitizer has nothing
# to find and the program is not built for it. tools/check_layers.py holds the folders to it.
function(gk_test name)
  cmake_parse_arguments(ARG "ONE_THREAD" "TIMEOUT" "DEPS;DIRS;LABELS" ${ARGN})
  if(NOT GK_TESTS OR (ARG_ONE_THREAD AND GK_SANITIZE STREQUAL "thread"))
    return()
  endif()
  if(NOT ARG_DIRS)
    set(ARG_DIRS .)
  endif()
  set(sources)
  foreach(dir ${ARG_DIRS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*_test.cc)
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gtest_main)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")  # The code under test is optimised; a test runs once.
    target_compile_options(${name} PRIVATE -O1)
    gk_unite(${name} ${sources})
  endif()
  if(GK_PRECOMPILE)
    target_precompile_headers(${name} REUSE_FROM gk_precompiled_tests)
    gk_unite(${name} ${sources})
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(GK_SANITIZE AND ARG_TIMEOUT LESS 300)
    set(ARG_TIMEOUT 300)  # Several times as slow, and perhaps beside other builds.
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(gk_unit_tests ${name})
  endif()
endfunction()

# gk_bench(NAME SOURCES files… DEPS targets…): a Google Benchmark program; run by hand or by bench/.
function(gk_bench name)
  if(NOT GK_BENCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} benchmark::benchmark)
endfunction()

# gk_fuzz(NAME SOURCE file DEPS targets… [CORPUS dir]): a libFuzzer program (preset fuzz).
function(gk_fuzz name)
  if(NOT GK_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "SOURCE;CORPUS" "DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCE})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
