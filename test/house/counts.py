# SPDX-License-Identifier: Apache-2.0
"""How large the house is: counts.py ROOT [OCELLI]. Operators, lines a floor, files and functions; with the command built, the programs
and steps of ResNet-50 as well."""
import os
import re
import statistics
import subprocess
import sys
import tempfile


def functions(text):
    """(name, first line, lines between the braces' lines) of each function: what begins in the first column and ends with "}" there."""
    head, found = None, []
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"[A-Za-z_]", line):
            head = (number, line)
        elif line == "}" and head:
            name = re.search(r"(\w+)\(", head[1].split("=")[0])
            if name and not re.match(r"(typedef|struct|union|enum)\b[^()]*$", head[1]):
                found.append((name.group(1), head[0], number - head[0] - 1))
            head = None
    return found


def sources(root, folder):
    for path, names, files in os.walk(os.path.join(root, folder)):
        names.sort()
        for name in sorted(files):
            if name.endswith((".c", ".h", ".cl", ".clh", ".def")):
                yield os.path.join(path, name)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def lines_of(root, folder):
    return sum(read(path).count("\n") for path in sources(root, folder))


def of_resnet50(ocelli):
    """"16 programs, 59 steps" of its plan for one picture."""
    with tempfile.TemporaryDirectory() as work:
        model = os.path.join(work, "resnet50.onnx")
        subprocess.run([ocelli, "net", "resnet50", "--onnx", model], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run([ocelli, "run", model, "--dim", "N=1"], stdout=subprocess.PIPE, text=True, check=True)
    return re.search(r"plan +(\d+ steps, \d+ programs)", done.stdout).group(1)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    ops = len(re.findall(r"^OC_OP\(", read(os.path.join(root, "lib/op/ops.def")), re.M))
    onnx = re.search(r"(\d+) operators", read(os.path.join(root, "docs/operators.md"))).group(1)
    print(f"| what | |\n|---|---|\n| ops of the library | {ops} |\n| ONNX operators read | {onnx} |")
    floors = sorted(name for name in os.listdir(os.path.join(root, "lib")) if os.path.isdir(os.path.join(root, "lib", name)))
    for name in floors:
        if lines_of(root, f"lib/{name}"):
            print(f"| lines of lib/{name} | {lines_of(root, f'lib/{name}')} |")
    for folder in ("cl", "include", "samples", "test"):
        print(f"| lines of {folder} | {lines_of(root, folder)} |")
    files = [(read(path).count("\n"), os.path.relpath(path, root)) for path in sources(root, "lib")]
    found = [(length, name, path) for path in sources(root, "lib") for name, _, length in functions(read(path))]
    print("| files of lib, median and longest | %d, %d (%s) |" % (statistics.median(n for n, _ in files), *max(files)))
    longest = max(found)
    print(f"| functions of lib, median and longest | {statistics.median(n for n, _, _ in found):g}, {longest[0]} ({longest[1]}) |")
    if len(sys.argv) > 2:
        print(f"| ResNet-50's plan | {of_resnet50(sys.argv[2])} |")


if __name__ == "__main__":
    main()
