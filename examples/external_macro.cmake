# Against the library as it is installed: what it forgets to export does not link.
add_executable(external_macro ${CMAKE_CURRENT_SOURCE_DIR}/external_macro.cc)
target_link_libraries(external_macro PRIVATE gamekeeper_library)
if(GK_TESTS AND TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  add_test(NAME e2e_external
           COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/e2e/external_test.py
                   ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/external_macro)
  set_tests_properties(e2e_external PROPERTIES LABELS e2e TIMEOUT 120
                       ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
