/** @file How the models look in every chart of the report: Base is the opponent's dashed line, iterations are shades of the player's. */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";

export interface Look {
  readonly colour: string;
  readonly dash: string;
  readonly width: number;
}

/** The newest is full, the oldest 40 % of it. */
export function lookOf(node: NodeId, nodes: readonly NodeId[]): Look {
  if (node === BASE) return { colour: "var(--opponent)", dash: "5 3", width: 2 };
  const iterations = nodes.filter((each) => each !== BASE);
  const [at, last] = [iterations.indexOf(node), iterations.length - 1];
  if (at === last) return { colour: "var(--player)", dash: "none", width: 3 };
  const share = Math.round(40 + (60 * at) / Math.max(1, last));
  return { colour: `color-mix(in oklab, var(--player) ${share}%, var(--ground))`, dash: "none", width: 2 };
}
