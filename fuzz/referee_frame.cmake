gk_fuzz(referee_frame_fuzz SOURCE referee_frame_fuzz.cc DEPS gk_referee)
