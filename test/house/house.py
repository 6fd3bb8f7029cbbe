# SPDX-License-Identifier: Apache-2.0
"""Checks the stairs and the rooms of the tree: house.py ROOT. Lengths of files and functions are reported only."""
import os
import re
import sys

sys.dont_write_bytecode = True
from counts import functions  # noqa: E402

FLOORS = ["base", "device", "tensor", "ir", "op", "graph", "sched", "plan", "onnx", "train", "data", "net"]
ONLY = {"data": {"base", "tensor", "data"}}  # narrower than the stairs
WRAPPER = re.compile(r"^(ocelli/.+\.(h|hpp)|[a-z_]+)$")  # of a C++ header: the C ones, and the standard library
PUBLIC = re.compile(r"^(ocelli/.+\.h|ocelli/.+\.def|stddef\.h|stdint\.h|stdbool\.h)$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)
FILE_LINES, FUNCTION_LINES = 400, 80

passed, failed = 0, []


def check(right, text):
    global passed
    if right:
        passed += 1
    else:
        failed.append(text)


def files(root, *folders):
    for folder in folders:
        for path, names, found in os.walk(os.path.join(root, folder)):
            names.sort()
            for name in sorted(found):
                yield os.path.relpath(os.path.join(path, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def check_library(path, includes):
    parts = path.split(os.sep)
    floor = parts[1]
    check(floor in FLOORS, f"{path}: {floor} is no floor")
    for kind, target in includes:
        sees_cl = target.startswith("CL/") or target.startswith("clblast") or target == "ocelli/opencl.h"
        check(not sees_cl or floor == "device", f"{path}: includes <{target}>, which only lib/device may")
        if kind != '"' or floor not in FLOORS:
            continue
        to = target.split("/")[0] if "/" in target else floor
        right = to in FLOORS and FLOORS.index(to) <= FLOORS.index(floor)
        if floor in ONLY:
            right = right and to in ONLY[floor]
        check(right, f"{path}: includes \"{target}\", which is not below {floor}")


def check_public(path, includes):
    opencl = os.path.basename(path) == "opencl.h"
    for kind, target in includes:
        right = kind == "<" and ((WRAPPER if path.endswith(".hpp") else PUBLIC).match(target) or (opencl and target == "CL/cl.h"))
        check(bool(right), f"{path}: includes {target}")
        check(opencl or target != "ocelli/opencl.h", f"{path}: includes <ocelli/opencl.h>")


def check_sample(root, path, includes):
    for kind, target in includes:
        beside = os.path.exists(os.path.join(root, os.path.dirname(path), target))
        within = os.path.exists(os.path.join(root, "samples", target))
        check(kind == "<" or beside or within, f"{path}: includes \"{target}\", which is not of samples/")
        if target.startswith("ocelli/"):
            check(os.path.exists(os.path.join(root, "include", target)), f"{path}: <{target}> does not exist")


def check_version(root):
    declared = re.search(r"version: '([0-9.]+)'", read(root, "meson.build")).group(1)
    header = read(root, "include/ocelli/version.h")
    macros = ".".join(re.search(rf"#define OC_VERSION_{part} (\d+)", header).group(1) for part in ("MAJOR", "MINOR", "PATCH"))
    check(declared == macros, f"version.h says {macros}, meson.build {declared}")
    check(f'version = "{declared}"' in read(root, "pyproject.toml"), f"pyproject.toml: its version is not meson.build's {declared}")
    major, minor = declared.split(".")[:2]
    soversion = re.search(r"soversion = '([0-9.]+)'", read(root, "meson.build")).group(1)
    check(soversion == (f"0.{minor}" if major == "0" else major), f"meson.build: soversion {soversion} does not go with {declared}")


def report_lengths(path, text):
    lines = text.split("\n")
    if len(lines) - 1 > FILE_LINES:
        print(f"note: {path} has {len(lines) - 1} lines")
    for name, start, length in functions(text):
        if length > FUNCTION_LINES:
            print(f"note: {path}:{start} has {name}() of {length} lines")


def main(root):
    for path in files(root, "include", "lib", "samples", "test", "cl"):
        if not path.endswith((".c", ".h", ".hpp", ".cl", ".clh", ".def")):
            continue
        text = read(root, path)
        includes = INCLUDE.findall(text)
        check(path.endswith(".def") or "SPDX-License-Identifier: Apache-2.0" in text[:100], f"{path}: no SPDX line")
        if path.startswith("lib" + os.sep):
            check_library(path, includes)
        elif path.startswith("include" + os.sep):
            check_public(path, includes)
        elif path.startswith("samples" + os.sep):
            check_sample(root, path, includes)
        elif path.startswith("cl" + os.sep):
            for _, target in includes:
                check(os.path.exists(os.path.join(root, "cl", target)), f"{path}: \"{target}\" does not exist")
        report_lengths(path, text)
    check_version(root)
    for path in re.findall(r"\b([a-z]+/\w+\.c)\b", read(root, "docs/faults.md")):
        check(os.path.exists(os.path.join(root, "test", path)), f"docs/faults.md: there is no test/{path}")
    program = read(root, "samples/first.c").split("\n", 1)[1]
    check("```c\n" + program + "```" in read(root, "README.md"), "README.md: its program is not samples/first.c")
    for text in failed:
        print(f"failed: {text}")
    print(f"{passed} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")))
