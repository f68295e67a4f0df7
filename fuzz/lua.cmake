gk_fuzz(lua_protocol_fuzz SOURCE ${CMAKE_CURRENT_LIST_DIR}/lua_protocol_fuzz.cc DEPS gk_scripts)
