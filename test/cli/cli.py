# SPDX-License-Identifier: Apache-2.0
"""The command as a user meets it: cli.py OCELLI SAMPLE_DATA [DATA]. Exit codes, keys of JSON, sentences; nothing is left behind."""
import gzip
import json
import os
import subprocess
import sys
import tempfile

import tool
from tool import OCELLI, check, check_run, keys, run, summary

SAMPLE = sys.argv[2]
DATA = sys.argv[3] if len(sys.argv) > 3 and os.path.isdir(sys.argv[3]) else None
COMMANDS = ["devices", "run", "check", "train", "classify", "bench", "cache", "tune", "info", "net", "plan", "gradcheck", "doctor", "completion"]


def test_help():
    check_run("--help", ["--help"], 0, stdout="Commands:")
    check_run("--version", ["--version"], 0, stdout="ocelli 0.")
    check_run("no command", [], 2)
    check_run("unknown command", ["fly"], 2, stderr="fly")
    for command in COMMANDS:
        check_run(command, [command, "--help"], 0, stdout="Options:")
        check_run(command, [command, "--what"], 2, stderr="--what")
    check_run("missing", ["run"], 2)
    check_run("missing value", ["run", "m.onnx", "--repeat"], 2)
    check_run("no number", ["run", "m.onnx", "--repeat", "many"], 2)
    check_run("no pair", ["run", "m.onnx", "-i", "x"], 2)
    check_run("no size", ["run", "m.onnx", "--dim", "N"], 2)
    check_run("too many", ["devices", "x"], 2)
    check_run("not clear", ["cache", "clean"], 2)
    check_run("no network", ["train"], 2)
    check_run("no such optimizer", ["train", "lenet5", "--data", SAMPLE, "--optimizer", "magic"], 2)
    check_run("both colours", ["classify", "--rgb", "--gray", "m", "f"], 2)


def test_devices():
    out = check_run("devices", ["devices", "--json"], 0)
    for device in json.loads(out):
        keys("devices", device, ["id", "platform", "name", "type", "version", "driver", "compute_units", "clock_mhz", "global_mem",
                                 "local_mem", "max_alloc", "max_work_group", "fp16", "fp64"])
    check_run("devices as text", ["devices"], 0, stdout="compute units")
    for nowhere in ({"OCL_ICD_VENDORS": "/nowhere"}, {"OCELLI_OPENCL": "libnowhere.so"}):
        check_run("no driver", ["devices"], 1, stderr="install", env=nowhere)
    check_run("no such device", ["run", "-d", "nonesuch", "m.onnx"], 1, stderr="nonesuch")


def train(folder, *args, code=0, **more):
    return check_run("train", ["train", "lenet5", "--data", SAMPLE, "--optimizer", "adam", "--lr", "0.002", *args], code, **more)


def test_train(folder):
    model, state = os.path.join(folder, "m.onnx"), os.path.join(folder, "state")
    out = train(folder, "--epochs", "2", "--json", "--save", model, "--checkpoint", state, "--dump-gradients",
                os.path.join(folder, "gradients"), stderr="the same answers")
    lines = [json.loads(line) for line in out.splitlines()]
    check(len(lines) == 2 and [line["epoch"] for line in lines] == [1, 2], f"epochs: {out}")
    for line in lines:
        keys("train", line, ["epoch", "step", "train_loss", "test_loss", "test_accuracy", "seconds", "images_per_second", "repeated_steps"])
    check(lines[-1]["test_accuracy"] > 0.6 and lines[-1]["step"] == 158, f"learning: {out}")
    check(sorted(os.listdir(os.path.join(folder, "gradients")))[0] == "conv1.bias.npy", "gradients")
    again = train(folder, "--steps", "160", "--json", "--resume", state)
    whole = train(folder, "--steps", "160", "--json")
    last, all_steps = json.loads(again.splitlines()[-1]), json.loads(whole.splitlines()[-1])
    check(last["step"] == 160 and last["test_loss"] == all_steps["test_loss"], f"resumed: {again}{whole}")
    before, plain = open(model, "rb").read(), {"OCELLI_DISABLE": "matmul.clblast"}
    train(folder, "--steps", "1", env=plain)  # so that no program has to be built below
    train(folder, "--steps", "1", "--save", model, code=1, limit=200000, stderr="m.onnx", env=plain)
    check(open(model, "rb").read() == before, "a failed save leaves the model as it was")
    check(not [name for name in os.listdir(folder) if name not in ("m.onnx", "state", "gradients")], "a failed save leaves nothing behind")
    check_run("saved nowhere", ["train", "lenet5", "--data", SAMPLE, "--steps", "1", "--save", "/nowhere/m.onnx"], 1, stderr="/nowhere")
    check_run("no data", ["train", "lenet5", "--data", folder], 1)
    check_run("no checkpoint", ["train", "lenet5", "--data", SAMPLE, "--resume", model], 1)
    return model


