#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# debian.sh ROOT: builds the Debian packages, unpacks them into a folder as if installed, and uses each. Ends with "N passed, N failed,
# N skipped".
root=$1
. "$(dirname "$0")/try.sh"

for tool in dpkg-buildpackage dh dh_python3 lintian; do
    command -v $tool >/dev/null || { skip "$tool is not installed (Debian: dpkg-dev debhelper dh-python lintian)"; finish; }
done

try 'packages, and no error by lintian' sh "$root/samples/packaging/deb.sh" "$work/debs"
[ "$failed" -eq 0 ] || finish
for package in "$work"/debs/*.deb; do
    case $package in *dbgsym*) ;; *) try "unpack $package" dpkg-deb -x "$package" "$work/installed" ;; esac
done
depends() { dpkg-deb -f "$work"/debs/libocelli0.1_*.deb Depends; }
try "the library depends on libc alone: $(depends)" sh -c "echo '$(depends)' | grep -qx 'libc6 ([^,]*)'"
usr=$work/installed/usr
libraries=$(dirname "$(find "$usr/lib" -name 'libocelli.so.0.1')")
config=$(dirname "$(find "$usr/lib" -name ocelli.pc)")
export LD_LIBRARY_PATH="$libraries"
try 'command' "$usr/bin/ocelli" devices
flags=$(PKG_CONFIG_PATH="$config" pkg-config --define-variable=prefix="$usr" --cflags --libs ocelli)
try 'compile' cc -o "$work/first" "$root/samples/first.c" $flags
try 'run' "$work/first"
python=/usr/bin/python3
if $python -c 'import numpy' 2>/dev/null; then
    echo 'import ocelli, numpy; g = ocelli.Graph(); g.output("y", g.input("x", "f32", ("N",)) + 1); assert ocelli.Model(g)(numpy.ones(3))[2] == 2' >"$work/use.py"
    try 'Python' env PYTHONPATH="$usr/lib/python3/dist-packages" $python "$work/use.py"
else
    skip "$python has no numpy (Debian: python3-numpy)"
fi
finish
