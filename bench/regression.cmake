# A program without libraries: bench/regression.py runs it.
if(GK_BENCH)
  add_executable(calibration_bench calibration_bench.cc)
endif()
