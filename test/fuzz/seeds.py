# SPDX-License-Identifier: Apache-2.0
"""Writes small files that are right, to begin with: seeds.py TARGET FOLDER; or runs a program over them: seeds.py --run PROGRAM TARGET.
Some are cut or changed, so that a program without libFuzzer sees wrong ones too."""
import base64
import glob
import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GREY_JPEG = """/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/wAALCA
AHAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABAX/xAAYEAACAwAAAAAAAAAAAAAAAAAAAQQRMf/aAAgBAQAAPwAkJYUqP//Z"""
COLOUR_JPEG = """/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/2wBDAS
stLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/wgARCAAHAAkDASIAAhEBAxEB/8QAFgABAQEAAAAA
AAAAAAAAAAAAAAID/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQL/2gAMAwEAAhADEAAAAc7JP//EABcQAQADAAAAAAAAAAAAAAAAAAABAhL/2gAIAQEAAQUCirL/xAAWEQEBAQAA
AAAAAAAAAAAAAAACAAH/2gAIAQMBAT8BK2//xAAVEQEBAAAAAAAAAAAAAAAAAAAAEf/aAAgBAgEBPwGv/8QAFBABAAAAAAAAAAAAAAAAAAAAEP/aAAgBAQAGPwI//8QAFBAB
AAAAAAAAAAAAAAAAAAAAEP/aAAgBAQABPyEf/9oADAMBAAIAAwAAABCL/8QAFREBAQAAAAAAAAAAAAAAAAAAABH/2gAIAQMBAT8Qgf/EABYRAQEBAAAAAAAAAAAAAAAAAAEA
Ef/aAAgBAgEBPxBe3//EABYQAQEBAAAAAAAAAAAAAAAAAAABEf/aAAgBAQABPxCDD//Z"""


def npy(descr, shape, data, version=1, fortran=False):
    header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, repr(shape))
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header.encode() + data


def field(number, kind, data):
    """A field of a protocol buffer: 0 a number, 2 bytes."""
    return bytes([number << 3 | kind]) + bytes([len(data)] if kind == 2 else [data]) + (data if kind == 2 else b"")


def arrays():
    yield npy("<f4", (2, 3), bytes(24))
    yield npy("<i8", (1,), bytes(8), 2)
    yield npy("|b1", (), b"\x01", 3)
    yield npy("<f2", (2, 2, 0), b"", fortran=True)
    yield npy("|u1", (3, 2), bytes(6), fortran=True)
    yield b"\0\0\x08\x03" + struct.pack(">III", 2, 2, 2) + bytes(8)
    yield b"\0\0\x08\x01" + struct.pack(">I", 3) + b"abc"
    yield field(1, 0, 2) + field(1, 0, 1) + field(2, 0, 1) + field(8, 2, b"name") + field(9, 2, bytes(8))
    yield field(1, 0, 3) + field(2, 0, 7) + field(7, 2, b"\1\2\3") + field(8, 2, b"numbers")


def safetensors_file(entries, data, metadata=None):
    parts = ['"__metadata__":{%s}' % ",".join('"%s":"%s"' % item for item in metadata.items())] if metadata else []
    for name, kind, shape, first, last in entries:
        parts.append('"%s":{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}' % (name, kind, list(shape), first, last))
    header = ("{" + ",".join(parts) + "}").encode()
    return struct.pack("<Q", len(header)) + header + data


def safetensors():
    yield safetensors_file([("weight", "F32", (2, 2), 0, 16), ("bias", "F16", (3,), 16, 22)], bytes(22), {"a": "b", "c\\u00e9": "d\\\\n"})
    yield safetensors_file([("x", "BOOL", (), 0, 1), ("y", "I64", (0, 5), 1, 1)], b"\1")
    yield safetensors_file([("other", "F8_E4M3", (4,), 0, 4)], bytes(4))
    yield safetensors_file([], b"")


