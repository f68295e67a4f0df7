# ./run --demo in short, with a real OpenTTD server. Never skipped: the server is a package of ./test.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  add_test(NAME demo COMMAND python3 -B -W ignore::ResourceWarning
           ${PROJECT_SOURCE_DIR}/tests/demo_test.py)
  set_tests_properties(demo PROPERTIES
    LABELS e2e TIMEOUT 240 ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
