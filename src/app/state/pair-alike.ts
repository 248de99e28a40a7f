/**
 * @file Whether two pictures are copies, by their likenesses: 16 hexadecimal digits of dHash, 96 of 4 x 4 mean colours. Copies that
 * were scaled or packed anew differ in few of the 64 bits and by little in every colour; other pictures in one or the other.
 */

const bitsApart = 6;
const colourApart = 24;

interface Read {
  readonly high: number;
  readonly low: number;
  readonly colours: Uint8Array;
}
const known = new Map<string, Read>();

function read(likeness: string): Read {
  let found = known.get(likeness);
  if (found === undefined) {
    const at = (i: number): number => Number.parseInt(likeness.slice(2 * i, 2 * i + 2), 16);
    found = {
      high: Number.parseInt(likeness.slice(0, 8), 16),
      low: Number.parseInt(likeness.slice(8, 16), 16),
      colours: Uint8Array.from({ length: 48 }, (_, i) => at(8 + i)),
    };
    known.set(likeness, found);
  }
  return found;
}

function ones(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export function alike(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [read(a), read(b)];
  if (ones(one.high ^ other.high) + ones(one.low ^ other.low) > bitsApart) return false;
  return one.colours.every((colour, i) => Math.abs(colour - (other.colours[i] ?? 0)) <= colourApart);
}
