# bash completion of gamekeeper; made by `gamekeeper --print completion-bash`, do not edit.
_gamekeeper() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local path='' next words='' options='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [ "$word" = -- ] && return 0
    next=${path:+$path }$word
    case $next in
      'setup'|'status'|'top'|'health'|'metrics'|'lanes'|'lock'|'module'|'module list'|'module set'|'module delete'|'trace'|'game'|'game list'|'game detect'|'game add'|'game remove'|'game show'|'game connect'|'game disconnect'|'game console'|'game send'|'notice'|'notice list'|'notice add'|'notice set'|'notice remove'|'notice test'|'notice outbox'|'macro'|'macro run'|'macro start'|'macro new'|'macro import'|'macro export'|'macro enable'|'macro disable'|'macro remove'|'macro schedule'|'macro versions'|'macro restore'|'macro list'|'macro cancellations'|'macro check'|'macro stop-all'|'macro stop'|'macro pause'|'macro resume'|'macro log'|'macro quarantine'|'macro quarantine list'|'macro quarantine lift'|'macro trends'|'profile'|'profile list'|'profile show'|'profile set'|'profile load'|'profile approve'|'profile delete'|'simulate'|'task'|'task run'|'task list'|'task show'|'task cancel'|'user'|'user list'|'user add'|'user sessions'|'user role'|'user disable'|'user enable'|'user delete'|'user reset'|'role'|'role list'|'role set'|'role delete'|'token'|'token list'|'token create'|'token revoke'|'audit'|'audit list'|'audit verify'|'referee'|'referee replay'|'referee generate'|'referee score'|'referee smart'|'referee players'|'referee review'|'referee accept'|'referee dismiss'|'referee record'|'referee record start'|'referee record stop'|'referee record status'|'db'|'db check'|'db backup'|'db restore'|'logs'|'config'|'config check'|'config show'|'config schema'|'config reload'|'config set'|'config unset'|'config revisions'|'config restore'|'player'|'player export'|'player delete'|'session'|'session list'|'session start'|'session pause'|'session stop'|'mode'|'mode list'|'mode set'|'mode run'|'command') path=$next; continue ;;
    esac
    case $word in
      --action|--actor|--args|--cancel|--category|--character|--code|--command|--comment|--correlation|--cpu|--cron|--cursor|--data|--days|--description|--dry-run|--event|--file|--fps|--from|--game|--group|--hash|--host|--id|--in-flight|--kind|--latency|--level|--limit|--lines|--macro|--max-duration|--max-mb|--memory|--mode|--name|--note|--notify|--option|--output|--patterns|--pid|--port|--priority|--profile|--rate|--response|--resume|--role|--scope|--seq|--session|--since|--socket|--state|--target|--text|--time-zone|--timeout|--to|--unset|--username|--window|--windows|--zone|-n) i=$((i + 1)) ;;
    esac
  done
  case "$path|$prev" in
    'macro run|--level') words='safe risky dangerous' ;;
    'macro start|--level') words='safe risky dangerous' ;;
    'macro schedule|--resume') words='yes no' ;;
    'macro check|--level') words='basic strict complete' ;;
    'profile set|--level') words='safe risky dangerous' ;;
    'profile set|--cancel') words='yes no' ;;
    'profile set|--dry-run') words='yes no' ;;
    'profile set|--notify') words='yes no' ;;
    'profile set|--unset') words='name category description level cancel notify dry-run windows patterns max-duration cpu memory fps latency response' ;;
    'simulate|--kind') words='script process external' ;;
    'simulate|--level') words='safe risky dangerous' ;;
    'logs|--level') words='debug info warn error' ;;
  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return 0
  fi
  case $prev in
    --action|--actor|--args|--cancel|--category|--character|--code|--command|--comment|--correlation|--cpu|--cron|--cursor|--data|--days|--description|--dry-run|--event|--file|--fps|--from|--game|--group|--hash|--host|--id|--in-flight|--kind|--latency|--level|--limit|--lines|--macro|--max-duration|--max-mb|--memory|--mode|--name|--note|--notify|--option|--output|--patterns|--pid|--port|--priority|--profile|--rate|--response|--resume|--role|--scope|--seq|--session|--since|--socket|--state|--target|--text|--time-zone|--timeout|--to|--unset|--username|--window|--windows|--zone|-n) return 0 ;;  # any value: file names
  esac
  case $path in
    '') words='setup status top health metrics lanes lock module trace game notice macro profile simulate task user role token audit referee db logs config player session mode command' options='-h --help --data --socket --json' ;;
    'setup') words='' options='-h --help --username --code --password-stdin --data --socket --json' ;;
    'status') words='' options='-h --help --data --socket --json' ;;
    'top') words='' options='-h --help --once --data --socket --json' ;;
    'health') words='' options='-h --help --data --socket --json' ;;
    'metrics') words='' options='-h --help --prometheus --data --socket --json' ;;
    'lanes') words='' options='-h --help --watch --data --socket --json' ;;
    'lock') words='' options='-h --help --actor --timeout --data --socket --json' ;;
    'module') words='list set delete' options='-h --help --data --socket --json' ;;
    'module list') words='' options='-h --help --data --socket --json' ;;
    'module set') words='' options='-h --help --priority --group --data --socket --json' ;;
    'module delete') words='' options='-h --help --data --socket --json' ;;
    'trace') words='' options='-h --help --replay --data --socket --json' ;;
    'game') words='list detect add remove show connect disconnect console send' options='-h --help --data --socket --json' ;;
    'game list') words='' options='-h --help --data --socket --json' ;;
    'game detect') words='' options='-h --help --data --socket --json' ;;
    'game add') words='' options='-h --help --host --port --option --rate --in-flight --password --disabled --data --socket --json' ;;
    'game remove') words='' options='-h --help --data --socket --json' ;;
    'game show') words='' options='-h --help --data --socket --json' ;;
    'game connect') words='' options='-h --help --data --socket --json' ;;
    'game disconnect') words='' options='-h --help --data --socket --json' ;;
    'game console') words='' options='-h --help --data --socket --json' ;;
    'game send') words='' options='-h --help --confirmed --timeout --data --socket --json' ;;
    'notice') words='list add set remove test outbox' options='-h --help --data --socket --json' ;;
    'notice list') words='' options='-h --help --data --socket --json' ;;
    'notice add') words='' options='-h --help --event --game --command --secret --disable --data --socket --json' ;;
    'notice set') words='' options='-h --help --event --game --command --secret --disable --all-events --url --enable --data --socket --json' ;;
    'notice remove') words='' options='-h --help --data --socket --json' ;;
    'notice test') words='' options='-h --help --data --socket --json' ;;
    'notice outbox') words='' options='-h --help --state --limit --data --socket --json' ;;
    'macro') words='run start new import export enable disable remove schedule versions restore list cancellations check stop-all stop pause resume log quarantine trends' options='-h --help --data --socket --json' ;;
    'macro run') words='' options='-h --help --id --name --level --profile --game --args --detach --json-lines --data --socket --json' ;;
    'macro start') words='' options='-h --help --id --name --level --profile --game --args --pid --data --socket --json' ;;
    'macro new') words='' options='-h --help --steps --lua --file --data --socket --json' ;;
    'macro import') words='' options='-h --help --replace --keep-settings --data --socket --json' ;;
    'macro export') words='' options='-h --help --data --socket --json' ;;
    'macro enable') words='' options='-h --help --data --socket --json' ;;
    'macro disable') words='' options='-h --help --data --socket --json' ;;
    'macro remove') words='' options='-h --help --data --socket --json' ;;
    'macro schedule') words='' options='-h --help --cron --zone --window --clear --resume --profile --game --args --data --socket --json' ;;
    'macro versions') words='' options='-h --help --data --socket --json' ;;
    'macro restore') words='' options='-h --help --data --socket --json' ;;
    'macro list') words='' options='-h --help --library --data --socket --json' ;;
    'macro cancellations') words='' options='-h --help --data --socket --json' ;;
    'macro check') words='' options='-h --help --level --data --socket --json' ;;
    'macro stop-all') words='' options='-h --help --data --socket --json' ;;
    'macro stop') words='' options='-h --help --data --socket --json' ;;
    'macro pause') words='' options='-h --help --data --socket --json' ;;
    'macro resume') words='' options='-h --help --data --socket --json' ;;
    'macro log') words='' options='-h --help -f --follow --data --socket --json' ;;
    'macro quarantine') words='list lift' options='-h --help --data --socket --json' ;;
    'macro quarantine list') words='' options='-h --help --data --socket --json' ;;
    'macro quarantine lift') words='' options='-h --help --data --socket --json' ;;
    'macro trends') words='' options='-h --help --days --time-zone --macro --game --data --socket --json' ;;
    'profile') words='list show set load approve delete' options='-h --help --data --socket --json' ;;
    'profile list') words='' options='-h --help --data --socket --json' ;;
    'profile show') words='' options='-h --help --data --socket --json' ;;
    'profile set') words='' options='-h --help --level --max-duration --cpu --memory --fps --latency --response --cancel --dry-run --notify --name --category --description --windows --patterns --unset --data --socket --json' ;;
    'profile load') words='' options='-h --help --data --socket --json' ;;
    'profile approve') words='' options='-h --help --hash --yes --data --socket --json' ;;
    'profile delete') words='' options='-h --help --data --socket --json' ;;
    'simulate') words='' options='-h --help --profile --from --to --game --kind --level --max-duration --cpu --memory --fps --latency --response --data --socket --json' ;;
    'task') words='run list show cancel' options='-h --help --data --socket --json' ;;
    'task run') words='' options='-h --help --wait --data --socket --json' ;;
    'task list') words='' options='-h --help --data --socket --json' ;;
    'task show') words='' options='-h --help --data --socket --json' ;;
    'task cancel') words='' options='-h --help --data --socket --json' ;;
    'user') words='list add sessions role disable enable delete reset' options='-h --help --data --socket --json' ;;
    'user list') words='' options='-h --help --cursor --data --socket --json' ;;
    'user add') words='' options='-h --help --role --data --socket --json' ;;
    'user sessions') words='' options='-h --help --data --socket --json' ;;
    'user role') words='' options='-h --help --data --socket --json' ;;
    'user disable') words='' options='-h --help --data --socket --json' ;;
    'user enable') words='' options='-h --help --data --socket --json' ;;
    'user delete') words='' options='-h --help --data --socket --json' ;;
    'user reset') words='' options='-h --help --admin --data --socket --json' ;;
    'role') words='list set delete' options='-h --help --data --socket --json' ;;
    'role list') words='' options='-h --help --data --socket --json' ;;
    'role set') words='' options='-h --help --scope --data --socket --json' ;;
    'role delete') words='' options='-h --help --data --socket --json' ;;
    'token') words='list create revoke' options='-h --help --data --socket --json' ;;
    'token list') words='' options='-h --help --data --socket --json' ;;
    'token create') words='' options='-h --help --name --scope --days --data --socket --json' ;;
    'token revoke') words='' options='-h --help --data --socket --json' ;;
    'audit') words='list verify' options='-h --help --data --socket --json' ;;
    'audit list') words='' options='-h --help --limit --actor --action --target --correlation --cursor --data --socket --json' ;;
    'audit verify') words='' options='-h --help --seq --hash --data --socket --json' ;;
    'referee') words='replay generate score smart players review accept dismiss record' options='-h --help --data --socket --json' ;;
    'referee replay') words='' options='--data --socket --json' ;;
    'referee generate') words='' options='--data --socket --json' ;;
    'referee score') words='' options='--data --socket --json' ;;
    'referee smart') words='' options='--data --socket --json' ;;
    'referee players') words='' options='-h --help --data --socket --json' ;;
    'referee review') words='' options='-h --help --data --socket --json' ;;
    'referee accept') words='' options='-h --help --note --data --socket --json' ;;
    'referee dismiss') words='' options='-h --help --note --data --socket --json' ;;
    'referee record') words='start stop status' options='-h --help --data --socket --json' ;;
    'referee record start') words='' options='-h --help --max-mb --data --socket --json' ;;
    'referee record stop') words='' options='-h --help --data --socket --json' ;;
    'referee record status') words='' options='-h --help --data --socket --json' ;;
    'db') words='check backup restore' options='-h --help --data --socket --json' ;;
    'db check') words='' options='-h --help --full --data --socket --json' ;;
    'db backup') words='' options='-h --help --data --socket --json' ;;
    'db restore') words='' options='-h --help --data --socket --json' ;;
    'logs') words='' options='-h --help -n --lines -f --follow --level --event --correlation --since --text --data --socket --json' ;;
    'config') words='check show schema reload set unset revisions restore' options='-h --help --data --socket --json' ;;
    'config check') words='' options='-h --help --data --socket --json' ;;
    'config show') words='' options='-h --help --text --data --socket --json' ;;
    'config schema') words='' options='-h --help --data --socket --json' ;;
    'config reload') words='' options='-h --help --data --socket --json' ;;
    'config set') words='' options='-h --help --comment --data --socket --json' ;;
    'config unset') words='' options='-h --help --comment --data --socket --json' ;;
    'config revisions') words='' options='-h --help --data --socket --json' ;;
    'config restore') words='' options='-h --help --data --socket --json' ;;
    'player') words='export delete' options='-h --help --data --socket --json' ;;
    'player export') words='' options='-h --help --output --data --socket --json' ;;
    'player delete') words='' options='-h --help --yes --data --socket --json' ;;
    'session') words='list start pause stop' options='-h --help --data --socket --json' ;;
    'session list') words='' options='-h --help --data --socket --json' ;;
    'session start') words='' options='-h --help --session --game --mode --data --socket --json' ;;
    'session pause') words='' options='-h --help --session --data --socket --json' ;;
    'session stop') words='' options='-h --help --session --data --socket --json' ;;
    'mode') words='list set run' options='-h --help --data --socket --json' ;;
    'mode list') words='' options='-h --help --data --socket --json' ;;
    'mode set') words='' options='-h --help --macro --file --data --socket --json' ;;
    'mode run') words='' options='-h --help --session --data --socket --json' ;;
    'command') words='' options='-h --help --character --session --mode --macro --data --socket --json' ;;
  esac
  [[ $cur == -* ]] && words=$options
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _gamekeeper gamekeeper
