# SPDX-License-Identifier: Apache-2.0
"""ocelli doctor: doctor.py OCELLI KERNELS. On this machine, and on machines where something is wrong."""
import glob
import json
import os
import shutil
import sys
import tempfile

import tool
from tool import check, check_run, keys, run, summary

KERNELS = sys.argv[2]


def test_well(folder):
    out = check_run("doctor", ["doctor", "--json"], 0, env={"OCELLI_CACHE": os.path.join(folder, "cache")})
    report = json.loads(out)
    keys("doctor", report, ["version", "loader", "loader_error", "drivers", "devices", "cache", "environment", "notes", "problems", "advice"])
    check(report["problems"] == [] and report["loader_error"] is None, f"problems: {report['problems']}")
    check(len(report["devices"]) >= 1 and any(driver["error"] is None for driver in report["drivers"]), "no driver or device")
    for device in report["devices"]:
        check([test["name"] for test in device["tests"]] == ["matmul", "conv2d", "max_pool2d"], f"tests: {device['tests']}")
        check(all(test["right"] and test["error"] < 1e-4 and test["solver"] for test in device["tests"]), f"tests: {device['tests']}")
        if "Portable" in device["platform"]:
            check(any(bug["name"] == "pocl_fork" for bug in device["bugs"]), "PoCL's bugs are not told")
    check(any(text.startswith("OCELLI_CACHE=") for text in report["environment"]), "the environment is not told")
    out = check_run("as text", ["doctor"], 0, stdout="all is well", env={"OCELLI_CACHE": os.path.join(folder, "cache")})
    check("matmul" in out and "right" in out and "0700" in out, f"text: {out}")


def test_loader():
    code, out, _ = run("doctor", "--json", env={"OCELLI_OPENCL": "libnowhere.so"})
    report = json.loads(out)
    check(code == 1 and report["devices"] == [] and "libnowhere" in report["loader_error"], f"no loader: {out}")
    check(any("unset OCELLI_OPENCL" in text for text in report["advice"]), f"advice without a loader: {report['advice']}")
    out = check_run("no folder", ["doctor"], 1, stdout="no folder of OpenCL drivers, /nowhere", env={"OCL_ICD_VENDORS": "/nowhere"})
    check("unset OCL_ICD_VENDORS" in out, f"no advice without a folder: {out}")
    there = glob.glob("/etc/OpenCL/vendors/*.icd")
    check(("install a driver" in out) == (not there), f"drivers here: {there}; what is said: {out}")


def test_drivers(folder):
    vendors = os.path.join(folder, "vendors")
    os.mkdir(vendors)
    for path in glob.glob("/etc/OpenCL/vendors/pocl*.icd"):
        shutil.copy(path, vendors)
    with open(os.path.join(vendors, "broken.icd"), "w", encoding="utf-8") as file:
        file.write("libgone.so.1\n")
    with open(os.path.join(vendors, "empty.icd"), "w", encoding="utf-8"):
        pass
    out = check_run("broken driver", ["doctor"], 1, stdout="libgone.so.1", env={"OCL_ICD_VENDORS": vendors})
    check("DOES NOT LOAD" in out and "names no library" in out and "something is wrong" in out, f"drivers: {out}")


def test_cache(folder):
    cache = os.path.join(folder, "open")
    os.mkdir(cache)
    os.chmod(cache, 0o777)
    check_run("open cache", ["doctor"], 1, stdout="chmod 700", env={"OCELLI_CACHE": cache})
    check_run("no cache", ["doctor"], 0, stdout="compiles its kernels anew", env={"OCELLI_CACHE": ""})
    path = os.path.join(folder, "file")
    with open(path, "w", encoding="utf-8"):
        pass
    check_run("cache is a file", ["doctor"], 1, stdout="is no folder", env={"OCELLI_CACHE": path})


def test_wrong_numbers(folder):
    """Kernels that compute something else: the library refuses them itself, and the doctor says what does not work."""
    kernels = os.path.join(folder, "cl")
    shutil.copytree(KERNELS, kernels)
    for path in glob.glob(os.path.join(kernels, "matmul_*.cl")):
        with open(path, "a", encoding="utf-8") as file:
            file.write("\nthis is no OpenCL C;\n")
    out = check_run("wrong kernels", ["doctor"], 1, stdout="does not compute matmul",
                    env={"OCELLI_KERNELS": kernels, "OCELLI_CACHE": "", "OCELLI_DISABLE": "matmul.clblast"})
    check("conv2d      right" in out, f"the others still work: {out}")


def main():
    if run("devices")[0] != 0:
        tool.skipped += 1
        print("there is no OpenCL device: only what needs none is tested")
        test_loader()
        return summary()
    with tempfile.TemporaryDirectory() as folder:
        test_well(folder)
        test_loader()
        test_drivers(folder)
        test_cache(folder)
        test_wrong_numbers(folder)
    return summary()


sys.exit(main())
