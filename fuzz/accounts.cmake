gk_fuzz(accounts_fuzz SOURCE ${CMAKE_CURRENT_LIST_DIR}/accounts_fuzz.cc
        DEPS gk_accounts_rules)
gk_fuzz(accounts_tokens_fuzz SOURCE ${CMAKE_CURRENT_LIST_DIR}/accounts_tokens_fuzz.cc
        DEPS gk_accounts_rules)
