#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows for lib/op/shipped.def from a find.db: ship.py FIND_DB WORDS [DEVICE_HASH] >> lib/op/shipped.def

WORDS, cut at "&", are parts of the device's key that tell which devices the times are for, such as
"Portable Computing Language&skylake-avx512". Without a hash the file must hold lines of one device only."""
import sys


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    lines = [line for line in lines if len(line) == 4 and (len(sys.argv) == 3 or line[0] == sys.argv[3])]
    devices = {line[0] for line in lines}
    if len(devices) != 1:
        sys.exit(f"lines of {len(devices)} devices: {' '.join(sorted(devices))}")
    words = sys.argv[2].replace("\\", "\\\\").replace('"', '\\"')
    for _, problem, solver, value in sorted(lines):
        print(f'OC_SHIPPED("{words}", "{problem}", "{solver}", "{value}")')


main()
