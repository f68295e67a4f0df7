# Notices against receivers that behave, hang, limit, redirect and flood.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  add_test(NAME e2e_notices COMMAND python3 -B -W ignore::ResourceWarning
           ${PROJECT_SOURCE_DIR}/tests/e2e/notices_test.py)
  set_tests_properties(e2e_notices PROPERTIES
    TIMEOUT 300 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
