#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# consumer.sh ROOT BUILD: installs a build into a temporary folder and builds programs against it: by pkg-config, statically, and
# as a meson subproject. Ends with "N passed, N failed, N skipped".
root=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
try() {
    name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $name"
        cat "$work/log"
    fi
}
try install env DESTDIR="$work/root" meson install -C "$build" --no-rebuild
config=$(find "$work/root" -name ocelli.pc)
prefix=$(sed -n 's/^prefix=//p' "$config")
libdir=$work/root$(PKG_CONFIG_PATH=$(dirname "$config") pkg-config --variable=libdir ocelli)
flags="$(PKG_CONFIG_PATH=$(dirname "$config") pkg-config --define-variable=prefix="$work/root$prefix" --cflags --libs ocelli)"
try 'pkg-config' cc -Wall -Wextra -o "$work/first" "$root/samples/first.c" $flags -lm
try 'run' env LD_LIBRARY_PATH="$libdir" "$work/first"
mkdir -p "$work/project/subprojects"
ln -s "$root" "$work/project/subprojects/ocelli"
cat >"$work/project/meson.build" <<'M'
project('consumer', 'c')
executable('first', 'first.c', dependencies: [dependency('ocelli', fallback: ['ocelli', 'ocelli_dep']), meson.get_compiler('c').find_library('m')])
M
cp "$root/samples/first.c" "$work/project/"
try 'subproject setup' meson setup "$work/project/build" "$work/project" --wrap-mode=forcefallback
try 'subproject build' ninja -C "$work/project/build" first
try 'subproject run' "$work/project/build/first"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
