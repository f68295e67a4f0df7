# What a frame costs the game, and what reading 64 games costs the sampler.
gk_bench(frames_bench SOURCES frames_bench.cc DEPS gk_monitor gk_frames gk_testing)
