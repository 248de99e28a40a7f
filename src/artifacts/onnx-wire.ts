/** @file Walks a protobuf message that is read in pieces. The writer is graph/onnx/protobuf.ts. Spec: protobuf encoding. */
import { StudioError } from "../lib/errors.ts";
import type { RandomAccess } from "./random-access.ts";

/** In bytes of the file. */
export interface Range {
  readonly start: number;
  readonly length: number;
}

export interface Field {
  readonly field: number;
  /** a varint's; 0 for others */
  readonly value: number;
  /** the bytes of a string, a message or a packed list, without their length */
  readonly range: Range | null;
}

const windowBytes = 64 * 1024;
const maxText = 64 * 1024;
const fixedBytes: { readonly [wire: number]: number } = { 1: 8, 5: 4 };

/** The bytes around where one reads. */
export class ProtoWindow {
  readonly #source: RandomAccess;
  readonly #label: string;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(source: RandomAccess, label: string) {
    this.#source = source;
    this.#label = label;
  }

  refuse(why: string): never {
    throw new StudioError(
      "model",
      `${this.#label} is not a valid ONNX file: ${why}.`,
      "It may have been cut off while it was copied or downloaded: fetch it again.",
    );
  }

  async bytes({ start, length }: Range): Promise<Uint8Array> {
    if (start + length > this.#source.size) this.refuse("it ends early");
    const end = start + length;
    if (start < this.#start || end > this.#start + this.#bytes.length) {
      this.#bytes = await this.#source.read(start, Math.min(Math.max(windowBytes, length), this.#source.size - start));
      this.#start = start;
      if (this.#bytes.length < length) this.refuse("it ended while it was read");
    }
    return this.#bytes.subarray(start - this.#start, end - this.#start);
  }

  /** Exact below 2^53. */
  async varint(at: number, end: number): Promise<{ value: number; next: number }> {
    const bytes = await this.bytes({ start: at, length: Math.min(10, end - at) });
    let value = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return { value, next: at + i + 1 };
    }
    return this.refuse(`a number at byte ${at} has no end`);
  }
}

export async function* fieldsOf(window: ProtoWindow, { start, length }: Range): AsyncGenerator<Field> {
  const end = start + length;
  let at = start;
  while (at < end) {
    const tag = await window.varint(at, end);
    const [field, wire] = [Math.floor(tag.value / 8), tag.value % 8];
    if (wire === 0) {
      const { value, next } = await window.varint(tag.next, end);
      at = next;
      yield { field, value, range: null };
      continue;
    }
    const lengthAt = tag.next;
    const size = wire === 2 ? await window.varint(lengthAt, end) : { value: fixedBytes[wire], next: lengthAt };
    if (size.value === undefined) return window.refuse(`wire type ${wire} at byte ${at} is not known`);
    at = size.next + size.value;
    if (at > end) window.refuse(`what is at byte ${lengthAt} reaches beyond its end`);
    if (wire === 2) yield { field, value: 0, range: { start: size.next, length: size.value } };
  }
}

export async function textOf(window: ProtoWindow, { field, range }: Field): Promise<string> {
  if (!range) return window.refuse(`field ${field} is a number, and a text was expected`);
  if (range.length > maxText) window.refuse(`a name has ${range.length} bytes`);
  return new TextDecoder().decode(await window.bytes(range));
}

export function numberOf(window: ProtoWindow, { field, range, value }: Field): number {
  return range ? window.refuse(`field ${field} is no number`) : value;
}
