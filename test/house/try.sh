# SPDX-License-Identifier: Apache-2.0
# Read by scripts that try one thing after another: `try NAME COMMAND...` counts, and shows the output of what failed; `skip REASON`;
# `finish` tells "N passed, N failed, N skipped" and ends. $work is a temporary folder.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
try() {
    name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $name"
        tail -n 60 "$work/log"
    fi
}
skip() {
    skipped=$((skipped + 1))
    echo "$1: skipped"
}
finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}
