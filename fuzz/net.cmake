gk_fuzz(http_head_fuzz SOURCE ${CMAKE_CURRENT_LIST_DIR}/http_head_fuzz.cc DEPS gk_net)
