/** @file The id of a pair whose picture is there already under another caption: the same whether the two come together or apart. */
import { sha256 } from "./sha256.ts";

export function twinId(pictureHash: string, caption: string): Promise<string> {
  return sha256(new TextEncoder().encode(`${pictureHash}\0${caption}`));
}
