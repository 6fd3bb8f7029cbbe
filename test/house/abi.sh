#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# abi.sh ROOT [BASE]: builds the library with debug information, and that of BASE (default: the last tag), and compares their binary
# interfaces by abidiff. Additions are right; what went or changed is a failure, unless the soname changed too. Ends with "N passed,
# N failed, N skipped".
root=$(cd "$1" && pwd)
base=${2:-$(git -C "$root" describe --tags --abbrev=0 2>/dev/null)}
skip() {
    echo "$1"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
}
command -v abidiff >/dev/null || skip 'abidiff is not installed (Debian: abigail-tools): skipped'
[ -n "$base" ] || skip 'there is no tag yet to compare the interface with: skipped'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree"
# library FOLDER SOURCES: builds, and says where the library is.
library() {
    meson setup "$work/$1" "$2" -Dbuildtype=debugoptimized -Dsamples=disabled -Dtests=disabled -Ddefault_library=shared >"$work/log" 2>&1 &&
        ninja -C "$work/$1" >>"$work/log" 2>&1 || {
        cat "$work/log" >&2
        return 1
    }
    echo "$work/$1/lib/libocelli.so"
}
git -C "$root" archive "$base" | tar -x -C "$work/tree" && old=$(library old "$work/tree") && new=$(library new "$root") || {
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
}
soname() { readelf -d "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'; }
[ "$(soname "$old")" = "$(soname "$new")" ] || {
    echo "the soname went from $(soname "$old") to $(soname "$new"): anything may differ"
    echo '1 passed, 0 failed, 0 skipped'
    exit 0
}
# Bit 2 of the exit status: a change; bit 3: an incompatible one; bits 0 and 1: abidiff itself failed.
abidiff --no-added-syms --headers-dir1 "$work/tree/include" --headers-dir2 "$root/include" "$old" "$new"
code=$?
echo "abidiff $base: status $code"
if [ "$code" -eq 0 ]; then
    echo '1 passed, 0 failed, 0 skipped'
else
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
fi
