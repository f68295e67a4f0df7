# What the sanitizer builds of ./test are made with: sources in groups, and leftover CPU time.
add_test(NAME sanitizer_builds COMMAND python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/sanitizer_builds_test.py)
set_tests_properties(sanitizer_builds PROPERTIES TIMEOUT 60 LABELS style)
# Controls of the sanitizer builds: faults planted on purpose that must be reported.
if(GK_SANITIZE AND GK_TESTS)
  gk_library(gk_planted DIRS sanitizers)
  target_include_directories(gk_planted PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/sanitizers)
  add_executable(planted sanitizers/planted_main.cc)
  target_link_libraries(planted PRIVATE gk_planted)
  add_dependencies(gk_unit_tests planted)
  if(GK_SANITIZE STREQUAL "thread")
    set(gk_faults "race=ThreadSanitizer: data race")
  else()
    set(gk_faults "overflow=runtime error: signed integer overflow"
                  "use_after_free=AddressSanitizer: heap-use-after-free")
  endif()
  foreach(fault ${gk_faults})
    string(REGEX MATCH "^([a-z_]+)=(.*)$" matched ${fault})
    set(gk_name sanitizer_reports_${CMAKE_MATCH_1})
    add_test(NAME ${gk_name} COMMAND planted ${CMAKE_MATCH_1})
    set_tests_properties(${gk_name} PROPERTIES TIMEOUT 60 LABELS unit
                         PASS_REGULAR_EXPRESSION ${CMAKE_MATCH_2})
  endforeach()
endif()
