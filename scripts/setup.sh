# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts: finds Swift and installs the Debian packages that are missing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() {
  printf 'error: %s\n hint: %s\n' "$1" "$2" >&2
  exit "${3:-1}"
}

need_swift() {
  if ! command -v swift >/dev/null; then
    die "Swift is not installed (or not on PATH)" \
      "install Swift 6.2 or newer from https://www.swift.org/install/linux/ and run this again" 69
  fi
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -1)
  if [ -n "$version" ] && [ "$(printf "%s\n6.2\n" "$version" | sort -V | head -1)" != 6.2 ]; then
    die "Swift $version is too old" "install Swift 6.2 or newer from https://www.swift.org/install/linux/" 69
  fi
}

# need_packages PACKAGE…: installs those that dpkg does not know as installed.
need_packages() {
  command -v dpkg-query >/dev/null || die "this is not a Debian system" \
    "install the equivalents of: $* and build with 'swift build -c release'" 69
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "cannot install ${missing[*]} without root" \
      "run as root: apt-get install ${missing[*]}" 77
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install ${missing[*]}" "see the lines above; then run this again" 69
}

build_packages=(pkg-config git libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libswresample-dev
  libavfilter-dev libavdevice-dev libopenblas-dev)
test_packages=(ffmpeg python3 python3-venv)
