# SPDX-License-Identifier: Apache-2.0
"""Compiles every public header alone, as C11 and as C++17, and checks the exported symbols: headers.py ROOT LIBRARY."""
import os
import subprocess
import sys

root, library = sys.argv[1], sys.argv[2]
include = os.path.join(root, "include")
passed = failed = 0


def check(name, ok, text=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"failed: {name}\n{text}")


for folder, _, names in sorted(os.walk(os.path.join(include, "ocelli"))):
    for name in sorted(names):
        path = os.path.relpath(os.path.join(folder, name), include)
        for language, standard, compiler in (("c", "c11", "cc"), ("c++", "c++17", "c++")):
            done = subprocess.run([compiler, f"-std={standard}", f"-x{language}", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                                   "-fsyntax-only", f"-I{include}", "-"], input=f"#include <{path}>\nextern int unused;\n", text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            check(f"{path} as {language}", done.returncode == 0, done.stdout)

symbols = subprocess.run(["nm", "-D", "--defined-only", library], text=True, stdout=subprocess.PIPE).stdout.split("\n")
names = [line.split()[-1] for line in symbols if line.strip()]
strange = [name for name in names if not name.startswith("oc_") or name.startswith("oc__")]
check("exported symbols", names and not strange, ", ".join(strange))
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
