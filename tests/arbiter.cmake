# Properties, exhaustive exploration and planted bugs of the arbiter's rules. The rules are built a
# second time here, with the planted bugs compiled in (src/arbiter/rules/mutant.h).
if(GK_TESTS)
  find_package(rapidcheck REQUIRED)
  file(GLOB gk_arbiter_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/arbiter/rules/*.cc)
  list(FILTER gk_arbiter_sources EXCLUDE REGEX "_test\\.cc$")
  add_library(gk_arbiter_mutants STATIC ${gk_arbiter_sources})
  target_compile_definitions(gk_arbiter_mutants PUBLIC GK_ARBITER_MUTANTS)
  # Optimised in every preset: the tests run some ten million steps.
  target_compile_options(gk_arbiter_mutants PUBLIC -O2)
  target_link_libraries(gk_arbiter_mutants PUBLIC gk_base)
  gk_test(arbiter_property_tests ONE_THREAD DIRS arbiter DEPS gk_arbiter_mutants gk_testing rapidcheck)
  if(TARGET arbiter_property_tests)  # Its tests are optimised, so they cannot use what others use.
    set_target_properties(arbiter_property_tests PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
  endif()
endif()
