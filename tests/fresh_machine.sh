#!/usr/bin/env bash
# Proves the two commands on a machine that has nothing: makes a minimal Debian 12 below DIR with
# git and nothing else, clones this repository into it, runs ./run --build-only, starts the daemon,
# asks it for its health, and runs ./test. Prints how long each part took. Needs root and debootstrap.
#
# Usage: tests/fresh_machine.sh DIR [--no-test]
set -euo pipefail
root=$(readlink -f "$1")
with_test=1
[ "${2:-}" = "--no-test" ] && with_test=0
here=$(cd "$(dirname "$0")/.." && pwd)
mirror=$(awk '$1 == "deb" {print $2; exit} $1 == "URIs:" {print $2; exit}' /etc/apt/sources.list \
  /etc/apt/sources.list.d/* 2>/dev/null || true)
mirror=${mirror:-http://deb.debian.org/debian}

note() { printf '%s  %s\n' "$(date +%T)" "$1"; }
# A root of its own in a mount namespace, as a container or a virtual machine has: a bare chroot may
# not make user namespaces.
inside() { unshare --mount --propagation private -- bash -euc '
    root=$1; shift
    mount --rbind "$root" "$root"
    cd "$root"
    mkdir -p .outside
    pivot_root . .outside
    umount -l /.outside
    exec env -i "$@"' inside "$root" HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=$NODE_EXTRA_CA_CERTS} \
  ${http_proxy:+http_proxy=$http_proxy} ${https_proxy:+https_proxy=$https_proxy} "$@"; }

if [ ! -e "$root/etc/debian_version" ]; then
  note "debootstrap --variant=minbase bookworm"
  debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1
  # The same package sources as here, with the updates that a real machine has.
  cp -r /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/preferences.d \
    "$root/etc/apt/" 2>/dev/null || true
  cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
fi
for dir in proc sys dev dev/pts; do
  mountpoint -q "$root/$dir" || mount --rbind "/$dir" "$root/$dir"
done
trap 'for dir in dev sys proc; do umount -R -l "$root/$dir" 2>/dev/null || true; done' EXIT

# A network with a certificate authority of its own: the new machine must know it too.
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  install -D -m 644 "$NODE_EXTRA_CA_CERTS" "$root$NODE_EXTRA_CA_CERTS"
fi
[ "${GK_KEEP:-}" = 1 ] || rm -rf "$root/root/gamekeeper"
[ -d "$root/root/gamekeeper" ] || git clone -q "$here" "$root/root/gamekeeper"
[ -f "${NPMRC:-$HOME/.npmrc}" ] && cp "${NPMRC:-$HOME/.npmrc}" "$root/root/.npmrc"

begin=$SECONDS
note "./run --build-only"
inside bash -c 'cd /root/gamekeeper && ./run --build-only'
note "built in $((SECONDS - begin)) s"

inside bash -c 'cd /root/gamekeeper
  build/release/bin/gamekeeperd --data /tmp/gk --listen 127.0.0.1:5099 &
  pid=$!
  for _ in $(seq 100); do
    build/release/bin/gamekeeper --data /tmp/gk health >/tmp/health 2>&1 && grep -q "overall: ok" /tmp/health && break
    sleep 0.1
  done
  cat /tmp/health; kill $pid; wait $pid; grep -q "overall: ok" /tmp/health'
note "a working daemon after $((SECONDS - begin)) s"

again=$SECONDS
inside bash -c 'cd /root/gamekeeper && ./run --build-only'
note "a second ./run took $((SECONDS - again)) s"

if [ "$with_test" = 1 ]; then
  tests=$SECONDS
  note "./test"
  inside bash -c 'cd /root/gamekeeper && ./test'
  note "./test took $((SECONDS - tests)) s"
fi
