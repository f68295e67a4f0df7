#!/usr/bin/env bash
# Proves the Debian package on a machine that has nothing: a minimal Debian 12 below DIR, into which
# only the package and what it depends on are installed, without a build tool in sight.
#
# 1. As in a container without systemd: install, run as the service's user, health, setup, status,
#    upgrade over itself with the data kept, remove, purge.
# 2. As on a server: systemd is booted in namespaces of its own, and the unit itself is tried:
#    ready, confined macros, a hung loop that is restarted, an upgrade that restarts the service.
#
# Usage: packaging/test_deb.sh DIR [--no-systemd]      needs root, debootstrap and a Debian mirror;
# tools/build_deb.sh first. DIR/base is kept for the next time.
set -euo pipefail
mkdir -p "$1"
dir=$(readlink -f "$1")
with_systemd=1
[ "${2:-}" = --no-systemd ] && with_systemd=0
here=$(cd "$(dirname "$0")/.." && pwd)
debs=("$here"/build/deb/gamekeeper_*.deb "$here"/build/deb/libgamekeeper*.deb)
password="plum otter lantern 47 quay"
root=$dir/root
begin=$SECONDS

note() { printf '%3d s  %s\n' $((SECONDS - begin)) "$1"; }
fail() { echo "FAILED: $1" >&2; exit 1; }
expect() { # expect TEXT COMMAND…: the output has TEXT
  local text=$1 output
  shift
  output=$("$@" 2>&1) || true
  [[ $output == *"$text"* ]] || fail "expected \"$text\" from: $*"$'\n'"$output"
}

