gk_bench(operations_bench SOURCES operations_bench.cc DEPS gk_operations gk_testing)
