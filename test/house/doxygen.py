# SPDX-License-Identifier: Apache-2.0
"""The public API's documentation is made without a warning: doxygen.py ROOT. Skipped where doxygen is not installed."""
import shutil
import subprocess
import sys
import tempfile

if not shutil.which("doxygen"):
    print("doxygen is not installed (Debian: doxygen): skipped")
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder, open(sys.argv[1] + "/docs/Doxyfile", encoding="utf-8") as file:
    settings = file.read() + f"\nOUTPUT_DIRECTORY = {folder}\n"
    done = subprocess.run(["doxygen", "-"], input=settings, cwd=sys.argv[1], capture_output=True, text=True, check=False)
print(done.stderr[-4000:])
sys.exit(1 if done.returncode or done.stderr.strip() else 0)
