/**
 * @file Every operator's kernel on a backend against the float64 interpreter: the cases of src/graph/operator-cases.ts as checks that need
 * no test runner. They run in Node and in the page's worker; the table of what is tested where is src/graph/coverage.ts.
 */
import { backends, type TestedBackend } from "../src/graph/coverage.ts";
import { interpret } from "../src/graph/interpret.ts";
import { graphOf, inputName, type Tensor } from "../src/graph/ir.ts";
import { encodeOnnx } from "../src/graph/onnx/encode.ts";
import { caseInputs, caseOutputs, type OperatorCase, operatorCases } from "../src/graph/operator-cases.ts";
import { type OpName, opNames } from "../src/graph/ops.ts";
import { lowerAttention } from "../src/graph/passes/attention.ts";
import { random } from "../src/graph/test-support.ts";
import { fromFloat16Array, toFloat16Array } from "../src/lib/float16.ts";
import { byteSize, sizeOf, type TensorData } from "../src/lib/tensor.ts";
import type { Backend, Binding, DeviceBuffer } from "../src/runtime/backend.ts";

export interface OperatorCheck {
  readonly name: string;
  readonly op: OpName;
  readonly on: readonly TestedBackend[];
  /** needs arithmetic on float16: `shader-f16` on WebGPU */
  readonly float16: boolean;
  run(backend: Backend): Promise<void>;
}

/** Of the largest number that is expected. */
const TOLERANCE = 1e-5;

function checksOf<O extends OpName>(op: O): OperatorCheck[] {
  const cases: readonly OperatorCase<O>[] = operatorCases[op];
  return cases.map((c, i) => ({
    name: `${op} ${i}`,
    op,
    on: backends,
    float16: c.dtype === "float16",
    run: (backend) => compare(backend, op, c),
  }));
}

export const operatorChecks: readonly OperatorCheck[] = opNames.flatMap((op) => checksOf(op));

function floats(data: TensorData): Float32Array {
  return data instanceof Uint16Array ? fromFloat16Array(data) : Float32Array.from(data as Float32Array);
}

async function compare<O extends OpName>(backend: Backend, op: O, c: OperatorCase<O>): Promise<void> {
  const u = random(5);
  const outputs = caseOutputs(op, c, caseInputs(c));
  const lowered = graphOf(lowerAttention(outputs));
  const feeds: Record<string, Float32Array> = {};
  for (const tensor of lowered.inputs) {
    const drawn = new Float32Array(sizeOf(tensor.shape)).map(() => (c.domain ?? ((v: number) => v))(u()));
    feeds[inputName(tensor)] = tensor.dtype === "float16" ? fromFloat16Array(toFloat16Array(drawn)) : drawn;
  }
  const got = await runOn(backend, op, lowered, feeds);
  const expected = interpret(graphOf(outputs), feeds);
  for (const [name, { data }] of Object.entries(expected)) {
    const largest = data.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
    const values = got[name] as Float32Array;
    data.forEach((v, i) => {
      if (!(Math.abs((values[i] as number) - v) <= TOLERANCE * largest))
        throw new Error(`${name}[${i}]: expected ${v}, got ${values[i]}; the largest is ${largest}`);
    });
  }
}

/** One run with buffers of its own, which are given back. */
async function runOn(
  backend: Backend,
  name: string,
  graph: ReturnType<typeof graphOf>,
  feeds: Readonly<Record<string, Float32Array>>,
): Promise<Record<string, Float32Array>> {
  const buffers: DeviceBuffer[] = [];
  const bind = (tensor: Tensor): Binding => {
    const buffer = backend.allocate(byteSize(tensor), "slot:operator");
    buffers.push(buffer);
    return { buffer, type: { dtype: tensor.dtype, shape: tensor.shape } };
  };
  const session = await backend.compile(name, encodeOnnx(graph, name));
  try {
    const inputs: Record<string, Binding> = {};
    for (const tensor of graph.inputs) {
      const binding = bind(tensor);
      const data = feeds[inputName(tensor)] as Float32Array;
      await backend.write(binding.buffer, tensor.dtype === "float16" ? toFloat16Array(data) : data);
      inputs[inputName(tensor)] = binding;
    }
    const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([port, tensor]) => [port, bind(tensor)]));
    await backend.run(session, inputs, outputs);
    const values: Record<string, Float32Array> = {};
    for (const [port, binding] of Object.entries(outputs)) values[port] = floats(await backend.read(binding));
    return values;
  } finally {
    for (const buffer of buffers) backend.free(buffer);
    await backend.release(session);
  }
}
