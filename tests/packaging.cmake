# What is installed: manuals, completions, unit, samples. The package itself is tried by
# packaging/test_deb.sh, which needs root and a Debian mirror.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  add_test(NAME packaging_files
           COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/packaging_test.py)
  add_test(NAME pages_name_what_is_there
           COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/development_test.py)
  set_tests_properties(pages_name_what_is_there PROPERTIES TIMEOUT 60 LABELS e2e)
  foreach(subject service proxy)
    add_test(NAME e2e_${subject}
             COMMAND python3 -B -W ignore::ResourceWarning ${PROJECT_SOURCE_DIR}/tests/e2e/${subject}_test.py)
    set_tests_properties(e2e_${subject} PROPERTIES TIMEOUT 300)
  endforeach()
  set_tests_properties(packaging_files PROPERTIES TIMEOUT 120)
  set_tests_properties(packaging_files e2e_service e2e_proxy PROPERTIES
    LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
