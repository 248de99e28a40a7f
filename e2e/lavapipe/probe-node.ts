/** @file Run as a program: adds 2 and 2 with onnxruntime-node's webgpu provider, and fails where no adapter does it. */
import { InferenceSession, Tensor } from "onnxruntime-node";

// b = a + a, float32[4], as an ONNX file
const model = "CAk6NQoOCgFhCgFhEgFiIgNBZGQSAWdaDwoBYRIKCggIARIECgIIBGIPCgFiEgoKCAgBEgQKAggEQgQKABAS";
const session = await InferenceSession.create(Buffer.from(model, "base64"), { executionProviders: ["webgpu"] });
const { b } = await session.run({ a: new Tensor("float32", [1, 2, 3, 4]) });
if (String(b?.data) !== "2,4,6,8") throw new Error(`2 + 2 = ${String(b?.data)}`);
