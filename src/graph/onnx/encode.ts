/** @file Writes a graph as an ONNX ModelProto (IR 9, opset 20, com.microsoft 1). Field numbers: onnx.proto. Same graph, same bytes. */
import { toFloat16Array } from "../../lib/float16.ts";
import type { TensorType } from "../../lib/tensor.ts";
import { sizeOf } from "../../lib/tensor.ts";
import type { Graph, Node, Tensor } from "../ir.ts";
import { inputName } from "../ir.ts";
import { verify } from "../verify.ts";
import type { OnnxAttribute, OnnxNode } from "./lowering.ts";
import { dataTypes, lowerings } from "./lowering.ts";
import { ProtoWriter } from "./protobuf.ts";

/** Where an input's numbers lie: bytes of a file, whose path begins at the ONNX file's folder. */
export interface ExternalData {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Nodes in front of a graph that make some of its inputs out of others. */
export interface Prelude {
  readonly inputs: Readonly<Record<string, TensorType>>;
  readonly nodes: readonly {
    readonly node: OnnxNode;
    readonly inputs: readonly string[];
    readonly output: string;
  }[];
}

export interface EncodeOptions {
  /** inputs that nobody gives, for they are read from files */
  readonly external?: ReadonlyMap<string, ExternalData>;
  readonly prelude?: Prelude;
}

/** Constants of one value with more elements than this are written as a scalar and an Expand. */
const SPLAT_ELEMENTS = 16;

function valueInfo(name: string, type: TensorType): (w: ProtoWriter) => void {
  return (w) => {
    w.string(1, name).message(2, (t) => {
      t.message(1, (tensor) => {
        tensor.int(1, dataTypes[type.dtype]).message(2, (shape) => {
          for (const dim of type.shape) shape.message(1, (d) => d.int(1, dim));
        });
      });
    });
  };
}

function attribute(name: string, value: OnnxAttribute): (w: ProtoWriter) => void {
  return (w) => {
    w.string(1, name);
    if ("float" in value) w.float(2, value.float).int(20, 1);
    else if ("int" in value) w.int(3, value.int).int(20, 2);
    else if ("string" in value) w.string(4, value.string).int(20, 3);
    else {
      for (const v of value.ints) w.int(8, v);
      w.int(20, 7);
    }
  };
}

function raw(type: TensorType, values: readonly number[]): Uint8Array {
  const bytes = (array: ArrayBufferView): Uint8Array =>
    new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
  if (type.dtype === "float32") return bytes(Float32Array.from(values));
  if (type.dtype === "float16") return bytes(toFloat16Array(Float32Array.from(values)));
  if (type.dtype === "int64") return bytes(BigInt64Array.from(values.map(BigInt)));
  return type.dtype === "int32" ? bytes(Int32Array.from(values)) : Uint8Array.from(values);
}

/** data_location 1 is EXTERNAL. */
function externalTensor(
  name: string,
  { dtype, shape }: TensorType,
  { location, offset, length }: ExternalData,
): (w: ProtoWriter) => void {
  const entries = { location, offset: String(offset), length: String(length) };
  return (w) => {
    for (const dim of shape) w.int(1, dim);
    w.int(2, dataTypes[dtype]).string(8, name);
    for (const [key, value] of Object.entries(entries)) w.message(13, (entry) => entry.string(1, key).string(2, value));
    w.int(14, 1);
  };
}

/** Collects nodes and initializers, each constant once. */
class Encoder {
  /** names of inputs and outputs: values between them get others */
  readonly #given: ReadonlySet<string>;
  readonly #names = new Map<Tensor, string>();
  readonly #constants = new Map<string, string>();
  readonly #initializers: ((w: ProtoWriter) => void)[] = [];
  readonly #nodes: ((w: ProtoWriter) => void)[] = [];

  /** what is asked for: inputs that are neither read from files nor made */
  readonly #inputs: ReadonlyMap<string, TensorType>;

