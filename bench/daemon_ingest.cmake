# A program, not a Google Benchmark: it starts a daemon and sends to it.
if(GK_BENCH)
  add_executable(daemon_ingest_bench ${CMAKE_CURRENT_LIST_DIR}/daemon_ingest_bench.cc)
  target_link_libraries(daemon_ingest_bench PRIVATE gk_referee)
endif()
