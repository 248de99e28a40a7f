/** @file What a tensor is, for every folder: element type, static shape, bytes, and the typed array that holds it. */

export type DType = "float32" | "float16" | "int32" | "int64" | "bool";
export type Shape = readonly number[];

/** A static tensor type. Shapes are row-major; `[]` is a scalar. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** float16 travels as its bits in a Uint16Array, bool as one byte. */
export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;

export const bytesPerElement: { readonly [D in DType]: number } = {
  float32: 4,
  float16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
};

const arrays = {
  float32: Float32Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

export function byteSize(type: TensorType): number {
  return sizeOf(type.shape) * bytesPerElement[type.dtype];
}

/** A view of `count` elements of `dtype` on a buffer. `byteOffset` must be a multiple of the element's size. */
export function viewOf(dtype: DType, buffer: ArrayBufferLike, byteOffset: number, count: number): TensorData {
  return new arrays[dtype](buffer as ArrayBuffer, byteOffset, count);
}

export function emptyOf(type: TensorType): TensorData {
  return new arrays[type.dtype](sizeOf(type.shape));
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function showType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(",")}]`;
}
