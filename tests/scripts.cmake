# The macro library: a real daemon over REST and the CLI, and the tutorial as it is written.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  set(subjects scripts)
  if(EXISTS ${PROJECT_SOURCE_DIR}/tests/games/peers.py)  # Real servers.
    list(APPEND subjects tutorial script_games)
  endif()
  foreach(subject ${subjects})
    add_test(NAME e2e_${subject}
             COMMAND python3 -B -W ignore::ResourceWarning ${PROJECT_SOURCE_DIR}/tests/e2e/${subject}_test.py)
    set_tests_properties(e2e_${subject} PROPERTIES
      TIMEOUT 300 LABELS e2e SKIP_RETURN_CODE 77 ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
endif()
