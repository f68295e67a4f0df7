gk_bench(accounts_bench SOURCES ${CMAKE_CURRENT_LIST_DIR}/accounts_bench.cc
         DEPS gk_accounts gk_testing)
