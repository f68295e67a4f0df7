# Faults and abuse against a real daemon, each with a planted bug that the same check must notice
# (docs/abuse.md).
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  # Bugs for the daemon as it is shipped, by LD_PRELOAD.
  add_library(gk_weaken MODULE ${CMAKE_CURRENT_LIST_DIR}/e2e/weaken.c)
  set_target_properties(gk_weaken PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  target_compile_options(gk_weaken PRIVATE -Wno-pedantic)  # dlsym() gives an object pointer
  target_link_libraries(gk_weaken PRIVATE ${CMAKE_DL_LIBS})
  foreach(subject http connections websocket faults process bomb accounts text pages)
    add_test(NAME abuse_${subject} COMMAND python3 -B -W ignore::ResourceWarning
             ${PROJECT_SOURCE_DIR}/tests/e2e/abuse_${subject}_test.py)
    set_tests_properties(abuse_${subject} PROPERTIES
      TIMEOUT 300 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
  # Times of the same daemon in good health and in bad, so nothing else runs beside it.
  add_test(NAME cancel_faults COMMAND python3 -B -W ignore::ResourceWarning
           ${PROJECT_SOURCE_DIR}/tests/e2e/cancel_faults_test.py)
  set_tests_properties(cancel_faults PROPERTIES
    TIMEOUT 300 LABELS e2e RUN_SERIAL ON ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_test(NAME soak COMMAND python3 -B -W ignore::ResourceWarning ${PROJECT_SOURCE_DIR}/tests/e2e/soak_test.py)
  set_tests_properties(soak PROPERTIES
    TIMEOUT 300 LABELS e2e RUN_SERIAL ON ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  # Builds the preset fuzz (clang-19), then runs eight programs for 20 s each, two at a time.
  add_test(NAME fuzz COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/fuzz_test.py)
  set_tests_properties(fuzz PROPERTIES TIMEOUT 900 LABELS fuzz SKIP_RETURN_CODE 77)
endif()
add_test(NAME documents_named_tests COMMAND python3 -B ${PROJECT_SOURCE_DIR}/tests/docs_check_test.py)
set_tests_properties(documents_named_tests PROPERTIES LABELS style TIMEOUT 60)
