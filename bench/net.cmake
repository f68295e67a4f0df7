# Programs, not Google Benchmarks: wrk drives the first, the second drives itself, daemon_bench.py
# the others.
if(GK_BENCH)
  foreach(name net_http_bench net_ws_fanout_bench daemon_ws_bench http_open_loop_bench)
    add_executable(${name} ${CMAKE_CURRENT_LIST_DIR}/${name}.cc)
    target_link_libraries(${name} PRIVATE gk_net)
  endforeach()
endif()
