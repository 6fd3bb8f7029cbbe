# SPDX-License-Identifier: Apache-2.0
"""32-bit and big-endian hosts: cross.py ROOT [--host NAME]... [--keep FOLDER]. Builds the library and its tests without a warning for
each host that Debian has a cross compiler for, and runs them by qemu-user: tests that need an OpenCL device are skipped there, all others
must pass. Hosts whose compiler is not installed are skipped, with a sentence."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

from run import run_test, tests_of

# Name -> compiler's triple, qemu's name, Meson's family, endian, Debian's packages.
HOSTS = {
    "i686": ("i686-linux-gnu", "i386", "x86", "little", "gcc-i686-linux-gnu libc6-dev-i386-cross"),
    "armhf": ("arm-linux-gnueabihf", "arm", "arm", "little", "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"),
    "ppc64": ("powerpc64-linux-gnu", "ppc64", "ppc64", "big", "gcc-powerpc64-linux-gnu libc6-dev-ppc64-cross"),
}
SUITES = ["unit", "graph", "onnx", "net", "train"]


def missing(name):
    triple, qemu, packages = HOSTS[name][0], HOSTS[name][1], HOSTS[name][4]
    if not shutil.which(triple + "-gcc"):
        return f"{name}: {triple}-gcc is not installed (Debian: {packages})"
    if not shutil.which("qemu-" + qemu):
        return f"{name}: qemu-{qemu} is not installed (Debian: qemu-user)"
    return None


def write_machine(name, folder):
    """Meson's description of the host; headers of OpenCL are the same everywhere, but not in the folder of its C library."""
    triple, qemu, family, endian, _ = HOSTS[name]
    include, path = os.path.join(folder, "include"), os.path.join(folder, name + ".ini")
    os.makedirs(include, exist_ok=True)
    if not os.path.exists(os.path.join(include, "CL")):
        os.symlink("/usr/include/CL", os.path.join(include, "CL"))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[binaries]\nc = '{triple}-gcc'\nar = '{triple}-ar'\nstrip = '{triple}-strip'\n"
                   f"exe_wrapper = ['qemu-{qemu}', '-L', '/usr/{triple}']\n"
                   f"[built-in options]\nc_args = ['-isystem', '{include}']\n"
                   f"[host_machine]\nsystem = 'linux'\ncpu_family = '{family}'\ncpu = '{family}'\nendian = '{endian}'\n")
    return path


def build(name, root, folder):
    """The build folder, or None after its messages."""
    where = os.path.join(folder, "build-" + name)
    environment = dict(os.environ, PKG_CONFIG_LIBDIR="/nowhere")  # this machine's libraries are not the host's
    for command in (["meson", "setup", where, root, "--cross-file", write_machine(name, folder), "-Dwerror=true", "-Dtests=enabled",
                     "-Dsamples=enabled"] + (["--reconfigure"] if os.path.exists(where) else []), ["ninja", "-C", where]):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            print(f"---- {name}: {' '.join(command[:2])}\n{done.stdout[-4000:]}")
            return None
    return where


def run_host(name, root, folder, wanted):
    """[passed, failed, skipped]; the build counts as one."""
    where = build(name, root, folder)
    if where is None:
        return [0, 1, 0]
    total = [1, 0, 0]
    wrapper = ["qemu-" + HOSTS[name][1], "-L", "/usr/" + HOSTS[name][0]]
    for test in tests_of(where, SUITES, wanted):
        if not os.path.basename(test["cmd"][0]).startswith("test-"):
            continue
        one, output = run_test(dict(test, cmd=wrapper + test["cmd"]), where, {"OCELLI_CACHE": ""}, 600)
        total = [a + b for a, b in zip(total, one)]
        if one[1]:
            print(f"---- {name} {test['name']}\n{output[-3000:]}")
    print(f"{name} ({HOSTS[name][3]}-endian): {total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root")
    parser.add_argument("--host", action="append", choices=HOSTS)
    parser.add_argument("--test", action="append", help="only tests with this in their names")
    parser.add_argument("--keep", help="a folder for the builds, used again (default: a temporary one)")
    args = parser.parse_args()
    total = [0, 0, 0]
    with tempfile.TemporaryDirectory() as scratch:
        for name in args.host or HOSTS:
            why = missing(name)
            if why:
                print(why + ": skipped")
            one = [0, 0, 1] if why else run_host(name, os.path.abspath(args.root), os.path.abspath(args.keep or scratch), args.test)
            total = [a + b for a, b in zip(total, one)]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
