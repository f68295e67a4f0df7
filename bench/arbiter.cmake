gk_bench(arbiter_bench SOURCES arbiter_bench.cc DEPS gk_arbiter gk_testing)
