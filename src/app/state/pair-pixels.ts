/** @file Many pictures go to the studio in several messages: one of them all would be a gigabyte twice. */
import type { PairGiven, PairInput } from "../../studio/api.ts";
import type { Deps } from "./studio-state.ts";

const MESSAGE_BYTES = 32 * 2 ** 20;

/** Sends the pixels ahead but for the last message's, and gives the pairs back with those named that are there then. */
export async function sendAhead(
  { studio, project }: Pick<Deps, "studio" | "project">,
  given: readonly PairGiven[],
  most = MESSAGE_BYTES,
): Promise<readonly PairGiven[]> {
  const names = new Map<string, string>();
  let portion: PairInput[] = [];
  let bytes = 0;
  for (const pair of given) {
    if (!("rgba" in pair)) continue;
    if (portion.length > 0 && bytes + pair.rgba.length > most) {
      const hashes = await studio.call("putPixels", { project, pixels: portion.map(({ rgba }) => rgba) });
      for (const [at, { id }] of portion.entries()) names.set(id, hashes[at] ?? "");
      portion = [];
      bytes = 0;
    }
    portion.push(pair);
    bytes += pair.rgba.length;
  }
  return given.map((pair): PairGiven => {
    const sha256 = names.get(pair.id);
    if (sha256 === undefined || !("rgba" in pair)) return pair;
    const { rgba: _, ...told } = pair;
    return { ...told, sha256 };
  });
}
