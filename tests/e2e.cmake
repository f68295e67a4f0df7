# End-to-end tests: a real daemon, real processes, a real Prometheus. Release build only: the
# sanitizer builds run the unit tests.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  foreach(subject first_run macro macro_lanes json_lines api api_rules config events db lanes tasks movement accounts audit audit_rooms lua logs latency frames
          guide monitoring trends)
    add_test(NAME e2e_${subject}
             COMMAND python3 -B -W ignore::ResourceWarning ${PROJECT_SOURCE_DIR}/tests/e2e/${subject}_test.py)
    set_tests_properties(e2e_${subject} PROPERTIES
      TIMEOUT 300 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
  if(GK_DASHBOARD)
    add_test(NAME e2e_page COMMAND python3 -B -W ignore::ResourceWarning
             ${PROJECT_SOURCE_DIR}/tests/e2e/page_test.py)
    set_tests_properties(e2e_page PROPERTIES
      TIMEOUT 600 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    add_test(NAME web_unit COMMAND npm test --silent WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/web)
    add_test(NAME web_pages COMMAND npm run --silent e2e
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/web)
    set_tests_properties(web_unit web_pages PROPERTIES TIMEOUT 900 LABELS e2e)
  endif()
  add_test(NAME reference_documents
           COMMAND ${PROJECT_SOURCE_DIR}/tests/reference_test.sh $<TARGET_FILE:gamekeeperd>)
  set_tests_properties(reference_documents PROPERTIES TIMEOUT 60 LABELS e2e)
endif()
add_test(NAME style COMMAND ${PROJECT_SOURCE_DIR}/tools/check.sh)
set_tests_properties(style PROPERTIES TIMEOUT 900 LABELS style)
add_test(NAME layers_check COMMAND python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/layers_check_test.py)
set_tests_properties(layers_check PROPERTIES TIMEOUT 60 LABELS style)
