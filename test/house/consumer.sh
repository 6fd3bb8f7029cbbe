#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# consumer.sh ROOT BUILD: installs a build into a temporary folder, and builds and runs programs against it as strangers do: by
# pkg-config (C, C++, static), by CMake, as a Meson subproject by a wrap file; and on a host without OpenCL. The tree is moved after
# it was installed, so that nothing may know its first place. Ends with "N passed, N failed, N skipped".
root=$1 build=$2
. "$(dirname "$0")/try.sh"

# Succeeds when a program fails with status 1 and a sentence that holds this text.
says() {
    text=$1
    shift
    "$@" >"$work/said" 2>&1
    code=$?
    cat "$work/said"
    echo "exit status $code"
    [ "$code" -eq 1 ] && grep -q "$text" "$work/said"
}

try install env DESTDIR="$work/first" meson install -C "$build" --no-rebuild
installed=$(find "$work/first" -name ocelli.pc)
prefix=$(sed -n 's/^prefix=//p' "$installed")
mv "$work/first$prefix" "$work/usr"
config=$(find "$work/usr" -name ocelli.pc)
pc() { PKG_CONFIG_PATH=$(dirname "$config") pkg-config --define-variable=prefix="$work/usr" "$@" ocelli; }
libdir=$(pc --variable=libdir)

try 'pkg-config, C' cc -Wall -Wextra -Werror -o "$work/first.bin" "$root/samples/first.c" $(pc --cflags --libs)
try 'run' env LD_LIBRARY_PATH="$libdir" "$work/first.bin"
for compiler in c++ clang++; do
    if command -v $compiler >/dev/null; then
        try "pkg-config, $compiler" $compiler -std=c++17 -Wall -Wextra -Wpedantic -Werror -o "$work/learn.bin" \
            "$root/samples/learn.cpp" $(pc --cflags --libs)
        try 'run' env LD_LIBRARY_PATH="$libdir" "$work/learn.bin"
        try "without exceptions, $compiler" $compiler -std=c++17 -fno-exceptions -Wall -Wextra -Werror -fsyntax-only $(pc --cflags) \
            -x c++ "$work/usr/include/ocelli/ocelli.hpp"
    else
        skip "$compiler is not installed"
    fi
done
if [ -e "$libdir/libocelli.a" ]; then
    try 'pkg-config, static' cc -o "$work/static.bin" "$root/samples/first.c" $(pc --static --cflags --libs | sed 's/-locelli/-l:libocelli.a/')
    try 'run' "$work/static.bin"
fi

# A host without OpenCL: nothing was linked to the loader, and programs say what is missing.
try 'the loader is no dependency of the program' sh -c "! LD_LIBRARY_PATH='$libdir' ldd '$work/first.bin' | grep -q OpenCL"
try 'nor of the command' sh -c "! LD_LIBRARY_PATH='$libdir' ldd '$work/usr/bin/ocelli' | grep -q OpenCL"
try 'a host without the OpenCL loader' says 'OpenCL' env LD_LIBRARY_PATH="$libdir" OCELLI_OPENCL=/nowhere/libOpenCL.so.1 "$work/first.bin"
try 'a host without an OpenCL driver' says 'install' env LD_LIBRARY_PATH="$libdir" OCL_ICD_VENDORS=/nowhere "$work/first.bin"

if command -v cmake >/dev/null; then
    cp -r "$root/samples/cmake" "$work/cmake"
    try 'CMake, configure' cmake -S "$work/cmake" -B "$work/cmake/build" -DCMAKE_PREFIX_PATH="$work/usr"
    try 'CMake, build' cmake --build "$work/cmake/build"
    for program in "$work"/cmake/build/sum*; do
        try "CMake, run $program" env LD_LIBRARY_PATH="$libdir" "$program"
    done
    # Versions: the series 0.1 and no other.
    for wanted in 0.1 0.1.0 0.1...0.2; do
        try "CMake, version $wanted" cmake -S "$work/cmake" -B "$work/cmake/asked" -DCMAKE_PREFIX_PATH="$work/usr" -DOCELLI_WANTED="$wanted"
    done
    for wanted in 0.0 0.2 1.0 0.1.99; do
        rm -rf "$work/cmake/asked"
        try "CMake, not version $wanted" says 'with requested version' \
            cmake -S "$work/cmake" -B "$work/cmake/asked" -DCMAKE_PREFIX_PATH="$work/usr" -DOCELLI_WANTED="$wanted"
    done
else
    skip 'CMake is not installed'
fi

# A Meson project that finds no Ocelli builds it by the sample of a wrap file, here from a copy of this tree.
mkdir -p "$work/project/subprojects"
cp "$root/samples/packaging/ocelli.wrap" "$root/samples/first.c" "$work/project/subprojects/"
mv "$work/project/subprojects/first.c" "$work/project/"
ln -s "$root" "$work/project/subprojects/ocelli"
cat >"$work/project/meson.build" <<'M'
project('consumer', 'c')
executable('first', 'first.c', dependencies: dependency('ocelli', version: '>= 0.1'))
M
try 'subproject, setup' meson setup "$work/project/build" "$work/project" --wrap-mode=forcefallback -Docelli:default_library=static
try 'subproject, build' ninja -C "$work/project/build" first
try 'subproject, run' "$work/project/build/first"
finish
