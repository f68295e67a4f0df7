# What sampling costs (CPU time of the sampler's thread), beside psutil doing the same work; and an
# hour of series under load. Each prints one JSON object.
add_executable(monitor_sampler_bench monitor_sampler_bench.cc)
target_link_libraries(monitor_sampler_bench PRIVATE gk_monitor)
add_executable(monitor_series_bench monitor_series_bench.cc)
target_link_libraries(monitor_series_bench PRIVATE gk_monitor_rules)
add_executable(monitor_health_bench monitor_health_bench.cc)
target_link_libraries(monitor_health_bench PRIVATE gk_monitor)
