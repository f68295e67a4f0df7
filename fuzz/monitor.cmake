# The reader alone, whose reads of the page come to the program.
foreach(name monitor_frames_fuzz monitor_frames_planted_fuzz)
  gk_fuzz(${name} SOURCE ${CMAKE_CURRENT_LIST_DIR}/monitor_frames_fuzz.cc
          DEPS gk_monitor_rules gk_sys gk_testing)
  if(TARGET ${name})
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/monitor/frame_reader.cc)
    target_link_options(${name} PRIVATE LINKER:--wrap=pread)
  endif()
endforeach()
if(TARGET monitor_frames_planted_fuzz)
  target_compile_definitions(monitor_frames_planted_fuzz PRIVATE GK_FUZZ_PLANTED)
endif()
