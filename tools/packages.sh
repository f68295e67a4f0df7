# packages.sh: which Debian packages are needed and why; sourced by ./run and ./test.

BUILD_PACKAGES=(
  g++ cmake ninja-build ccache git        # compiler and build tools; ccache makes rebuilds quick
  python3                                 # embeds the dashboard, checks the tree
  libboost1.81-dev                        # Asio, Beast and JSON (headers only)
  libspdlog-dev prometheus-cpp-dev        # logs, metrics
  libcurl4-openssl-dev zlib1g-dev         # named by prometheus-cpp's CMake files
  libssl-dev                              # TLS, in gamekeeper-tls alone
  libsqlite3-dev libsodium-dev            # storage, passwords and tokens
  liboath-dev                             # codes of authenticator apps
  libtomlplusplus-dev libcli11-dev        # configuration, command line
  libhowardhinnant-date-dev tzdata        # time zones of schedules; g++ 12 has no chrono tzdb
  liblua5.4-dev libseccomp-dev            # scripts in gamekeeper-worker, and what they may ask Linux
)
DEMO_PACKAGES=(openttd openttd-opengfx)  # the game of ./run --demo
TEST_PACKAGES=(
  libgtest-dev libbenchmark-dev librapidcheck-dev   # unit tests, benchmarks, properties
  clang-format-19                         # the format check
  stress-ng                               # the runaway of the macro tests
  prometheus curl                         # scrapes /metrics in a test; HTTP from shell tests
  chromium                                # the dashboard's tests
  wrk procps                              # load for bench/; ps for the process tests
  nginx-light caddy openssl               # the samples of packaging/proxy, with a certificate
  systemd man-db                          # systemd-analyze judges the unit; manual pages are checked
  fish zsh                                # completions are tried in the shells themselves
  minetest-server                         # the Luanti mod is played in a real server
  teeworlds-server tinymux "${DEMO_PACKAGES[@]}"    # real peers of the game links
  ioquake3-server                                   # engine and game module; the test makes a map
  clang-19 libclang-rt-19-dev lld-19      # the fuzz targets and the sanitizer builds
  faketime                                # clock jumps
)

# ensure_packages INSTALL PURPOSE PACKAGE…: installs what is missing, or says what is.
ensure_packages() {
  local install=$1 purpose=$2 missing=() package
  shift 2
  # One dpkg-query for all: a second ./run spends milliseconds here.
  local installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qx "$package installed" <<<"$installed" || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  if [ "$install" = 0 ]; then
    echo "missing Debian packages for $purpose: ${missing[*]}" >&2
    echo "install them with: apt-get install ${missing[*]}" >&2
    exit 2
  fi
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "not root and no sudo; install: ${missing[*]}" >&2; exit 2; }
    as_root=(sudo)
  fi
  echo "installing Debian packages for $purpose: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Some of them (nginx, caddy, prometheus) are servers; the tests start their own on loopback.
  local policy=/usr/sbin/policy-rc.d made=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    made=1
  fi
  local failed=0
  "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" || failed=$?
  [ "$made" = 0 ] || "${as_root[@]}" rm -f "$policy"
  return "$failed"
}

# ensure_node INSTALL: node and npm build the dashboard. Any Node from 18 on will do.
ensure_node() {
  if command -v node >/dev/null && command -v npm >/dev/null &&
    [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; then
    return 0
  fi
  ensure_packages "$1" "building the dashboard" nodejs npm
}

# configure PRESET ON|OFF: with or without tests and benchmarks. A tree that is configured as asked
# is left alone; ninja itself finds changed CMake files. Never takes tests away again.
configure() {
  local preset=$1 tests=$2 cache=build/$1/CMakeCache.txt log
  if [ -e "build/$preset/build.ninja" ]; then
    [ "$tests" = OFF ] && return 0
    grep -q '^GK_TESTS:BOOL=ON' "$cache" && return 0
  fi
  local bench=$tests
  case $preset in asan | tsan) bench=OFF ;; esac
  log=$(mktemp)
  cmake --preset "$preset" -DGK_TESTS="$tests" -DGK_BENCH="$bench" >"$log" 2>&1 ||
    { cat "$log"; rm -f "$log"; exit 1; }
  rm -f "$log"
}

# build PRESET [TARGET…]: everything, or the named targets.
build() {
  local preset=$1
  shift
  echo "building ($preset) …"
  ninja --quiet -C "build/$preset" "$@"
}
