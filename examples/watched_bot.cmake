# As an embedder builds it: against the shared library alone.
add_executable(watched_bot ${CMAKE_CURRENT_SOURCE_DIR}/watched_bot.cc)
target_link_libraries(watched_bot PRIVATE gamekeeper_library)
target_compile_features(watched_bot PRIVATE cxx_std_20)
