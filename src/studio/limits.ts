/** @file What the compiler refuses for the caller's choices it says with a plain Error; our own mistakes begin with "internal:". */
import { StudioError } from "../lib/errors.ts";

/** @throws StudioError `limit` where the work was refused for what the caller chose. */
export async function explainLimit<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { constructor, message } = error as Error;
    if (constructor !== Error || message.startsWith("internal:")) throw error;
    // the printed node behind the sentence is for whoever writes graphs
    throw new StudioError("limit", `These choices cannot be compiled: ${message.replace(/: %.*/s, "")}.`);
  }
}
