# Faults and abuse against a real daemon, each with a planted bug that the same check must notice
# (docs/abuse.md).
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  # Bugs for the daemon as it is shipped, by LD_PRELOAD.
  add_library(gk_weaken MODULE ${CMAKE_CURRENT_LIST_DIR}/e2e/weaken.c)
  set_target_properties(gk_weaken PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  target_compile_options(gk_weaken PRIVATE -Wno-pedantic)  # dlsym() gives an object pointer
  target_link_libraries(gk_weaken PRIVATE ${CMAKE_DL_LIBS})
  foreach(subject http connections websocket faults process accounts text)
    add_test(NAME abuse_${subject} COMMAND python3 -B -W ignore::ResourceWarning
             ${PROJECT_SOURCE_DIR}/tests/e2e/abuse_${subject}_test.py)
    set_tests_properties(abuse_${subject} PROPERTIES
      TIMEOUT 300 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
endif()
