if(GK_BENCH)
  gk_bench(referee_bench SOURCES referee_bench.cc DEPS gk_referee_offline benchmark::benchmark_main)
endif()
