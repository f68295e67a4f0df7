# The worker of Lua macros as it is shipped, with a test in the place of the daemon.
if(TARGET gamekeeper-worker AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  foreach(subject api escape runaway)
    add_test(NAME lua_${subject} COMMAND python3 -B -W ignore::ResourceWarning
             ${PROJECT_SOURCE_DIR}/tests/lua/${subject}_test.py)
    set_tests_properties(lua_${subject} PROPERTIES
      TIMEOUT 120 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  endforeach()
endif()