def write_pgm(path, width, height, pixels):
    with open(path, "wb") as file:
        file.write(b"P5\n# a comment\n%d %d\n255\n" % (width, height) + bytes(pixels))


def test_classify(folder, model):
    images = os.path.join(SAMPLE, "t10k-images-idx3-ubyte.gz")
    pixels = gzip.open(images).read()[16:16 + 784]
    good, wide, cut = (os.path.join(folder, name) for name in ("a.pgm", "b.pgm", "c.pgm"))
    write_pgm(good, 28, 28, pixels)
    write_pgm(wide, 56, 14, pixels)
    write_pgm(cut, 28, 28, pixels[:700])
    out = check_run("classify", ["classify", model, good, "--json"], 0)
    answer = json.loads(out)[0]
    keys("classify", answer, ["file", "class", "label", "probability"])
    check(answer["label"] == open(os.path.join(SAMPLE, "labels.txt"), encoding="utf-8").read().splitlines()[answer["class"]], "label")
    check_run("drawn", ["classify", model, good], 0, stdout="++**")
    check_run("wrong size", ["classify", model, wide], 1, stderr="56 by 14")
    check_run("cut off", ["classify", model, cut], 1, stderr="cut off")
    check_run("no picture", ["classify", model, model], 1, stderr="no png")
    check_run("not there", ["classify", model, "nowhere.png"], 1, stderr="No such file")
    check_run("images", ["classify", model, images, "--first", "200"], 0, stdout="of 200 right")


def test_run(folder, model):
    out = check_run("run", ["run", model, "--json", "--repeat", "3", "--dim", "N=5"], 0, stderr="seed")
    value = json.loads(out)
    keys("run", value, ["device", "prepare_ms", "first_ms", "median_ms", "min_ms", "arena_bytes", "liveness_bytes", "weight_bytes", "steps",
                       "programs", "outputs"])
    check(value["liveness_bytes"] <= value["arena_bytes"] <= 1.1 * value["liveness_bytes"], "the arena")
    check(value["outputs"]["logits"]["shape"] == [5, 10], f"run: {out}")
    keys("run", value["outputs"]["logits"], ["shape", "min", "max", "mean"])
    halved = json.loads(check_run("half weights", ["run", model, "--json", "--half-weights"], 0))
    full = json.loads(check_run("full weights", ["run", model, "--json"], 0))
    for key in ("min", "max", "mean"):
        a, b = halved["outputs"]["logits"][key], full["outputs"]["logits"][key]
        check(a != b and abs(a - b) <= 1e-2 * (1 + abs(b)), f"half weights: {key} {a}, {b}")
    npy = os.path.join(folder, "y.npy")
    check_run("run", ["run", model, "-o", "logits=" + npy], 0)
    check(os.path.getsize(npy) == 128 + 40, "an output is written")
    check_run("wrong shape", ["run", model, "-i", "input=" + npy], 1, stderr="(1, 10)")
    check_run("no such input", ["run", model, "-i", "nonesuch=" + npy], 1, stderr="nonesuch")
    check_run("no such output", ["run", model, "-o", "nonesuch=" + npy], 1, stderr="nonesuch")
    check_run("beyond memory", ["run", model, "--dim", "N=99999999999"], 1, stderr="a value of ")
    half = os.path.join(folder, "half.onnx")
    with open(model, "rb") as whole, open(half, "wb") as part:
        part.write(whole.read()[:100000])
    check_run("half a model", ["run", half], 1, stderr="malformed")
    nested = b""
    for _ in range(5000):  # graph > node > attribute > graph
        for field in (b"\x32", b"\x2a", b"\x0a"):
            nested = field + varint(len(nested)) + nested
    with open(half, "wb") as part:
        part.write(b"\x3a" + varint(len(nested)) + nested)
    check_run("a nested model", ["run", half], 1, stderr="nested")


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


