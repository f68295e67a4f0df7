#!/bin/sh
# uptime.sh: a process macro in the shell that speaks JSON lines. It asks once and ends.
#
#   gamekeeper macro run --id uptime --game arena --json-lines -- "$PWD/uptime.sh"
echo '{"id":1,"send":"uptime","timeout_s":5}'
while read -r line; do
  case $line in
    '{"id":1,"reply":'*) echo "the game says $line"; exit 0 ;;
    '{"id":1,"error":'*) echo "the game does not say: $line"; exit 1 ;;
  esac
done
