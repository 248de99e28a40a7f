/** @file Bytes that are read in pieces: a file on disk, a Blob, or bytes in memory. Weights of gigabytes are never held whole. */

export interface RandomAccess {
  /** in bytes */
  readonly size: number;
  /** `length` bytes from `offset`, in memory that the caller owns. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

export function bytesAccess(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)),
  };
}

export async function readWhole(source: RandomAccess): Promise<Uint8Array<ArrayBuffer>> {
  return source.read(0, source.size);
}