BENCH_KEYS = ["problem", "direction", "solver", "median_ms", "min_ms", "gflops", "peak_share", "bound", "flops", "bytes"]


def test_bench(folder, model):
    out = check_run("bench", ["bench", "matmul:64x64,64x64", "--json"], 0)
    for value in json.loads(out):
        keys("bench", value, BENCH_KEYS)
        check(value["flops"] == 2 * 64 ** 3 and value["bound"] in ("flops", "bytes"), f"bench: {out}")
    check_run("peak", ["bench", "peak"], 0, stdout="GFLOP/s")
    check_run("no problem", ["bench", "nonsense"], 1)
    check_run("nothing", ["bench"], 2)
    problems = os.path.join(folder, "problems.txt")
    with open(problems, "w", encoding="utf-8") as file:
        file.write("# a comment\n\nrelu:1000   # another\nmatmul:m8n8k8\n")
    check(check_run("batch file", ["bench", "--batch-file", problems], 0).count("GFLOP/s") == 2, "batch file")
    test_layers(folder, model)


def test_layers(folder, model):
    svg, old = os.path.join(folder, "roofline.svg"), os.path.join(folder, "old.json")
    args = ["bench", model, "--repeat", "2"]
    out = check_run("layers", [*args, "--layers", "--svg", svg], 0, stdout="all steps")
    check("% peak" in out and "bound" in out and "host to host" in out, f"layers: {out}")
    with open(svg, encoding="utf-8") as file:
        text = file.read()
    check(text.startswith("<svg ") and text.endswith("</svg>\n") and "<circle" in text and "GFLOP/s" in text, "roofline")
    check_run("roofline nowhere", ["bench", "relu:100", "--svg", "/nowhere/r.svg"], 1, stderr="/nowhere")
    out = check_run("steps", [*args, "--json"], 0)
    steps = json.loads(out)
    for step in steps:
        keys("steps", step, [*BENCH_KEYS, "node"])
    with open(old, "w", encoding="utf-8") as file:
        json.dump([{**step, "median_ms": 1000, "unknown": None} for step in steps] + [{"problem": "peak:fma", "gflops": 1}], file, indent=1)
    check_run("compare", [*args, "--compare", old], 0, stdout=f"{len(steps)} of {len(steps)} were timed before")
    check_run("faster", [*args, "--compare", old], 0, stdout="\n0 slower, ")
    for step in json.loads(check_run("compare", [*args, "--compare", old, "--json"], 0)):
        keys("compare", step, [*BENCH_KEYS, "node", "old_median_ms"])
        check(abs(step["old_median_ms"] - 1000) < 1e-3, "the old time")
    with open(old, "w", encoding="utf-8") as file:
        json.dump([{"problem": "relu:100", "direction": "fwd", "solver": "old", "median_ms": 1e-6}], file)
    check_run("compare alone", ["bench", "--compare", old], 0, stdout="1 slower, 0 faster; 1 of 1")
    for text in ("", "[", "[{}", '[{"problem"}]', '[{"problem": "x', "[1]", "[] x", "[]"):
        with open(old, "w", encoding="utf-8") as file:
            file.write(text)
        check_run("no such file to compare with", ["bench", "relu:100", "--compare", old], 1, stderr="old.json")
    check_run("above the peak", ["bench", "matmul:m64n64k64", "--peak", "1e-3"], 1, stderr="which cannot be")
    check_run("below the peak", ["bench", "matmul:m64n64k64", "--peak", "1e6"], 0)
    check_run("nothing to compare with", ["bench", "relu:100", "--compare", "nowhere.json"], 1, stderr="nowhere.json")


def test_streams(folder, model):
    """What cannot be printed is a failure; what is printed never lands in another file."""
    onnx = os.path.join(folder, "closed.onnx")
    for args in (["net"], ["run", model, "--json"], ["--help"], ["completion", "zsh"], ["net", "lenet5", "--onnx", onnx]):
        for to in (">/dev/full", ">&-"):
            done = subprocess.run(["sh", "-c", f'exec "$@" {to}', "sh", OCELLI, *args], stderr=subprocess.PIPE, text=True, check=False)
            check(done.returncode == 1 and "stdout cannot be written" in done.stderr, f"{args} {to}: {done}")
    check_run("written behind a closed stream", ["info", onnx], 0)
    check_run("one form", ["plan", model, "--dot", "--json"], 2, stderr="JSON")


