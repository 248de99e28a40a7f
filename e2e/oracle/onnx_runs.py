"""Shows that an artifact set's programs are plain ONNX: `python e2e/oracle/onnx_runs.py DIR [--threads N]`.

Every DIR/programs/*.onnx passes onnx.checker and runs in Python's onnxruntime on random inputs (indices are zeros), with
results of the declared shapes. DIR/artifact.json must name every program's file. Exit code 1 on a failure.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

TYPES = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_, "tensor(double)": np.float64,
}  # fmt: skip


def run(path: Path, threads: int) -> str:
    model = onnx.load(path)
    onnx.checker.check_model(model)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    feeds = {}
    for entry in session.get_inputs():
        if not all(isinstance(dim, int) for dim in entry.shape):
            raise ValueError(f"input {entry.name} has no static shape: {entry.shape}")
        dtype = TYPES[entry.type]
        floats = np.issubdtype(dtype, np.floating)
        # small, so that products over thousands of terms stay finite in any order
        feeds[entry.name] = (random.standard_normal(entry.shape) * 0.1 if floats else np.zeros(entry.shape)).astype(dtype)
    wild = 0
    for entry, value in zip(session.get_outputs(), session.run(None, feeds), strict=True):
        if list(value.shape) != list(entry.shape):
            raise ValueError(f"output {entry.name} is {list(value.shape)}, declared {entry.shape}")
        wild += not np.isfinite(value.astype(np.float64)).all()
    note = f", {wild} not finite on these inputs" if wild else ""  # a saved variance may come out negative at random
    return f"{len(model.graph.node)} nodes, {len(feeds)} inputs, {len(session.get_outputs())} outputs{note}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    manifest = options.dir / "artifact.json"
    programs = sorted((options.dir / "programs").glob("*.onnx"))
    if not manifest.is_file() or not programs:
        parser.error(f"{options.dir} is no artifact set: artifact.json and programs/*.onnx were expected")
    text = json.dumps(json.loads(manifest.read_text()))
    failed = 0
    for path in programs:
        try:
            if path.stem not in text:
                raise ValueError("artifact.json does not name it")
            print(f"ok   {path.name}: {run(path, options.threads)}")
        except Exception as error:  # any refusal is the finding; the next program is still tried
            failed += 1
            print(f"FAIL {path.name}: {str(error).splitlines()[0]}")
    print(f"{len(programs) - failed} passed, {failed} failed (onnxruntime {ort.__version__}, onnx {onnx.__version__})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
