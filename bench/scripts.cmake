gk_bench(scripts_bench SOURCES scripts_bench.cc DEPS gk_scripts_rules)
