# The Luanti mod inside a real minetestserver; skipped where it is not installed.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  add_test(NAME luanti_mod COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/luanti_test.py)
  set_tests_properties(luanti_mod PROPERTIES
    LABELS e2e TIMEOUT 240 SKIP_RETURN_CODE 77
    ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
