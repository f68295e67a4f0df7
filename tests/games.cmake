# Links to real game servers, started on loopback by the tests; skipped where one is not installed.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  foreach(subject econ openttd mud rcon quake3 luanti notices detect)
    add_test(NAME games_${subject} COMMAND python3 -B -W ignore::ResourceWarning
             ${PROJECT_SOURCE_DIR}/tests/games/${subject}_test.py)
    set_tests_properties(games_${subject} PROPERTIES
      LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
      ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
endif()
