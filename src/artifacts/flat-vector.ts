/** @file The flat vector of what is trained, as named tensors and back. Bits are copied, never computed. */
import { assert, StudioError } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { LayoutEntry } from "../plan/types.ts";
import type { FileTensor } from "./safetensors.ts";

type Layout = readonly LayoutEntry[];

/** Elements of the vector; entries must follow each other without a gap. */
export function layoutLength(layout: Layout): number {
  let length = 0;
  for (const { name, shape, offset } of [...layout].sort((a, b) => a.offset - b.offset)) {
    assert(offset === length, `the layout has "${name}" at ${offset}, and ${length} was expected`);
    length += sizeOf(shape);
  }
  return length;
}

/** Views, not copies. `prefix` goes before each name. */
export function splitVector(layout: Layout, vector: Float32Array, prefix = ""): Map<string, FileTensor> {
  const length = layoutLength(layout);
  assert(vector.length === length, `a vector of ${vector.length} numbers for a layout of ${length}`);
  return new Map(
    layout.map(({ name, shape, offset }) => {
      const data = vector.subarray(offset, offset + sizeOf(shape));
      return [prefix + name, { dtype: "F32", shape, data }];
    }),
  );
}

/** @throws StudioError `layout` unless every tensor of the layout is there, as float32 and in its shape. */
export function joinVector(layout: Layout, tensors: ReadonlyMap<string, FileTensor>, prefix = ""): Float32Array {
  const vector = new Float32Array(layoutLength(layout));
  for (const { name, shape, offset } of layout) {
    const tensor = tensors.get(prefix + name);
    if (!tensor) throw new StudioError("layout", `The tensor "${prefix}${name}" is missing.`);
    const { dtype, data } = tensor;
    if (!(data instanceof Float32Array) || tensor.shape.join() !== shape.join()) {
      const found = `${dtype}[${tensor.shape.join(",")}]`;
      throw new StudioError(
        "layout",
        `The tensor "${prefix}${name}" is ${found}, and F32[${shape.join(",")}] was expected.`,
      );
    }
    vector.set(data, offset);
  }
  return vector;
}
