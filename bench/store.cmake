foreach(program store_commit_bench store_open_bench)
  gk_bench(${program} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${program}.cc DEPS gk_store_testing)
endforeach()
