#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deb.sh OUT: builds Debian packages of what is (or would be) committed here into the folder OUT, by samples/packaging/debian, and asks
# lintian, whose errors are ours. Needs what debian/control names, and the packages dpkg-dev and lintian.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?usage: deb.sh OUT}
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/ocelli"
(cd "$root" && git ls-files -co --exclude-standard -z | xargs -0 ls -d 2>/dev/null | tar -c -T -) | tar -x -C "$work/ocelli"
cp -r "$root/samples/packaging/debian" "$work/ocelli/debian"
cd "$work/ocelli"
DEB_BUILD_OPTIONS="parallel=2 ${DEB_BUILD_OPTIONS:-}" dpkg-buildpackage -us -uc -b
lintian --allow-root --fail-on error "$work"/ocelli_*.changes
cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out"
