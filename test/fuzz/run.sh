#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER SECONDS: lets libFuzzer make up ONNX files for a while, beginning with small ones that are right. FOLDER is a build with
# -Dfuzz=true. Ends with "N passed, N failed, N skipped".
set -u
program=$1/test/fuzz-onnx seconds=$2
if [ ! -x "$program" ]; then
    echo "$program is not there: it needs clang and -Dfuzz=true"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/new" "$work/seeds"
data=${OCELLI_DATA:-$(dirname "$0")/../../../shared/data}
number=0
for folder in /usr/share/libonnx-testdata/data "$data/models"; do
    [ -d "$folder" ] || continue
    for file in $(find "$folder" -name '*.onnx' -size -40k | sort | head -n 1000); do
        number=$((number + 1))
        cp "$file" "$work/seeds/$number.onnx"
    done
done
echo "$number files to begin with"
if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$program" -max_total_time="$seconds" -max_len=30000 -timeout=20 \
    -rss_limit_mb=2000 -print_final_stats=1 -artifact_prefix="$1/crash-" "$work/new" "$work/seeds" >"$work/log" 2>&1; then
    tail -n 8 "$work/log"
    echo "1 passed, 0 failed, 0 skipped"
else
    tail -n 60 "$work/log"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
