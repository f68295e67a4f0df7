# The tests of the ladder once more, with the planted bugs of src/macros/rules/mutant.h compiled in:
# without one they pass, and with each they fail.
if(GK_TESTS)
  file(GLOB gk_macros_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/macros/rules/*.cc)
  list(FILTER gk_macros_sources EXCLUDE REGEX "_test\\.cc$")
  add_library(gk_macros_mutants STATIC ${gk_macros_sources})
  target_compile_definitions(gk_macros_mutants PUBLIC GK_MACROS_MUTANTS)
  target_link_libraries(gk_macros_mutants PUBLIC gk_monitor_rules gk_base)
  add_executable(macros_mutant_tests ${PROJECT_SOURCE_DIR}/src/macros/rules/ladder_test.cc
    ${PROJECT_SOURCE_DIR}/src/macros/rules/window_watch_test.cc)
  target_link_libraries(macros_mutant_tests PRIVATE gk_macros_mutants GTest::gtest_main)
  add_test(NAME macros_mutants COMMAND python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/macros_mutants.py $<TARGET_FILE:macros_mutant_tests>
    ${PROJECT_SOURCE_DIR}/src/macros/rules/mutant.h GK_MACROS_MUTANT)
  # The same for programs that speak JSON lines and lie.
  set(gk_lines ${PROJECT_SOURCE_DIR}/src/macros/scripts/json_lines)
  add_executable(json_lines_mutant_tests ${gk_lines}.cc ${gk_lines}_script.cc ${gk_lines}_test.cc
    ${gk_lines}_script_test.cc)
  target_compile_definitions(json_lines_mutant_tests PRIVATE GK_JSON_LINES_MUTANTS)
  target_link_libraries(json_lines_mutant_tests PRIVATE gk_scripts gk_testing GTest::gtest_main)
  add_test(NAME json_lines_mutants COMMAND python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/macros_mutants.py $<TARGET_FILE:json_lines_mutant_tests>
    ${gk_lines}_mutant.h GK_JSON_LINES_MUTANT)
endif()
