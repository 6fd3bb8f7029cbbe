# SPDX-License-Identifier: Apache-2.0
"""Models as Ocelli writes them, by onnx.checker and ONNX Runtime: written.py OCELLI [--list].

Each of ONNX's node tests that Ocelli reads is written anew (`ocelli check --rewrite`); the checker must be content, and ONNX
Runtime must give the test's outputs. Skipped without the Python packages onnx and onnxruntime ($OCELLI_PEERS_VENV). Ends with
"N passed, N failed, N skipped"."""
import glob
import os
import subprocess
import sys
import tempfile

from packages import need

DATA = os.environ.get("OCELLI_ONNX_TESTS", "/usr/share/libonnx-testdata/data") + "/node"
# What ONNX Runtime lacks or does otherwise, each with its reason.
OTHERWISE = {
    "test_adam_multiple": "its outputs were computed with an epsilon that the model does not have",
    "test_maxunpool_export_with_output_shape": "a larger output_shape is taken as the size that indices refer to",
}


def tensors(folder, kind):
    """The arrays of FOLDER/KIND_0.pb, KIND_1.pb, … in order."""
    from onnx import TensorProto, numpy_helper

    paths = sorted(glob.glob(f"{folder}/{kind}_*.pb"), key=lambda path: int(path.rsplit("_", 1)[1][:-3]))
    found = []
    for path in paths:
        tensor = TensorProto()
        with open(path, "rb") as file:
            tensor.ParseFromString(file.read())
        found.append((tensor.name, numpy_helper.to_array(tensor)))
    return found


def feed_of(session, inputs):
    """By name, or by order; inputs that no node uses are gone."""
    names = [value.name for value in session.get_inputs()]
    by_name = dict(inputs)
    if all(name in by_name for name in names):
        return {name: by_name[name] for name in names}
    return {name: array for name, (_, array) in zip(names, inputs)}


def check(path, folder):
    """None, or what is wrong; a reason in brackets is one to skip."""
    import numpy
    import onnx
    import onnxruntime

    onnx.checker.check_model(path, full_check=True)
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        results = session.run(None, feed_of(session, tensors(folder, "input")))
    except Exception as reason:  # pylint: disable=broad-except
        text = str(reason)
        return "(no kernel)" if "NOT_IMPLEMENTED" in text else text[:300]
    for got, (_, want) in zip(results, tensors(folder, "output")):
        if got.dtype != want.dtype or got.shape != want.shape:
            return f"{got.dtype} {got.shape}, wanted is {want.dtype} {want.shape}"
        if not numpy.allclose(got.astype("float64"), want.astype("float64"), rtol=1e-3, atol=1e-5, equal_nan=True):
            return "other values"
    return None


def main():
    need("onnx", "onnxruntime")
    if not os.path.isdir(DATA):
        print("libonnx-testdata is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    passed, failed, skipped = 0, 0, 0
    numpy_lacks = "numpy, through which ONNX Runtime is fed, has no bf16"
    with tempfile.TemporaryDirectory() as work:
        folders = sorted(glob.glob(f"{DATA}/*"))
        subprocess.run([sys.argv[1], "check", "--rewrite", work, *folders], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for folder in folders:
            name = os.path.basename(folder)
            path = f"{work}/{name}.onnx"
            if not os.path.exists(path):
                continue
            reason = OTHERWISE.get(name, numpy_lacks if "BFLOAT16" in name else None)
            try:
                wrong = check(path, f"{folder}/test_data_set_0") if reason is None else f"({reason})"
            except Exception as fault:  # pylint: disable=broad-except
                wrong = f"checker: {str(fault)[:300]}"
            passed, failed = passed + (wrong is None), failed + (wrong is not None and wrong[0] != "(")
            skipped += wrong is not None and wrong[0] == "("
            if wrong is not None and (wrong[0] != "(" or "--list" in sys.argv):
                print(f"{name}: {wrong}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and passed > 0 else 1


sys.exit(main())
