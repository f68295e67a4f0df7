#!/usr/bin/env bash
# Makes the Debian packages from the release build: build/deb/*.deb. Needs dpkg-dev and file besides
# what ./run needs.
#
# Usage: tools/build_deb.sh [--no-install]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tools/packages.sh

install=1
[ "${1:-}" = --no-install ] && install=0
ensure_packages "$install" "building Debian packages" "${BUILD_PACKAGES[@]}" dpkg-dev file
ensure_node "$install"
configure release OFF
build release gamekeeperd gamekeeper gamekeeper-worker gamekeeper-notify gamekeeper-tls gamekeeper_library gk_compress
rm -rf build/deb
cpack --config build/release/CPackConfig.cmake -B build/deb >build/deb.log 2>&1 ||
  { cat build/deb.log; exit 1; }
rm -rf build/deb/_CPack_Packages
for package in build/deb/*.deb; do
  echo "$package $(dpkg-deb --field "$package" Version) $(stat -c %s "$package") bytes"
done
