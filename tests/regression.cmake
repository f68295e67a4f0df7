add_test(NAME bench_regression_rules
         COMMAND python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/regression_test.py)
set_tests_properties(bench_regression_rules PROPERTIES TIMEOUT 60 LABELS unit)