def test_why(model):
    out = run("run", model, "--why")[2]
    check("       not matmul." in out and "       yes " in out, "--why tells choices and refusals")
    chosen = sorted({line.split()[1] for line in out.splitlines() if line.startswith("       yes ")})
    fast = next(name.rstrip(":") for name in chosen if not name.endswith(".ref:"))
    out = run("run", model, "--why", "--disable", fast)[2]
    check(f"not {fast}: disabled by name" in out and f"by {fast} " not in out, f"--disable {fast}")
    check(f"not {fast}: disabled by name" in run("run", model, "--why", env={"OCELLI_DISABLE": "x," + fast})[2], "OCELLI_DISABLE")
    check("disabled" not in run("run", model, "--plan")[2], "--plan without --why")


def test_tune(folder):
    """Eight processes write what they measured into one file at once, and nothing of it is lost."""
    env = {**os.environ, "OCELLI_CACHE": os.path.join(folder, "tuned"), "OCELLI_DISABLE": "matmul.clblast"}
    check_run("tune off", ["bench", "relu:64"], 0, env={**env, "OCELLI_TUNE": "off"})
    check(not os.path.exists(os.path.join(env["OCELLI_CACHE"], "find.db")), "nothing is measured unless it is asked for")
    batch = os.path.join(folder, "batch.txt")
    for turn in range(2):
        workers = []
        for i in range(8):
            with open(f"{batch}{i}", "w", encoding="utf-8") as file:
                file.writelines(f"relu:{100 * (8 * turn + i) + k}\n" for k in range(5))
            workers.append(subprocess.Popen([OCELLI, "tune", "--batch-file", f"{batch}{i}", "--limit", "5"], env=env,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
        for worker in workers:
            text = worker.communicate(timeout=300)[1].decode()
            check(worker.returncode == 0 and not text, f"one of eight: {text[-600:]}")
    with open(os.path.join(env["OCELLI_CACHE"], "find.db"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    problems = {line.split("\t")[1] for line in lines}
    check(all(len(line.split("\t")) == 4 for line in lines), "every line is whole")
    check(problems == {f"relu:{100 * i + k}" for i in range(16) for k in range(5)}, f"{len(problems)} of 80 problems were kept")
    check(len(lines) == len({tuple(line.split("\t")[:3]) for line in lines}), "no line twice")
    check_run("tune wrong", ["run", "x.onnx"], 1, env={"OCELLI_TUNE": "never"}, stderr="x.onnx")
    check_run("clear", ["cache", "clear"], 0, env=env, stdout="0 files")
    check(not os.path.exists(os.path.join(env["OCELLI_CACHE"], "find.db")), "measurements are cleared too")


def test_cache(folder):
    env = {"OCELLI_CACHE": os.path.join(folder, "cache")}
    check_run("warm", ["bench", "relu:100", "--json"], 0, env=env)
    value = json.loads(check_run("cache", ["cache", "--json"], 0, env=env))
    keys("cache", value, ["folder", "files", "bytes"])
    check(value["files"] > 0 and value["folder"] == env["OCELLI_CACHE"], f"cache: {value}")
    for root, _, names in os.walk(env["OCELLI_CACHE"]):
        for name in names:
            os.truncate(os.path.join(root, name), 40)
    check_run("truncated cache", ["bench", "relu:100"], 0, env=env)
    check_run("clear", ["cache", "clear"], 0, env=env, stdout="0 files")
    check(json.loads(check_run("cache", ["cache", "--json"], 0, env=env))["files"] == 0, "cleared")


def test_check(folder):
    check_run("no tests", ["check", folder], 1, stdout="0 passed, 1 failed, 0 skipped")
    if DATA is None:
        print("skipped: there is no data folder")
        tool.skipped += 1
        return
    models = os.path.join(DATA, "models")
    folders = [os.path.join(models, name) for name in sorted(os.listdir(models))]
    check_run("check", ["check", *folders], 0, stdout=f"{len(folders)} passed, 0 failed, 0 skipped")
    check_run("too strict", ["check", folders[0], "--rtol", "0", "--atol", "0"], 1, stdout="1 failed")


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = os.path.join(folder, "work")
        os.mkdir(work)
        test_help()
        test_devices()
        model = test_train(work)
        test_classify(work, model)
        test_run(work, model)
        test_bench(work, model)
        test_streams(work, model)
        test_why(model)
        test_tune(work)
        test_cache(work)
        test_check(os.path.join(folder))
    return summary()


sys.exit(main())
