add_executable(six_modules ${CMAKE_CURRENT_SOURCE_DIR}/six_modules.cc)
target_link_libraries(six_modules PRIVATE gk_arbiter)
if(GK_TESTS)
  # Seconds of real time against the game on the loopback; a minute by hand: --seconds 60.
  add_test(NAME example_six_modules COMMAND six_modules --seconds 4 --gap-ms 20)
  # Without the arbiter the game must find mixed routines: otherwise it finds nothing at all.
  add_test(NAME example_six_modules_planted_bug
           COMMAND six_modules --seconds 1 --gap-ms 20 --without-arbiter)
  set_tests_properties(example_six_modules_planted_bug PROPERTIES WILL_FAIL ON)
  set_tests_properties(example_six_modules example_six_modules_planted_bug
                       PROPERTIES LABELS unit TIMEOUT 60)
endif()
