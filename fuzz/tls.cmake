gk_fuzz(tls_frames_fuzz SOURCE tls_frames_fuzz.cc DEPS gk_tls_rules)
