gk_fuzz(games_fuzz SOURCE games_fuzz.cc DEPS gk_games_rules)
