# The tests of gamekeeper-tls once more, with the planted bugs of src/tls/mutant.h compiled in:
# without one they pass, and with each they fail.
if(GK_TESTS AND TARGET gk_tls AND NOT GK_SANITIZE)
  find_package(OpenSSL 3.0 REQUIRED)
  find_library(SECCOMP seccomp REQUIRED)
  file(GLOB gk_tls_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/tls/*.cc)
  list(FILTER gk_tls_sources EXCLUDE REGEX "_main\\.cc$")
  add_executable(tls_mutant_tests ${gk_tls_sources})
  target_compile_definitions(tls_mutant_tests PRIVATE GK_TLS_MUTANTS)
  target_link_libraries(tls_mutant_tests PRIVATE gk_tls_rules gk_sys gk_testing OpenSSL::SSL
    ${SECCOMP} GTest::gtest_main)
  add_test(NAME tls_mutants COMMAND python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/macros_mutants.py $<TARGET_FILE:tls_mutant_tests>
    ${PROJECT_SOURCE_DIR}/src/tls/mutant.h GK_TLS_MUTANT)
  # The daemon's side likewise, and of its tests those that are there for a planted bug.
  file(GLOB gk_tls_service_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/tls/service/*.cc)
  add_executable(tls_service_mutant_tests ${gk_tls_service_sources})
  target_compile_definitions(tls_service_mutant_tests PRIVATE GK_TLS_SERVICE_MUTANTS
    GK_TLS="$<TARGET_FILE:gamekeeper-tls>")
  target_link_libraries(tls_service_mutant_tests PRIVATE gk_tls_rules gk_net gk_sys gk_testing
    OpenSSL::Crypto GTest::gtest_main)
  add_dependencies(tls_service_mutant_tests gamekeeper-tls)
  add_test(NAME tls_service_mutants COMMAND python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/macros_mutants.py $<TARGET_FILE:tls_service_mutant_tests>
    ${PROJECT_SOURCE_DIR}/src/tls/service/mutant.h GK_TLS_SERVICE_MUTANT)
  set(tests TriesChangedFilesAgainWhenTheProgramCouldNotBeStarted
    DoesNotLetNewFilesOrAWordWaitForARestart SaysWhenLessHoldsThanItShould
    LosesOnlyTheClientsThatItHasNoDescriptorFor)
  list(TRANSFORM tests PREPEND "FrontProcessTest.")
  list(JOIN tests ":" tests)
  set_tests_properties(tls_service_mutants PROPERTIES ENVIRONMENT "GTEST_FILTER=${tests}")
endif()
