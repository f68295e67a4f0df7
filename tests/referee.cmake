# The offline verbs as a person types them: options after the verb reach the verb's own parser.
if(TARGET gamekeeper AND NOT GK_SANITIZE AND NOT GK_FUZZ)
  add_test(NAME cli_referee_score
           COMMAND gamekeeper referee score --sessions 2 --seed 7 --honest --json)
  set_tests_properties(cli_referee_score PROPERTIES PASS_REGULAR_EXPRESSION
    "\"first_seed\":7,.*\"class\":\"honest awful\",\"sessions\":2,")
  add_test(NAME cli_referee_replay
           COMMAND sh -c "$<TARGET_FILE:gamekeeper> referee generate --class speed-1.2 --seconds 20 |
 $<TARGET_FILE:gamekeeper> referee replay - --events --set slack=0.1")
  set_tests_properties(cli_referee_replay PROPERTIES PASS_REGULAR_EXPRESSION
    "\"event\":\"rejected\".*\"rejects_by_rule\"")
  set_tests_properties(cli_referee_score cli_referee_replay PROPERTIES LABELS e2e TIMEOUT 60)
endif()
