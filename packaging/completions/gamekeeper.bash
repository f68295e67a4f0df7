# bash completion of gamekeeper; made by `gamekeeper --print completion-bash`, do not edit.
_gamekeeper() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local path='' next words='' options='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [ "$word" = -- ] && return 0
    next=${path:+$path }$word
    case $next in
      'setup'|'status'|'top'|'health'|'metrics'|'macro'|'macro run'|'macro start'|'macro list'|'macro cancellations'|'macro check'|'macro stop-all'|'macro stop'|'macro log'|'profile'|'profile list'|'profile show'|'profile load'|'profile approve'|'referee'|'referee replay'|'referee generate'|'referee score') path=$next; continue ;;
    esac
    case $word in
      --code|--data|--id|--level|--name|--pid|--profile|--socket|--username) i=$((i + 1)) ;;
    esac
  done
  case "$path|$prev" in
    'macro run|--level') words='safe risky dangerous' ;;
    'macro start|--level') words='safe risky dangerous' ;;
  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return 0
  fi
  case $prev in
    --code|--data|--id|--level|--name|--pid|--profile|--socket|--username) return 0 ;;  # any value: file names
  esac
  case $path in
    '') words='setup status top health metrics macro profile referee' options='-h --help --data --socket --json' ;;
    'setup') words='' options='-h --help --username --code --password-stdin --data --socket --json' ;;
    'status') words='' options='-h --help --data --socket --json' ;;
    'top') words='' options='-h --help --once --data --socket --json' ;;
    'health') words='' options='-h --help --data --socket --json' ;;
    'metrics') words='' options='-h --help --prometheus --data --socket --json' ;;
    'macro') words='run start list cancellations check stop-all stop log' options='-h --help --data --socket --json' ;;
    'macro run') words='' options='-h --help --id --name --level --profile --detach --data --socket --json' ;;
    'macro start') words='' options='-h --help --id --name --level --profile --pid --data --socket --json' ;;
    'macro list') words='' options='-h --help --data --socket --json' ;;
    'macro cancellations') words='' options='-h --help --data --socket --json' ;;
    'macro check') words='' options='-h --help --data --socket --json' ;;
    'macro stop-all') words='' options='-h --help --data --socket --json' ;;
    'macro stop') words='' options='-h --help --data --socket --json' ;;
    'macro log') words='' options='-h --help --data --socket --json' ;;
    'profile') words='list show load approve' options='-h --help --data --socket --json' ;;
    'profile list') words='' options='-h --help --data --socket --json' ;;
    'profile show') words='' options='-h --help --data --socket --json' ;;
    'profile load') words='' options='-h --help --data --socket --json' ;;
    'profile approve') words='' options='-h --help --data --socket --json' ;;
    'referee') words='replay generate score' options='-h --help --data --socket --json' ;;
    'referee replay') words='' options='--data --socket --json' ;;
    'referee generate') words='' options='--data --socket --json' ;;
    'referee score') words='' options='--data --socket --json' ;;
  esac
  [[ $cur == -* ]] && words=$options
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _gamekeeper gamekeeper