def state():
    note = "trainer epoch=1 step=2 in_epoch=0 batch=64 accumulate=1 seed=0 shuffle=1 loss=0 samples=9"
    names = [("fc1.weight", (2, 3), 24), ("fc1.bias", (2,), 8), ("optimizer.momentum.fc1.weight", (2, 3), 24),
             ("optimizer.momentum.fc1.bias", (2,), 8), ("optimizer.m.fc1.weight", (2, 3), 24), ("optimizer.m.fc1.bias", (2,), 8)]
    for several in (names[:2], names[:4], names[:2] + names[4:]):
        entries, at = [], 0
        for name, shape, size in several:
            entries.append((name, "F32", shape, at, at + size))
            at += size
        yield safetensors_file(entries, bytes(at), {"ocelli.note": note})
    yield safetensors_file([], b"", {"ocelli.note": note, "ocelli.hash": "0" * 32})


def machine():
    for path in glob.glob(os.path.join(ROOT, "samples/machines/*")):
        with open(path, "rb") as file:
            yield file.read()[:2000]
    yield b"device \0 flops=1 bytes=1\ndevice a\0b flops=1 bytes=1\n"
    yield b"device a x 3 flops=500G bytes=40G launch=5u wait=20u memory=16G host=8G/10u\nlink a0 a1 rate=25G latency=5u # fast\n"


def cache():
    yield b"matmul:m64n500k800\t12.5 3 1e6 2e6 matmul.tiled\nrelu:100\t1 1 0 800 eltwise.flat\n"
    yield b"speed1 1e11 2e10 5e-6 2e-5 1e-5 1e10 1 1\0"
    key = hashlib.md5(b"a device").hexdigest()
    yield ("%s\tmatmul:m1n1k1\tmatmul.ref\t12.5 0 0 0 0 0 0 0 0\n" % key).encode()
    yield b"OCELLI1\0" + struct.pack("<QQQQ", 3, 1, 1, 2) + b"key."


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, kind, depth=8, interlaced=0):
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[kind]
    rows = (b"\1" + bytes(range(width * channels))) * height
    palette = chunk(b"PLTE", bytes(range(3 * 64))) if kind == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)) + palette +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def picture():
    yield base64.b64decode(GREY_JPEG)
    yield base64.b64decode(COLOUR_JPEG)
    for kind in (0, 2, 3, 6):
        yield png(5, 3, kind)
    yield b"P5 3 2 255\n" + bytes(6)
    yield b"P6\n# text\n2 2 255\n" + bytes(12)
    yield b"P2 2 2 15 1 2 3 15\n"


def problem():
    with open(os.path.join(ROOT, "test/unit/problem.c"), encoding="utf-8") as file:
        for line in file:
            text = line.strip()
            if text.startswith('{"') and '", ' in text:
                yield text[2:text.index('", ')].encode()


def words():
    yield from (b"wg=64,local=16k,nofp64", b"alloc=64M,align=4096,inorder,bits=32", b"noimages,nofp16", b"cpu:0,gpu", b"auto", b"1:0, River",
                b"12.5e-3", b"-9223372036854775808", b"64k", b"inf", b"0x1p-3", b"abc\na?*")


def onnx():
    for folder in (os.path.join(os.environ.get("OCELLI_DATA", os.path.join(ROOT, "../shared/data")), "models"),
                   "/usr/share/libonnx-testdata/data"):
        for path in sorted(glob.glob(os.path.join(folder, "**/*.onnx"), recursive=True)):
            if os.path.getsize(path) < 40000:
                with open(path, "rb") as file:
                    yield file.read()


def write(target, folder, damaged):
    count = 0
    for data in list(globals()[target]())[:1000]:
        forms = [data] + ([data[:len(data) // 2], data[:-1], data.replace(b"1", b"9"), data + b"\n"] if damaged else [])
        for form in forms:
            count += 1
            with open(os.path.join(folder, str(count)), "wb") as file:
                file.write(form)
    return count


def main():
    if sys.argv[1] != "--run":
        print(f"{write(sys.argv[1], sys.argv[2], False)} files to begin with")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        write(sys.argv[3], folder, sys.argv[3] != "onnx")
        return subprocess.run([sys.argv[2], folder]).returncode


sys.exit(main())
