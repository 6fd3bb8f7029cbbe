# SPDX-License-Identifier: Apache-2.0
"""ocelli plan, and run over several devices: place.py OCELLI MACHINES SAMPLE_DATA. Devices are PoCL's basic ones."""
import json
import os
import re
import sys
import tempfile

from tool import check, check_run, keys, run, summary

MACHINES, DATA = sys.argv[2:4]
TWO = {"POCL_DEVICES": "basic basic basic"}
KEYS = ["policy", "devices", "groups", "predicted_ms", "measured_ms", "transfer_bytes", "lower_bound_ms", "interval_ms"]


def pocl_devices():
    code, out, _ = run("devices", "--json", env=TWO)
    return [d["id"] for d in json.loads(out) if "Portable Computing" in d["platform"]] if code == 0 else []


def plan(*args, code=0, env=None, **more):
    return check_run("plan", ["plan", *args], code, env=env, **more)


def test_machines(model):
    names = sorted(os.listdir(MACHINES))
    check(len(names) == 5, f"machines: {names}")
    for name in names:
        for policy in ("single", "heft", "split", "pipeline", "auto"):
            value = json.loads(plan(model, "--machine", os.path.join(MACHINES, name), "--policy", policy, "--dim", "N=8", "--json"))
            keys("plan", value, KEYS)
            check(value["measured_ms"] is None and value["predicted_ms"] >= value["lower_bound_ms"] * (1 - 1e-9) > 0, f"{name} {policy}")
            check(all(0 <= g["device"] < len(value["devices"]) for g in value["groups"]), "devices of groups")
            if policy == "split":
                check(sum(d["share"] for d in value["devices"]) == 8, "shares")
            if policy == "single":
                single = value["predicted_ms"]
            if policy in ("heft", "auto"):
                check(value["predicted_ms"] <= single * (1 + 1e-9), f"{name}: {policy} is no slower than single")


def test_pictures(folder, model):
    svg, trace = os.path.join(folder, "gantt.svg"), os.path.join(folder, "trace.json")
    laptop = os.path.join(MACHINES, "laptop")
    plan(model, "--machine", laptop, "--svg", svg, "--trace", trace, stdout="predicted")
    text = open(svg, encoding="utf-8").read()
    check(text.startswith("<svg ") and text.endswith("</svg>\n") and "<title>" in text, "the drawing")
    events = json.load(open(trace, encoding="utf-8"))["traceEvents"]
    check({e["ph"] for e in events} == {"M", "X"} and all(e["dur"] >= 0 for e in events if e["ph"] == "X"), "the trace")
    dot = plan(model, "--machine", laptop, "--dot", stdout="digraph")
    check(dot.count("[shape") == 1 and dot.rstrip().endswith("}"), "dot")
    node = re.search(r'\\n', dot) and re.search(r'label="([^"\\]+)\\n', dot).group(1)
    plan(model, "--machine", laptop, "--why", node, "--policy", "single", stdout="yes")
    value = json.loads(plan(model, "--machine", laptop, "--why", node, "--policy", "single", "--json"))
    check(len(value["alternatives"]) == 2, "alternatives")
    plan(model, "--machine", laptop, "--why", "no such node", code=1, stderr="no such node")


def test_refusals(folder, model):
    bad = os.path.join(folder, "bad")
    open(bad, "w", encoding="utf-8").write("device x flops=1G\n")
    plan(model, "--machine", bad, code=1, stderr="line 1")
    plan(model, "--machine", os.path.join(folder, "nowhere"), code=1, stderr="nowhere")
    plan(model, "--machine", bad, "--measure", code=2)
    plan(model, "--rebalance", code=2)
    plan(model, "--policy", "luck", code=1, stderr="luck")
    plan(code=2)
    check_run("pin", ["run", model, "--pin", "x"], 1, stderr="PATTERN=N")


def test_devices(model):
    ids = pocl_devices()
    if len(ids) < 3:
        print("skipped: PoCL has no three basic devices here")
        return
    names = ",".join(ids)
    wanted = json.loads(check_run("run", ["run", model, "--dim", "N=6", "--json", "-d", ids[0]], 0, env=TWO))["outputs"]
    for policy in ("single", "heft", "split", "pipeline", "auto"):
        got = json.loads(check_run("run", ["run", model, "--dim", "N=6", "--json", "-d", names, "--policy", policy], 0, env=TWO))
        for name, value in got["outputs"].items():
            check(all(abs(value[k] - wanted[name][k]) <= 1e-4 * (1 + abs(wanted[name][k])) for k in ("min", "max", "mean")), f"{policy}: {got}")
        check("policy" in got, "policy")
    out = check_run("run", ["run", model, "--dim", "N=6", "-d", names, "--policy", "pinned", "--pin", "*=1", "--pin", "op:matmul=2"], 0, env=TWO,
                    stdout="policy   pinned")
    check("part     on 1" in out and "part     on 2" in out and "part     on 0" not in out, f"pins: {out}")
    value = json.loads(plan(model, "-d", names, "--policy", "split", "--dim", "N=6", "--measure", "--rebalance", "--json", env=TWO))
    check(value["measured_ms"] > 0 and sum(d["share"] for d in value["devices"]) == 6, f"measured: {value}")
    value = json.loads(plan(model, "-d", names, "--policy", "pipeline", "--dim", "N=6", "--measure", "--json", env=TWO))
    check(value["predicted_ms"] > 0 and len(value["groups"]) >= 1, f"measured: {value}")
    value = json.loads(plan(model, "-d", ids[0], "--measure", "--json", env=TWO))
    check(value["measured_ms"] > 0 and value["policy"] == "single" and len(value["devices"]) == 1, f"measured on one: {value}")
    check_run("bench", ["bench", model, "-d", names, "--policy", "split", "--dim", "N=6"], 0, env=TWO)
    losses = []
    for devices in ([ids[0]], [names], [names, "--sync-norm", "--shadow-steps", "5"]):
        out = check_run("train", ["train", "mlp", "--data", DATA, "--steps", "20", "--seed", "3", "--json", "-d", *devices], 0, env=TWO)
        losses.append(json.loads(out.splitlines()[-1])["test_loss"])
    check(abs(losses[0] - losses[1]) < 1e-3 * losses[0] and losses[1] == losses[2], f"training over devices: {losses}")
    value = json.loads(check_run("calibrate", ["devices", "--calibrate", "--json"], 0, env=TWO))
    check(all(d["flops"] > 1e8 and d["launch_us"] > 0 for d in value), f"calibrate: {value}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OCELLI_CACHE"] = os.path.join(folder, "cache")
        model = os.path.join(folder, "lenet.onnx")
        check_run("net", ["net", "lenet5", "--onnx", model], 0)
        test_machines(model)
        test_pictures(folder, model)
        test_refusals(folder, model)
        test_devices(model)
    return summary()


sys.exit(main())
