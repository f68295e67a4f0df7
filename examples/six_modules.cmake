add_executable(six_modules ${CMAKE_CURRENT_SOURCE_DIR}/six_modules.cc)
target_link_libraries(six_modules PRIVATE gk_arbiter)
if(GK_TESTS)
  add_dependencies(gk_unit_tests six_modules)
  # Seconds of real time against the game on the loopback; a minute by hand: --seconds 60.
  add_test(NAME example_six_modules COMMAND six_modules --seconds 4 --gap-ms 20)
  # Without the arbiter the game must find mixed routines: otherwise it finds nothing at all.
  add_test(NAME example_six_modules_planted_bug
           COMMAND six_modules --seconds 1 --gap-ms 20 --without-arbiter)
  set_tests_properties(example_six_modules_planted_bug PROPERTIES WILL_FAIL ON)
  set_tests_properties(example_six_modules example_six_modules_planted_bug
                       PROPERTIES LABELS unit TIMEOUT 60)
endif()
# The same modules as processes and as process macros of a daemon, against a real text game.
find_program(GK_NETMUX tinymux-install PATHS /usr/games)
if(GK_TESTS AND GK_NETMUX AND TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  set(gk_mux python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/six_modules_mux.py
             --bin ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  # A minute or an hour by hand: --seconds 60, --seconds 3600.
  add_test(NAME e2e_six_modules_mux COMMAND ${gk_mux} --seconds 20)
  add_test(NAME e2e_six_modules_mux_macros COMMAND ${gk_mux} --seconds 20 --macros)
  add_test(NAME e2e_six_modules_mux_planted_bug
           COMMAND ${gk_mux} --seconds 4 --think 0.2 --without-arbiter)
  set_tests_properties(e2e_six_modules_mux_planted_bug PROPERTIES WILL_FAIL ON)
  set_tests_properties(e2e_six_modules_mux e2e_six_modules_mux_macros
                       e2e_six_modules_mux_planted_bug PROPERTIES LABELS e2e TIMEOUT 120)
endif()