  constructor(graph: Graph, { external = new Map(), prelude = { inputs: {}, nodes: [] } }: EncodeOptions) {
    const made = prelude.nodes.map(({ output }) => output);
    const first = Object.entries(prelude.inputs);
    this.#given = new Set([
      ...graph.inputs.map(inputName),
      ...Object.keys(graph.outputs),
      ...made,
      ...first.map(([name]) => name),
    ]);
    const asked = graph.inputs.map((tensor): [string, TensorType] => [inputName(tensor), tensor]);
    this.#inputs = new Map([...first, ...asked.filter(([name]) => !external.has(name) && !made.includes(name))]);
    for (const tensor of graph.inputs) {
      this.#names.set(tensor, inputName(tensor));
      const data = external.get(inputName(tensor));
      if (data) this.#initializers.push(externalTensor(inputName(tensor), tensor, data));
    }
    for (const { node, inputs, output } of prelude.nodes) this.#node(node, inputs, [output]);
    for (const [name, tensor] of Object.entries(graph.outputs)) {
      if (tensor.source.kind === "node" && !this.#names.has(tensor)) this.#names.set(tensor, name);
    }
    for (const node of graph.nodes) this.#encode(node);
    for (const [name, tensor] of Object.entries(graph.outputs)) {
      const known = this.#name(tensor);
      if (known !== name) this.#node({ type: "Identity" }, [known], [name]);
    }
  }

  #fresh(letter: string, index: number): string {
    const name = `${letter}${index}`;
    return this.#given.has(name) ? this.#fresh(`${letter}_`, index) : name;
  }

  #initializer(type: TensorType, values: readonly number[]): string {
    const key = `${type.dtype} ${type.shape.join()} ${values.join()}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const name = this.#fresh("c", this.#constants.size);
    this.#constants.set(key, name);
    this.#initializers.push((w) => {
      for (const dim of type.shape) w.int(1, dim);
      w.int(2, dataTypes[type.dtype]).string(8, name).bytes(9, raw(type, values));
    });
    return name;
  }

  #constant(tensor: Tensor, values: number | readonly number[]): string {
    if (typeof values !== "number") return this.#initializer(tensor, values);
    const count = sizeOf(tensor.shape);
    if (count <= SPLAT_ELEMENTS) return this.#initializer(tensor, new Array<number>(count).fill(values));
    const one = this.#initializer({ dtype: tensor.dtype, shape: [1] }, [values]);
    const name = this.#fresh("e", this.#names.size);
    this.#node({ type: "Expand", extra: [{ ints: tensor.shape }] }, [one], [name]);
    return name;
  }

  #name(tensor: Tensor): string {
    const known = this.#names.get(tensor);
    if (known) return known;
    const { source } = tensor;
    const name =
      source.kind === "constant" ? this.#constant(tensor, source.values) : this.#fresh("t", this.#names.size);
    this.#names.set(tensor, name);
    return name;
  }

  #node(onnx: OnnxNode, inputs: readonly string[], outputs: readonly string[]): void {
    const extra = (onnx.extra ?? []).map((value) => {
      if (value === null) return "";
      if ("ints" in value) return this.#initializer({ dtype: "int64", shape: [value.ints.length] }, value.ints);
      return this.#initializer({ dtype: "float32", shape: [value.floats.length] }, value.floats);
    });
    this.#nodes.push((w) => {
      for (const name of [...inputs, ...extra]) w.string(1, name);
      for (const name of outputs) w.string(2, name);
      w.string(4, onnx.type);
      for (const [name, value] of Object.entries(onnx.attributes ?? {})) w.message(5, attribute(name, value));
      if (onnx.domain) w.string(7, onnx.domain);
    });
  }

  #encode(node: Node): void {
    const lower = lowerings[node.op] as (node: Node) => OnnxNode;
    this.#node(
      lower(node),
      node.inputs.map((t) => this.#name(t)),
      node.outputs.map((t) => this.#name(t)),
    );
  }

  write(graph: Graph, name: string): Uint8Array {
    return new ProtoWriter()
      .int(1, 9)
      .string(2, "spin-studio")
      .message(7, (g) => {
        for (const node of this.#nodes) g.message(1, node);
        g.string(2, name);
        for (const initializer of this.#initializers) g.message(5, initializer);
        for (const [input, type] of this.#inputs) g.message(11, valueInfo(input, type));
        for (const [output, tensor] of Object.entries(graph.outputs)) g.message(12, valueInfo(output, tensor));
      })
      .message(8, (opset) => opset.string(1, "").int(2, 20))
      .message(8, (opset) => opset.string(1, "com.microsoft").int(2, 1))
      .finish();
  }
}

export function encodeOnnx(graph: Graph, name: string, options: EncodeOptions = {}): Uint8Array {
  verify(graph, { lowered: true, half: true });
  return new Encoder(graph, options).write(graph, name);
}
