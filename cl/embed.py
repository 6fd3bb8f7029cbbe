# SPDX-License-Identifier: Apache-2.0
"""Writes a C file with the text of OpenCL sources: embed.py OUTPUT FILE... Others than .cl and .clh only count for the digest."""
import hashlib
import os
import sys

output, names = sys.argv[1], sys.argv[2:]
with open(output, "w", encoding="utf-8") as out:
    out.write('#include "device/sources.h"\n\n')
    rows, digest = [], hashlib.sha256()
    for number, path in enumerate(sorted(names, key=os.path.basename)):
        data = open(path, "rb").read() + b"\0"
        digest.update(data)
        if not path.endswith((".cl", ".clh")):
            continue
        out.write(f"static const char text{number}[] = {{\n")
        for at in range(0, len(data), 20):
            out.write("".join(f"{byte}," for byte in data[at:at + 20]) + "\n")
        out.write("};\n\n")
        rows.append(f'    {{"{os.path.basename(path)}", text{number}}},\n')
    out.write("const oc__source_text oc__sources[] = {\n" + "".join(rows) + "    {NULL, NULL}};\n")
    out.write(f'const char oc__sources_digest[] = "{digest.hexdigest()[:32]}";\n')
