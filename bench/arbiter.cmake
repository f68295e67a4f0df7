gk_bench(arbiter_bench SOURCES arbiter_bench.cc DEPS gk_arbiter gk_testing)
gk_bench(lanes_bench SOURCES lanes_bench.cc DEPS gk_arbiter gk_net gk_sys)
