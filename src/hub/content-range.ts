/** @file What an answer says of the part that it holds. Source: RFC 9110, section 14.4. */
import type { Answer } from "./door.ts";

export interface ContentRange {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** of the whole file; null: the server does not know */
  readonly size: number | null;
}

/** Null where there is none, or it cannot be read across origins. A text that is none begins at -1, so it is where nobody asked. */
export function contentRange({ headers }: Pick<Answer, "headers">): ContentRange | null {
  const text = headers.get("content-range");
  if (text === null) return null;
  const found = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text.trim());
  if (!found) return { text, from: -1, to: -1, size: null };
  return { text, from: Number(found[1]), to: Number(found[2]), size: found[3] === "*" ? null : Number(found[3]) };
}
