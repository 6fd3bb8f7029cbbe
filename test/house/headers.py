# SPDX-License-Identifier: Apache-2.0
"""Compiles every public header alone, as C11 and as C++17, and checks the exported symbols: headers.py ROOT LIBRARY [--write].

The symbols are kept in symbols.list beside this file, so that a new public function, or one that went, is seen in a commit.
--write only writes that list."""
import os
import shutil
import subprocess
import sys

root, library = sys.argv[1], sys.argv[2]
include = os.path.join(root, "include")
LIST = os.path.join(root, "test", "house", "symbols.list")
passed = failed = 0


def check(name, ok, text=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"failed: {name}\n{text}")


def check_headers():
    for folder, _, names in sorted(os.walk(os.path.join(include, "ocelli"))):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), include)
            for language, standard, compilers in (("c", "c11", ("cc",)), ("c++", "c++17", ("c++", "clang++"))):
                for compiler in compilers:
                    if (path.endswith(".hpp") and language == "c") or not shutil.which(compiler):
                        continue
                    done = subprocess.run([compiler, f"-std={standard}", f"-x{language}", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                                           "-fsyntax-only", f"-I{include}", "-"], input=f"#include <{path}>\nextern int unused;\n",
                                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    check(f"{path} as {language} by {compiler}", done.returncode == 0, done.stdout)


def exported():
    lines = subprocess.run(["nm", "-D", "--defined-only", library], text=True, stdout=subprocess.PIPE).stdout.split("\n")
    return sorted(line.split()[-1] for line in lines if line.strip())


def check_symbols():
    names = exported()
    strange = [name for name in names if not name.startswith("oc_") or name.startswith("oc__")]
    check("exported symbols", names and not strange, ", ".join(strange))
    with open(LIST, encoding="utf-8") as file:
        kept = file.read().split()
    difference = [f"+{name}" for name in names if name not in kept] + [f"-{name}" for name in kept if name not in names]
    check("exported symbols are those of test/house/symbols.list", not difference, " ".join(difference) +
          f"\nif this is meant: python3 test/house/headers.py . {library} --write, and commit the list "
          "(a symbol that goes or changes needs a new soversion: docs/packaging.md)")


if "--write" in sys.argv:
    with open(LIST, "w", encoding="utf-8") as file:
        file.write("".join(name + "\n" for name in exported()))
    sys.exit(0)
check_headers()
check_symbols()
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
