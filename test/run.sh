#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sets up and passes the tests: sh test/run.sh [--quick | --full] [--part NAME]... Ends with the seconds and "N passed, N failed,
# N skipped".
#
#   --quick      only the release build's tests
#   --full       also packages, all faults, other hosts, and every driver that is installed with every mask (docs/drivers.md): 3 hours
#   --part NAME  only this part; may be given several times. Parts, and the minutes they take on two idle cores:
#                of each commit: release, masks, clang, fuzz, asan (17)
#                with --full also: packages (3), faults (10), cold (20), types (2), soak (4), threads (4), hosts (8), pocl (40),
#                rusticl (15), intel (45), oclgrind (20); drivers: the last four
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
usage() {
    sed -n '3,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
level=1 only=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) level=0 ;;
    --full) level=2 ;;
    --part)
        [ $# -gt 1 ] || usage
        shift
        case $1 in
        drivers) only="$only pocl rusticl intel oclgrind" ;;
        release | masks | clang | fuzz | asan | packages | faults | cold | types | soak | threads | hosts) only="$only $1" ;;
        pocl | rusticl | intel | oclgrind) only="$only $1" ;;
        *) usage ;;
        esac
        ;;
    *) usage ;;
    esac
    shift
done

# wanted NAME LEVEL: whether this part is to be run, which belongs to --quick (0), to each commit (1), to --full (2).
wanted() {
    [ -n "$only" ] || { [ "$level" -ge "$2" ]; return; }
    case " $only " in *" $1 "*) return 0 ;; esac
    return 1
}

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

# The same for the fault campaign, with what it made fail.
campaign() {
    part "$@"
    grep -E '^[a-z-]+ +[0-9]+ points|OpenCL calls failed' "$logs/part"
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

# The table of one driver under all masks. What has passed is kept, for one who has to begin again, while the programs are the same.
driver() {
    part "$1 x masks" python3 test/kit/drivers.py build --driver "$1" --jobs 2 --keep build/drivers.json
    sed -n '/^driver /,$p' "$logs/part" | sed '$d'
}

pocl=$(ls /etc/OpenCL/vendors/pocl*.icd 2>/dev/null | head -n 1)
for name in packages hosts rusticl oclgrind; do
    if wanted "$name" 2; then
        ocelli_packages full || echo 'going on with what there is'
        break
    fi
done
build build
if wanted release 0; then
    part 'release' run_tests build
fi
if wanted masks 1; then
    for mask in wg=1 alloc=64M; do
        part "mask $mask" env OCELLI_MASK=$mask python3 test/kit/run.py build --suite op --suite api --suite train --jobs 2
    done
    part 'masks, small cases' python3 test/kit/drivers.py build --driver pocl --suite op --small --mask phone --mask local=0 \
        --mask inorder --jobs 2
fi
if wanted clang 1; then
    CC=clang CXX=clang++ build build-clang
    part 'clang' run_tests build-clang --suite unit --suite samples
fi
if wanted fuzz 1; then
    CC=clang CXX=clang++ build build-fuzz -Dfuzz=true -Db_lundef=false -Dsamples=disabled -Db_sanitize=address,undefined
    part 'fuzz' sh test/fuzz/run.sh build-fuzz 60
fi
if wanted asan 1; then
    CC=clang CXX=clang++ build build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
    part 'ASan and UBSan' env OCL_ICD_VENDORS="$pocl" python3 test/kit/run.py build-asan --jobs 2 # other drivers leak
fi
if wanted packages 2; then
    part 'ABI since the last tag' sh test/house/abi.sh .
    part 'Debian packages' sh test/house/debian.sh .
fi
if wanted faults 2; then
    campaign 'faults' env OCL_ICD_VENDORS="$pocl" build/test/faults-campaign --full --warm
    campaign 'faults of two devices' env OCL_ICD_VENDORS="$pocl" build/test/faults-campaign --full --several
fi
if wanted cold 2; then
    campaign 'faults of first uses' env OCL_ICD_VENDORS="$pocl" build/test/faults-campaign --full --cold
fi
if wanted types 2; then
    part 'every type, every op' sh -c 'OCELLI_TEST_ALL=1 build/test/test-op-types && echo "2 passed, 0 failed, 0 skipped"'
fi
if wanted soak 2; then
    part 'soak' build/test/faults-soak --full
fi
if wanted threads 2; then
    CC=clang build build-tsan -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized -Dsamples=disabled
    part 'eight threads, TSan' env OCL_ICD_VENDORS="$pocl" TSAN_OPTIONS=suppressions=test/kit/tsan.supp build-tsan/test/faults-threads 20
fi
if wanted hosts 2; then
    part 'other hosts' python3 test/kit/cross.py . --keep "$root/build-cross"
fi
for name in pocl rusticl intel oclgrind; do
    if wanted $name 2; then
        driver $name
    fi
done
echo "== $(($(date +%s) - start)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
