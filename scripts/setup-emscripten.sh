#!/bin/sh
# Finds or installs an Emscripten new enough for relaxed SIMD and prints, as its last line on stdout,
# the folder that holds `emcc`. Everything else goes to stderr.
#
# An `emcc` on PATH that is new enough is used as it is and nothing is installed. Otherwise, on Debian 12,
# whose own package (3.1.6) is too old, the packages of Debian 13 are unpacked into a folder of the user's
# cache: neither the system's libraries nor its package list are touched, except for clang-19 and patchelf,
# which are ordinary packages of Debian 12.
set -eu

required=3.1.69
say() { printf '%s\n' "$*" >&2; }

version_of() { "$1" --version 2>/dev/null | sed -n '1s/.* \([0-9][0-9.]*[0-9]\).*/\1/p'; }
new_enough() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$required" "$1" | sort -V | head -n 1)" = "$required" ]; }

if on_path=$(command -v emcc) && new_enough "$(version_of "$on_path")"; then
  dirname "$(readlink -f "$on_path")"
  exit 0
fi

home=${XDG_CACHE_HOME:-$HOME/.cache}/bertlet/toolchain/emscripten-$required
emscripten=$home/usr/share/emscripten
if [ -f "$home/complete" ]; then
  printf '%s\n' "$emscripten"
  exit 0
fi

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  say "bertlet needs Emscripten $required or newer as 'emcc' on PATH."
  say "Install it (https://emscripten.org/docs/getting_started/downloads.html) and run this command again."
  exit 1
fi

say "Installing Emscripten $required into $home (about one minute, 250 MB to download) ..."
. "$(dirname "$0")/apt-install.sh"
apt_install clang-19 lld-19 llvm-19 patchelf python3 ca-certificates

work=$home.partial
rm -rf "$work"
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/debs"

# The same mirror that this machine already uses, read from apt's own configuration, with a package list of our own.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Component: main' 'Created-By: Packages' | head -n 1)
printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$mirror" >"$work/apt/sources.list"
trixie() {
  apt-get -qq -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none "$@" >&2
}
trixie update
(cd "$work/debs" && trixie download emscripten binaryen libc6 libstdc++6 libgcc-s1)
for deb in "$work"/debs/*.deb; do
  say "  unpacking $(basename "$deb" | cut -d_ -f1)"
  dpkg -x "$deb" "$work"
done
rm -rf "$work/apt" "$work/debs"
found=$(cat "$work/usr/share/emscripten/emscripten-version.txt" | tr -d '"')
new_enough "$found" || { say "Debian 13 brought Emscripten $found, older than $required."; exit 1; }

# Debian 13's binaryen needs Debian 13's C library: point its programs at the one beside them.
for program in "$work"/usr/bin/wasm-*; do
  [ -L "$program" ] || patchelf \
    --set-interpreter "$home/usr/lib64/ld-linux-x86-64.so.2" \
    --set-rpath "$home/usr/lib/x86_64-linux-gnu" "$program"
done

# emcc's JavaScript optimizer imports acorn, which Debian packages apart from it.
mkdir -p "$work/usr/share/emscripten/node_modules"
cp -R "$(dirname "$0")/../node_modules/acorn" "$work/usr/share/emscripten/node_modules/"

cat >"$work/usr/share/emscripten/.emscripten" <<CONFIG
LLVM_ROOT = '/usr/lib/llvm-19/bin'
BINARYEN_ROOT = '$home/usr'
NODE_JS = '$(command -v node)'
CACHE = '$emscripten/cache'
FROZEN_CACHE = True
CONFIG

touch "$work/complete"
rm -rf "$home"
mv "$work" "$home"
"$emscripten/emcc" --version >&2
printf '%s\n' "$emscripten"
