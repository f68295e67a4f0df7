# What strangers, browsers and administrators hand in; tests/fuzz_test.py runs these 20 s each.
gk_fuzz(json_fuzz SOURCE json_fuzz.cc DEPS gk_base)
gk_fuzz(json_planted_fuzz SOURCE json_fuzz.cc DEPS gk_base)
if(TARGET json_planted_fuzz)
  target_compile_definitions(json_planted_fuzz PRIVATE GK_FUZZ_PLANTED)
  # The configuration needs no more of the server than this.
  add_executable(config_fuzz config_fuzz.cc ${PROJECT_SOURCE_DIR}/src/server/config.cc
                 ${PROJECT_SOURCE_DIR}/src/server/config_complaints.cc
                 ${PROJECT_SOURCE_DIR}/src/macros/time_zone.cc
                 ${PROJECT_SOURCE_DIR}/src/net/listen.cc
                 ${PROJECT_SOURCE_DIR}/src/notices/rules/address_guard.cc
                 ${PROJECT_SOURCE_DIR}/src/api/host_rules.cc)
  find_package(date REQUIRED)
  target_link_libraries(config_fuzz PRIVATE gk_macros_rules date::date-tz)
  target_link_options(config_fuzz PRIVATE -fsanitize=fuzzer)
endif()
gk_fuzz(web_socket_fuzz SOURCE web_socket_fuzz.cc DEPS gk_net gk_testing)
