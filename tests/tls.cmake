# TLS of our own, against the real daemon, and once with a planted bug: a daemon that believes the
# credentials of the socket pair, so that whoever comes by TLS is an administrator.
if(TARGET gamekeeperd AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  set(right "server_->adopt(fd, {.address = std::move(address), .port = port});")
  set(source ${PROJECT_SOURCE_DIR}/src/server/daemon.cc)
  set(believer ${CMAKE_CURRENT_BINARY_DIR}/daemon_believer.cc)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} text)
  string(FIND "${text}" "${right}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "${source} has no line to plant the bug in: ${right}")
  endif()
  string(REPLACE "${right}" "server_->adopt(fd, net::peer_of(fd));" text "${text}")
  file(CONFIGURE OUTPUT ${believer} CONTENT "${text}" @ONLY)
  # Its Daemon stands before the one of the library.
  add_executable(gamekeeperd-believer ${PROJECT_SOURCE_DIR}/src/server/daemon_main.cc ${believer})
  target_compile_options(gamekeeperd-believer PRIVATE -Wno-unused-parameter)
  target_link_libraries(gamekeeperd-believer PRIVATE gk_server)
  add_test(NAME e2e_tls COMMAND python3 -B -W ignore::ResourceWarning
           ${PROJECT_SOURCE_DIR}/tests/e2e/tls_test.py)
  set_tests_properties(e2e_tls PROPERTIES
    TIMEOUT 300 LABELS e2e ENVIRONMENT "GK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
