#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long networks take until their first result: a table in Markdown on stdout.

    python3 test/bench/starts.py BUILD --nets FOLDER [--only NAME,...] [--batch N]

FOLDER/NAME/model.onnx are what is started (export.py writes such), with LeNet-5 as `ocelli net` writes it. Times in ms are from
bench-starts, a process a start, and go from opening the device to the end of the first run:

    cold     no cache of ours or of the driver's, everything verified; the file's reading included
    warm     with the caches of that, the least of three; the file's reading apart
    re-plan  a plan for another batch in the same process: all variants built already, and (built) with the building of those that were not
    arena    memory of intermediate values by the least that it could be"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

GOALS = {"lenet5": 2000, "resnet50": 5000}
NETS = ["lenet5", "alexnet", "vgg16", "resnet18", "resnet50", "googlenet", "densenet121", "squeezenet1_1", "mobilenet_v2", "inception_v3"]


def start(build, model, batch, folder):
    caches = dict(os.environ, OCELLI_CACHE=os.path.join(folder, "ours"), POCL_CACHE_DIR=os.path.join(folder, "pocl"))
    done = subprocess.run([os.path.join(build, "test", "bench-starts"), model, str(batch)], env=caches, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        sys.exit(f"{model}: {done.stderr}")
    times = json.loads(done.stdout)
    times["all"] = sum(times[part + "_ms"] for part in ("open", "plan", "exec", "first"))
    return times


def row(build, name, model, batch):
    folder = tempfile.mkdtemp()
    try:
        os.mkdir(os.path.join(folder, "pocl"))
        cold = start(build, model, batch, folder)
        warm = min((start(build, model, batch, folder) for _ in range(3)), key=lambda times: times["all"])
    finally:
        shutil.rmtree(folder)
    goal = f" ({GOALS[name]})" if name in GOALS else ""
    print(f"| {name} | {cold['all'] + cold['read_ms']:.0f}{goal} | {warm['all']:.0f} | {warm['read_ms']:.0f} | {warm['again_ms']:.1f} | "
          f"{cold['built_ms']:.0f} | {cold['steps']} | {cold['programs']} | {cold['arena'] / max(1, cold['liveness']):.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", default="build")
    parser.add_argument("--nets", default="nets", help="folder of models")
    parser.add_argument("--only", default=",".join(NETS))
    parser.add_argument("--batch", type=int, default=8, help="of the other plan")
    args = parser.parse_args()
    print("| network | cold (goal) | warm (250) | reading | re-plan (50) | built | steps | programs | arena (1.10) |\n" + "|---" * 9 + "|")
    with tempfile.TemporaryDirectory() as own:
        for name in args.only.split(","):
            model = os.path.join(args.nets, name, "model.onnx")
            if name == "lenet5":
                model = os.path.join(own, "lenet5.onnx")
                subprocess.run([os.path.join(args.build, "samples", "ocelli"), "net", name, "--onnx", model], check=True,
                               stdout=subprocess.DEVNULL)
            if os.path.exists(model):
                row(args.build, name, model, args.batch)


if __name__ == "__main__":
    main()
