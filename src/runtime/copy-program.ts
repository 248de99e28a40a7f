/**
 * @file The smallest program: y = Identity(x) for int32[n], any n. onnxruntime-node has no upload and no download of its own;
 * running this one moves bits between CPU and GPU unchanged.
 */

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const ascii = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));

/** A protobuf field: an integer, or a string or message with its length. */
const field = (number: number, content: number | string | number[]): number[] => {
  if (typeof content === "number") return [...varint(number * 8), ...varint(content)];
  const bytes = typeof content === "string" ? ascii(content) : content;
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
};

const INT32 = 6;
/** ValueInfoProto: name, type { tensor_type { elem_type, shape { dim { dim_param } } } } */
const value = (name: string): number[] => [
  ...field(1, name),
  ...field(2, field(1, [...field(1, INT32), ...field(2, field(1, field(2, "n")))])),
];

/** GraphProto: node { input, output, op_type }, name, input, output */
const graph = [
  ...field(1, [...field(1, "x"), ...field(2, "y"), ...field(4, "Identity")]),
  ...field(2, "copy"),
  ...field(11, value("x")),
  ...field(12, value("y")),
];

/** ModelProto: ir_version, graph, opset_import { domain, version } */
export const copyProgram = new Uint8Array([
  ...field(1, 9),
  ...field(7, graph),
  ...field(8, [...field(1, ""), ...field(2, 18)]),
]);
