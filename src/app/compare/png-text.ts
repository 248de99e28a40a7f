/**
 * @file A text beside a PNG's pixels: tEXt where Latin-1 has every letter, else iTXt in UTF-8, as Pillow and A1111 choose.
 * Matches: https://www.w3.org/TR/png-3/#11textinfo, https://www.w3.org/TR/png-3/#5CRC-algorithm
 */

/** The signature and IHDR, which must come first: 8 + (4 + 4 + 13 + 4). */
const HEAD = 33;

/** The PNG with one more chunk, right behind its header. */
export function withText(png: Uint8Array, keyword: string, text: string): Uint8Array<ArrayBuffer> {
  const chunk = textChunk(keyword, text);
  const whole = new Uint8Array(png.length + chunk.length);
  whole.set(png.subarray(0, HEAD));
  whole.set(chunk, HEAD);
  whole.set(png.subarray(HEAD), HEAD + chunk.length);
  return whole;
}

function textChunk(keyword: string, text: string): Uint8Array {
  const latin = [...text].every((letter) => (letter.codePointAt(0) ?? 0) <= 0xff);
  const key = latin1(keyword);
  return latin
    ? chunkOf("tEXt", [...key, 0, ...latin1(text)])
    : // not compressed, no language, no translated keyword
      chunkOf("iTXt", [...key, 0, 0, 0, 0, 0, ...new TextEncoder().encode(text)]);
}

const latin1 = (text: string): readonly number[] => [...text].map((letter) => letter.codePointAt(0) ?? 0);

function chunkOf(type: string, data: readonly number[]): Uint8Array {
  const chunk = new Uint8Array(12 + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(latin1(type), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return ~c >>> 0;
}
