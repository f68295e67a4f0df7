# Storage end to end: kill -9, full and read-only disks, damaged and newer files, clocks that jump.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  foreach(subject storage storage_kill clock player_data)
    add_test(NAME e2e_${subject}
             COMMAND python3 -B -W ignore::ResourceWarning ${PROJECT_SOURCE_DIR}/tests/e2e/${subject}_test.py)
    set_tests_properties(e2e_${subject} PROPERTIES
      TIMEOUT 300 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
endif()