make_base() {
  [ -e "$dir/base/etc/debian_version" ] && return
  local mirror
  mirror=$(awk '$1 == "deb" {print $2; exit} $1 == "URIs:" {print $2; exit}' /etc/apt/sources.list \
    /etc/apt/sources.list.d/*debian* 2>/dev/null || true)
  note "debootstrap --variant=minbase bookworm"
  debootstrap --variant=minbase bookworm "$dir/base" "${mirror:-http://deb.debian.org/debian}" \
    >"$dir/debootstrap.log" 2>&1
}

# A fresh copy of the base that costs nothing.
mount_root() {
  umount_root
  rm -rf "$dir/upper" "$dir/work"
  mkdir -p "$dir/upper" "$dir/work" "$root"
  mount -t overlay overlay -o "lowerdir=$dir/base,upperdir=$dir/upper,workdir=$dir/work" "$root"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  cp /etc/apt/sources.list.d/*debian* "$root/etc/apt/sources.list.d/" 2>/dev/null &&
    rm -f "$root/etc/apt/sources.list"
  cp "${debs[@]}" "$root/root/"
  ls "$root"/root/*.deb >/dev/null
}
umount_root() { while mountpoint -q "$root" 2>/dev/null; do umount -l "$root"; done; }

box=
stop_box() {
  if [ -n "$box" ]; then
    kill -KILL "$box" 2>/dev/null || true
    wait "$box" 2>/dev/null || true
  fi
  box=
}
trap 'stop_box; umount_root' EXIT

# Namespaces of its own, as a container has: processes, mounts, network (loopback only), host name.
# A bare chroot may not make user namespaces, which macros need.
start_box() { # start_box COMMAND…: as process 1
  unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child --propagation private -- \
    bash -euc '
    root=$1; shift
    mount --rbind "$root" "$root"
    cd "$root"
    mount -t proc -o nosuid,nodev,noexec proc proc
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
    mount -t tmpfs -o mode=755 tmpfs dev
    for name in null zero full random urandom tty; do
      touch dev/$name
      mount --bind /dev/$name dev/$name
    done
    mkdir -p dev/pts dev/shm .outside
    mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    mount -t tmpfs tmpfs dev/shm
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs tmpfs tmp
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    hostname gamekeeper-box
    pivot_root . .outside
    umount -l /.outside
    exec env -i container=gamekeeper-test PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"' \
    box "$root" "$@" </dev/null >"$dir/box.log" 2>&1 &
  box=$!
  for _ in $(seq 100); do
    first=$(pgrep -P "$box" 2>/dev/null || true)
    # The child is there, and has become the command.
    [ -n "$first" ] && [ "$(readlink "/proc/$first/exe")" != "$(readlink /proc/$$/exe)" ] && return
    sleep 0.1
  done
  cat "$dir/box.log"
  fail "the box did not start"
}
inside() { nsenter -t "$first" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root "$@"; }
apt() { chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends "$@" >>"$dir/apt.log" 2>&1 ||
  { tail -20 "$dir/apt.log"; fail "apt-get $*"; }; }
install_debs() { apt --reinstall install $(cd "$root" && ls root/*.deb | sed 's|^|/|'); }

wait_ready() {
  for _ in $(seq 100); do
    inside gamekeeper health 2>&1 | grep -q "overall: ok" && return
    sleep 0.2
  done
  inside gamekeeper health || true
  fail "the daemon did not become healthy"
}
set_up() {
  inside sh -c "echo '$password' | gamekeeper setup --username admin --password-stdin" | grep -q created ||
    fail "setup"
  expect "already" inside gamekeeper setup --password-stdin
}
user_of() { inside stat -c %U:%a "$1"; }

check_files() {
  local version
  version=$(chroot "$root" dpkg-query -W -f '${Version}' gamekeeper)
  expect "${version%-*}" chroot "$root" gamekeeperd --version
  expect "the configuration is valid" chroot "$root" gamekeeperd --config /etc/gamekeeper/gamekeeper.toml --check-config
  for file in usr/share/man/man1/gamekeeper.1.gz usr/share/man/man8/gamekeeperd.8.gz \
    usr/share/man/man5/gamekeeper.toml.5.gz usr/share/bash-completion/completions/gamekeeper \
    usr/share/zsh/vendor-completions/_gamekeeper usr/share/fish/vendor_completions.d/gamekeeper.fish \
    lib/systemd/system/gamekeeper.service usr/share/doc/gamekeeper/examples/nginx.conf \
    usr/share/doc/gamekeeper/examples/prometheus.yml; do
    [ -e "$root/$file" ] || [ -e "$root/usr/$file" ] || grep -q path-exclude "$root"/etc/dpkg/dpkg.cfg.d/* 2>/dev/null ||
      fail "/$file is missing"
  done
  [ "$(stat -c %a "$root/var/lib/gamekeeper")" = 700 ] || fail "the data folder is not private"
  chroot "$root" sh -c 'grep -q "^gamekeeper:.*nologin" /etc/passwd' || fail "no user"
  # The library is usable by what is not in the package: a program that links it.
  expect "libgamekeeper.so.0" chroot "$root" sh -c 'ldconfig -p | grep libgamekeeper'
}

without_systemd() {
  mount_root
  : >"$dir/apt.log"
  apt update
  local started=$SECONDS
  install_debs
  note "installed with its dependencies in $((SECONDS - started)) s: $(chroot "$root" dpkg-query -W | wc -l) packages in all"
  check_files
  start_box sleep infinity
  inside sh -c 'ip link set lo up 2>/dev/null || true'
  run_daemon
  wait_ready
  set_up
  expect "gamekeeper-box" inside hostname
  expect "macros" inside gamekeeper status
  [ "$(user_of /var/lib/gamekeeper/state.db)" = gamekeeper:600 ] || fail "state.db is $(user_of /var/lib/gamekeeper/state.db)"
  note "runs as gamekeeper: health, setup, status"
  stop_daemon
  echo "# kept by an upgrade" >>"$root/etc/gamekeeper/gamekeeper.toml"
  install_debs
  grep -q "kept by an upgrade" "$root/etc/gamekeeper/gamekeeper.toml" || fail "the upgrade lost the configuration"
  run_daemon
  wait_ready
  expect "already" inside gamekeeper setup --password-stdin
  note "upgraded over itself: configuration and administrator kept"
  stop_daemon
  apt remove gamekeeper
  [ -e "$root/var/lib/gamekeeper/state.db" ] && [ -e "$root/etc/gamekeeper/gamekeeper.toml" ] || fail "remove took data"
  apt purge gamekeeper
  [ ! -e "$root/var/lib/gamekeeper" ] && [ ! -e "$root/etc/gamekeeper" ] || fail "purge left data"
  note "remove keeps data and configuration, purge deletes both"
  stop_box
  umount_root
}
run_daemon() {
  inside setpriv --reuid gamekeeper --regid gamekeeper --clear-groups env STATE_DIRECTORY=/var/lib/gamekeeper \
    gamekeeperd --config /etc/gamekeeper/gamekeeper.toml >"$dir/daemon.log" 2>&1 &
}

# The box has no pkill: the kernel knows which process runs the file.
stop_daemon() {
  inside sh -c 'for exe in /proc/[0-9]*/exe; do
      [ "$(readlink "$exe")" = /usr/sbin/gamekeeperd ] || continue
      pid=${exe#/proc/}; kill -TERM "${pid%/exe}"
    done'
  for _ in $(seq 50); do
    inside gamekeeper health >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  fail "SIGTERM did not end the daemon"
}

main_pid() { inside systemctl show -p MainPID --value gamekeeper; }
restarts() { inside systemctl show -p NRestarts --value gamekeeper; }

# A certificate of the machine outside; the box has no openssl program.
make_pair() { # make_pair NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
  inside install -d -o gamekeeper -g gamekeeper -m 0700 /etc/gamekeeper/tls
  for file in cert key; do
    inside sh -c "cat >/etc/gamekeeper/tls/$file.new" <"$dir/$file.pem"
    inside install -o gamekeeper -g gamekeeper -m 0400 "/etc/gamekeeper/tls/$file.new" "/etc/gamekeeper/tls/$file.pem"
    inside rm "/etc/gamekeeper/tls/$file.new"
  done
}
ask_tls() { nsenter -t "$first" -n curl -sS --cacert "$dir/cert.pem" https://127.0.0.1:5000/api/health/live; }

in_log() { # in_log EVENT: its lines, once there are some: the log is written in batches
  for _ in $(seq 50); do
    inside sh -c "grep -h '\"$1\"' /var/lib/gamekeeper/logs/*.log*" && return
    sleep 0.2
  done
}

# The test message cannot arrive, but for it gamekeeper-notify is started.
check_notifier() {
  inside sh -c 'echo https://notices.example/hook | gamekeeper notice add box webhook' >/dev/null || fail "notice add"
  inside timeout 5 gamekeeper notice test box >/dev/null 2>&1 || true
  expect '"confinement":"landlock and seccomp"' in_log notices.notifier_ready
  inside gamekeeper notice remove box >/dev/null || fail "notice remove"
  note "gamekeeper-notify confines itself below the unit's filters"
}

filters_of() { inside sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$1/status"; }

# The unit's own filters hold for gamekeeper-tls too, and its own besides.
check_tls() {
  cp "$root/etc/gamekeeper/gamekeeper.toml" "$dir/gamekeeper.toml"
  make_pair one
  inside sed -i 's|^#certificate = .*|certificate = "/etc/gamekeeper/tls/cert.pem"|
    s|^#key = .*|key = "/etc/gamekeeper/tls/key.pem"|' /etc/gamekeeper/gamekeeper.toml
  inside systemctl restart gamekeeper ||
    fail "the service does not start with TLS: $(inside journalctl --no-pager -n 10 -u gamekeeper)"
  wait_ready
  expect '"ok"' ask_tls
  local front units all
  front=$(inside pgrep -x gamekeeper-tls) || fail "gamekeeper-tls does not run"
  expect '"confinement":"seccomp and limits"' in_log tls.ready
  [[ $(inside gamekeeper health) != *"without its list of system calls"* ]] || fail "gamekeeper-tls is degraded"
  units=$(filters_of "$(main_pid)") all=$(filters_of "$front")
  [ "$all" = $((units + 1)) ] || fail "gamekeeper-tls has ${all:-no} filters, the unit alone $units"
  make_pair two
  inside systemctl reload gamekeeper
  for _ in $(seq 50); do
    ask_tls >/dev/null 2>&1 && break
    sleep 0.1
  done
  expect '"ok"' ask_tls # Trusts the second certificate alone.
  note "HTTPS without a proxy, below the unit's $units filters and its own; a renewed certificate after a reload"
  inside cp /dev/stdin /etc/gamekeeper/gamekeeper.toml <"$dir/gamekeeper.toml"
  inside rm -r /etc/gamekeeper/tls
  inside systemctl restart gamekeeper
  wait_ready
}

with_systemd() {
  mount_root
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  apt update
  apt install systemd systemd-sysv procps
  rm "$root/usr/sbin/policy-rc.d"
  # The kernel is the machine's: nothing in the box may change its settings.
  for unit in systemd-sysctl.service systemd-modules-load.service sys-kernel-debug.mount \
    sys-kernel-tracing.mount systemd-binfmt.service proc-sys-fs-binfmt_misc.automount; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
  done
  install_debs # Before the boot: the box has no network.
  start_box /lib/systemd/systemd
  for _ in $(seq 100); do
    inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded' && break
    sleep 0.2
  done
  expect active inside systemctl is-active gamekeeper
  wait_ready
  [ "$(inside ps -o user= -p "$(main_pid)")" = gamekeeper ] || fail "not the service's user"
  set_up
  note "systemd started the unit: $(inside systemctl show -p StatusText --value gamekeeper)"
  expect " 2.0 OK" inside systemd-analyze security --no-pager gamekeeper
  check_macros
  check_watchdog
  check_tls
  check_notifier
  local before after
  before=$(main_pid)
  inside sh -c 'dpkg -i /root/gamekeeper_*.deb' >>"$dir/apt.log" 2>&1 || fail "upgrade"
  after=$(main_pid)
  [ "$before" != "$after" ] || fail "the upgrade did not restart the service"
  wait_ready
  expect "already" inside gamekeeper setup --password-stdin
  note "an upgrade restarted it: administrator kept"
  inside gamekeeper db backup /root/live-backup >>"$dir/apt.log" 2>&1 || fail "db backup of the running service"
  inside sh -c "echo '$password' | gamekeeper user add bob --role viewer" >/dev/null || fail "user add"
  local started=$SECONDS
  inside systemctl stop gamekeeper
  expect "Result=success" inside systemctl show -p Result gamekeeper
  note "stopped in $((SECONDS - started)) s"
  inside gamekeeper --data /var/lib/gamekeeper db restore /root/live-backup >>"$dir/apt.log" 2>&1 || fail "db restore"
  inside systemctl start gamekeeper
  wait_ready
  expect "admin" inside gamekeeper user list
  [[ $(inside gamekeeper user list) != *bob* ]] || fail "db restore did not go back"
  [ "$(user_of /var/lib/gamekeeper/state.db)" = gamekeeper:600 ] || fail "restored state.db is $(user_of /var/lib/gamekeeper/state.db)"
  inside systemctl stop gamekeeper
  note "db backup of the running service, db restore as root: back to the backup, files are the service's"
  echo "# in the backup" >>"$root/etc/gamekeeper/gamekeeper.toml"
  inside tar -C / -czf /root/backup.tar.gz var/lib/gamekeeper etc/gamekeeper
  inside dpkg --purge gamekeeper >>"$dir/apt.log" 2>&1
  expect "could not be found" inside systemctl status gamekeeper
  [ ! -e "$root/var/lib/gamekeeper" ] || fail "purge left data"
  inside sh -c 'dpkg -i /root/gamekeeper_*.deb' >>"$dir/apt.log" 2>&1 || fail "second installation"
  wait_ready
  [ -e "$root/var/lib/gamekeeper/setup-code" ] || fail "a new installation has an administrator"
  inside systemctl stop gamekeeper
  inside tar -C / -xzf /root/backup.tar.gz
  inside systemctl start gamekeeper
  wait_ready
  expect "already" inside gamekeeper setup --password-stdin
  grep -q "in the backup" "$root/etc/gamekeeper/gamekeeper.toml" || fail "the backup had no configuration"
  note "purged, installed anew, restored from a backup: administrator and configuration are back"
}

# A macro under the unit's sandbox: confined as everywhere, and stopped when it harms.
check_macros() {
  expect 'mode="namespace"} 1' inside sh -c 'gamekeeper metrics --prometheus | grep confinement'
  # Its output goes to the service's private /tmp, the only place where it may write.
  inside gamekeeper macro run --id look -- /bin/sh -c 'exec >/tmp/look 2>&1
    echo "user $(id -un)"
    cat /var/lib/gamekeeper/state.db >/dev/null && echo "reads the data"
    unshare -Ur true && echo "makes a namespace"
    touch /etc/written && echo "writes the system"
    echo "sees $(ls -d /proc/[0-9]* | wc -l) processes"
    echo end' >"$dir/macro.log" 2>&1 || true
  local seen
  seen=$(inside nsenter -t "$(main_pid)" -m cat /tmp/look)
  [[ $seen == *"user gamekeeper"* && $seen == *end* ]] || fail "the macro did not run: $(cat "$dir/macro.log") $seen"
  for wrong in "reads the data" "makes a namespace" "writes the system"; do
    [[ $seen != *"$wrong"* ]] || fail "a macro $wrong"
  done
  note "macros run in namespaces under the unit's sandbox; one $(grep sees <<<"$seen")"
}

# The daemon is stopped, which to the manager is a hang: silent for WatchdogSec. (That a hang of the
# loop alone is silence too is held by tests/e2e/service_test.py.)
check_watchdog() {
  local pid before
  mkdir -p "$root/etc/systemd/system/gamekeeper.service.d"
  printf '[Service]\nWatchdogSec=2s\nTimeoutAbortSec=2s\n' >"$root/etc/systemd/system/gamekeeper.service.d/test.conf"
  inside systemctl daemon-reload
  inside systemctl restart gamekeeper
  wait_ready
  pid=$(main_pid) before=$(restarts)
  sleep 5
  [ "$(main_pid)" = "$pid" ] || fail "a healthy daemon was restarted"
  inside kill -STOP "$pid"
  for _ in $(seq 100); do
    [ "$(restarts)" != "$before" ] && break
    sleep 0.2
  done
  [ "$(restarts)" != "$before" ] || fail "a hung daemon was not restarted"
  expect "Watchdog timeout" inside journalctl --no-pager -o cat -u gamekeeper
  wait_ready
  note "a hung daemon was restarted by the watchdog, a healthy one was not"
}

make_base
note "base is there"
without_systemd
if [ "$with_systemd" = 1 ]; then with_systemd; fi
note "all passed"
