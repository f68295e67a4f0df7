# The tests of the fence and of the places in flight once more, with the planted bugs of
# src/games/mutant.h compiled in: without one they pass, and with each they fail.
if(GK_TESTS AND TARGET gk_games)
  add_executable(games_mutant_tests
    ${PROJECT_SOURCE_DIR}/src/games/service_fence_test.cc
    ${PROJECT_SOURCE_DIR}/src/games/service_pace_test.cc
    ${PROJECT_SOURCE_DIR}/src/games/failing_memory_test.cc
    ${PROJECT_SOURCE_DIR}/src/games/service_send.cc
    ${PROJECT_SOURCE_DIR}/src/games/link.cc)
  target_compile_definitions(games_mutant_tests PRIVATE GK_GAMES_MUTANTS
    GK_WORKER="$<TARGET_FILE:gamekeeper-worker>")
  target_link_libraries(games_mutant_tests PRIVATE gk_games gk_testing GTest::gtest_main)
  add_dependencies(games_mutant_tests gamekeeper-worker)
  add_test(NAME games_mutants COMMAND python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/macros_mutants.py $<TARGET_FILE:games_mutant_tests>
    ${PROJECT_SOURCE_DIR}/src/games/mutant.h GK_GAMES_MUTANT)
endif()
