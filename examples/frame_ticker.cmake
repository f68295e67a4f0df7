add_executable(frame_ticker ${CMAKE_CURRENT_SOURCE_DIR}/frame_ticker.cc)
target_link_libraries(frame_ticker PRIVATE gk_frames)
