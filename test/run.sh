#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sets up and passes the tests: sh test/run.sh [--full] [--quick]. Ends with "N passed, N failed, N skipped".
#
#   --quick  only the release build's tests
#   --full   also every driver that is installed, with every mask (docs/drivers.md): hours
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
full=no quick=no
for argument in "$@"; do
    case $argument in
    --full) full=yes ;;
    --quick) quick=yes ;;
    *) echo "usage: sh test/run.sh [--full | --quick]" >&2; exit 2 ;;
    esac
done
. samples/packages.sh
ocelli_packages test || exit 1

start=$(date +%s)
passed=0 failed=0 skipped=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Adds up "N passed, N failed, N skipped" that a part of the tests ended with.
count() {
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1)
    if [ -z "$line" ]; then
        failed=$((failed + 1))
        return
    fi
    set -- $line
    passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5))
}

# part NAME COMMAND…: runs a part of the tests, its output shown only when something failed.
part() {
    name=$1
    shift
    before=$failed began=$(date +%s)
    "$@" >"$logs/part" 2>&1 </dev/null
    count "$logs/part"
    if [ "$failed" -gt "$before" ]; then
        cat "$logs/part"
    fi
    printf '== %-34s %4d s: %s\n' "$name" $(($(date +%s) - began)) "$(tail -n 1 "$logs/part")"
}

# build FOLDER OPTION…: configures (once) and compiles without a warning; counts as one test.
build() {
    folder=$1
    shift
    if { [ -f "$folder/build.ninja" ] || meson setup "$folder" -Dwerror=true "$@"; } >"$logs/build" 2>&1 &&
        meson setup --reconfigure "$folder" >>"$logs/build" 2>&1 && ninja -C "$folder" >>"$logs/build" 2>&1; then
        passed=$((passed + 1))
        echo "== build $folder"
    else
        failed=$((failed + 1))
        cat "$logs/build"
        echo "== build $folder FAILED"
    fi
}

run_tests() { python3 test/kit/run.py "$@" --jobs 2; }

pocl=$(ls /etc/OpenCL/vendors/pocl*.icd 2>/dev/null | head -n 1)
build build
part 'release' run_tests build
if [ "$quick" = no ]; then
    for mask in wg=1 alloc=64M; do
        part "mask $mask" env OCELLI_MASK=$mask python3 test/kit/run.py build --suite op --suite api --suite train --jobs 2
    done
    part 'masks, small cases' python3 test/kit/drivers.py build --driver pocl --suite op --small --mask phone --mask local=0 --mask inorder
    CC=clang CXX=clang++ build build-clang
    part 'clang' run_tests build-clang --suite unit --suite samples
    CC=clang CXX=clang++ build build-fuzz -Dfuzz=true -Db_lundef=false -Dsamples=disabled -Db_sanitize=address,undefined
    part 'fuzz' sh test/fuzz/run.sh build-fuzz 60
    CC=clang CXX=clang++ build build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
    part 'ASan and UBSan' env OCL_ICD_VENDORS="$pocl" python3 test/kit/run.py build-asan --jobs 2 # other drivers leak
fi
if [ "$full" = yes ]; then
    ocelli_packages full || echo 'going on with what there is'
    part 'ABI since the last tag' sh test/house/abi.sh .
    part 'Debian packages' sh test/house/debian.sh .
    part 'faults, all of them' build/test/faults-campaign --full
    part 'faults of two devices' build/test/faults-campaign --full --several
    part 'every type, every op' sh -c 'OCELLI_TEST_ALL=1 build/test/test-op-types && echo "2 passed, 0 failed, 0 skipped"'
    part 'soak' build/test/faults-soak --full
    CC=clang build build-tsan -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized -Dsamples=disabled
    part 'eight threads, TSan' env OCL_ICD_VENDORS="$pocl" TSAN_OPTIONS=suppressions=test/kit/tsan.supp build-tsan/test/faults-threads 20
    part 'other hosts' python3 test/kit/cross.py . --keep "$root/build-cross"
    part 'drivers x masks' python3 test/kit/drivers.py build --suite op --suite api --suite train
    sed -n '/^driver /,$p' "$logs/part" # the table
fi
echo "== $(($(date +%s) - start)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
