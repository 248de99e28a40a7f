"""Makes the tiny programs that the runtime's conformance checks run (e2e/goldens/runtime/*.onnx). Every weight is an input, as in the real ones.

Run: python e2e/oracle/runtime_programs.py
"""
from pathlib import Path

import onnx
from onnx import TensorProto as T
from onnx import helper as h

OUT = Path(__file__).resolve().parent.parent / "goldens" / "runtime"


def value(name, shape, dtype=T.FLOAT):
    return h.make_tensor_value_info(name, dtype, shape)


def save(name, nodes, inputs, outputs):
    graph = h.make_graph(nodes, name, inputs, outputs)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9, producer_name="spin-studio")
    onnx.checker.check_model(model, full_check=True)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())


# y = x w' + b
save("gemm", [h.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)],
     [value("x", [4, 8]), value("w", [3, 8]), value("b", [3])], [value("y", [4, 3])])

# y = w * x + b, 3x3, padded
save("conv", [h.make_node("Conv", ["x", "w", "b"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
     [value("x", [1, 3, 6, 6]), value("w", [4, 3, 3, 3]), value("b", [4])], [value("y", [1, 4, 6, 6])])

# two outputs
save("two", [h.make_node("Add", ["a", "b"], ["sum"]), h.make_node("Mul", ["a", "b"], ["product"])],
     [value("a", [5]), value("b", [5])], [value("sum", [5]), value("product", [5])])

# a weight stored in fp16, cast to fp32 at use
save("half", [h.make_node("Cast", ["w"], ["w32"], to=T.FLOAT), h.make_node("Gemm", ["x", "w32"], ["y"], transB=1)],
     [value("x", [2, 8]), value("w", [3, 8], T.FLOAT16)], [value("y", [2, 3])])

# an fp16 output, as a saved input is stored
save("to_half", [h.make_node("Cast", ["x"], ["y"], to=T.FLOAT16)],
     [value("x", [7])], [value("y", [7], T.FLOAT16)])

# total' = total + scale * g, scale a scalar
save("accumulate", [h.make_node("Mul", ["g", "scale"], ["scaled"]), h.make_node("Add", ["total", "scaled"], ["next"])],
     [value("total", [5]), value("g", [5]), value("scale", [])], [value("next", [5])])

# int64 indices and a bool mask, the two types that need care on WebGPU
save("pick", [h.make_node("Gather", ["table", "ids"], ["rows"], axis=0), h.make_node("Where", ["keep", "rows", "zero"], ["y"])],
     [value("table", [5, 4]), value("ids", [3], T.INT64), value("keep", [3, 1], T.BOOL), value("zero", [])],
     [value("y", [3, 4])])

# a block with the sums whose order could change the bits: two Gemms, LayerNormalization, Softmax
save("block", [
    h.make_node("Gemm", ["x", "w1"], ["h1"], transB=1),
    h.make_node("LayerNormalization", ["h1", "gamma", "beta"], ["h2"], axis=-1, epsilon=1e-5),
    h.make_node("Sigmoid", ["h2"], ["gate"]),
    h.make_node("Mul", ["h2", "gate"], ["h3"]),
    h.make_node("Gemm", ["h3", "w2"], ["h4"], transB=1),
    h.make_node("Softmax", ["h4"], ["h5"], axis=-1),
    h.make_node("Mul", ["h5", "h5"], ["y"]),
], [value("x", [16, 64]), value("w1", [96, 64]), value("gamma", [96]), value("beta", [96]), value("w2", [48, 96])], [value("y", [16, 48])])
