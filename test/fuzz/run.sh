#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER SECONDS [TARGET...]: lets libFuzzer make up files for each target, beginning with small ones that are right. FOLDER is a
# build with -Dfuzz=true. The seconds are for all: onnx gets as much as five of the others. A file that takes long by the clock is tried
# once more and fails if it takes SLOW seconds of the processor's time. Ends with "N passed, N failed, N skipped".
set -u
SLOW=20
build=$1 seconds=$2
shift 2
here=$(dirname "$0")
all='onnx arrays cache machine picture problem safetensors state words'
targets=${*:-$all}
shares=0
for target in $targets; do
    [ "$target" = onnx ] && shares=$((shares + 5)) || shares=$((shares + 1))
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Whether each file that took long by the clock takes less of the processor's time; a machine may have stood still meanwhile.
slow_ones_are_fast() {
    for unit in "$build/crash-$target-slow-unit-"*; do
        [ -f "$unit" ] || continue
        if (ulimit -t $SLOW && exec "$program" "$unit") >>"$work/log" 2>&1; then
            rm -f "$unit"
        else
            echo "$unit takes $SLOW s of the processor's time, or fails" >>"$work/log"
            return 1
        fi
    done
}

passed=0 failed=0 skipped=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=allocator_may_return_null=1
export LSAN_OPTIONS=print_suppressions=0:suppressions="$here/../kit/lsan.supp"
for target in $targets; do
    program=$build/test/fuzz-$target
    if [ ! -x "$program" ]; then
        echo "$program is not there: it needs clang and -Dfuzz=true"
        skipped=$((skipped + 1))
        continue
    fi
    rm -rf "$work/new" "$work/seeds"
    mkdir "$work/new" "$work/seeds"
    share=1 length=4096
    [ "$target" = onnx ] && share=5 length=30000
    python3 "$here/seeds.py" "$target" "$work/seeds" >"$work/log"
    rm -f "$build/crash-$target-slow-unit-"*
    if "$program" -max_total_time=$((seconds * share / shares)) -max_len=$length -timeout=600 -report_slow_units=$SLOW -rss_limit_mb=2500 -use_value_profile=1 \
        -print_final_stats=1 -artifact_prefix="$build/crash-$target-" "$work/new" "$work/seeds" >>"$work/log" 2>&1 && slow_ones_are_fast; then
        echo "$target: $(grep -E 'number_of_executed_units' "$work/log" | tr -s ' ')"
        passed=$((passed + 1))
    else
        tail -n 60 "$work/log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
