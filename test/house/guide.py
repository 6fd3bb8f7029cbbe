# SPDX-License-Identifier: Apache-2.0
"""Every block of the guide is built and run: guide.py ROOT BUILD CC.... ```c is a whole program, ```sh commands with `ocelli` in the path;
a ```text block behind one is what it prints. A program that ends with 77 is skipped."""
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT, BUILD, CC = sys.argv[1], sys.argv[2], sys.argv[3:]
sys.path.insert(0, os.path.join(ROOT, "test", "cli"))
import tool  # noqa: E402
from tool import check  # noqa: E402

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def run_block(kind, text, folder, environment):
    """The exit code and what was printed."""
    if kind == "sh":
        command = ["sh", "-e", "-c", text]
    else:
        source, command = os.path.join(folder, "program.c"), [os.path.join(folder, "program")]
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        library = os.path.join(BUILD, "lib")
        built = subprocess.run([*CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I" + os.path.join(ROOT, "include"), source, "-o", command[0],
                                "-L" + library, "-Wl,-rpath," + library, "-locelli", "-lOpenCL"], capture_output=True, text=True, check=False)
        if built.returncode:
            return built.returncode, "", built.stderr
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout, done.stderr


def main():
    environment = dict(os.environ, PATH=os.path.join(BUILD, "samples") + ":" + os.environ["PATH"],
                       SAMPLE_DATA=os.path.join(ROOT, "samples", "data"))
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "guide", "*.md"))):
        with open(path, encoding="utf-8") as file:
            blocks = BLOCK.findall(file.read())
        with tempfile.TemporaryDirectory() as folder:
            environment["OCELLI_CACHE"] = os.path.join(folder, "cache")
            printed = None
            for number, (kind, text) in enumerate(blocks):
                name = f"{os.path.basename(path)}, block {number + 1}"
                if kind == "text":
                    check(printed is None or printed == text, f"{name}: it prints\n{printed}")
                    continue
                code, printed, said = run_block(kind, text, folder, environment)
                if code == 77:
                    tool.skipped += 1
                    printed = None
                    continue
                check(code == 0, f"{name}: exit code {code}\n{(printed + said)[-2000:]}")
    return tool.summary()


sys.exit(main())
