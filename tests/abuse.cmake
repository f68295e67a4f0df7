# Faults and abuse against a real daemon, each with a planted bug that the same check must notice
# (docs/abuse.md).
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  foreach(subject http)
    add_test(NAME abuse_${subject} COMMAND python3 -B -W ignore::ResourceWarning
             ${PROJECT_SOURCE_DIR}/tests/e2e/abuse_${subject}_test.py)
    set_tests_properties(abuse_${subject} PROPERTIES
      TIMEOUT 300 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
endif()
