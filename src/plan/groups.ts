/** @file Where a network is cut. Segments of a group share one forward and one backward program. */
import type { Network, Segment } from "../models/segment.ts";

/** whole: activations are kept; stage, block: only the inputs of each group are kept, backward computes the rest again. */
export type Cut = "whole" | "stage" | "block";

export interface Group {
  readonly name: string;
  readonly segments: readonly Segment[];
}

export function groupsOf({ segments }: Network, cut: Cut, name: string): readonly Group[] {
  if (cut === "whole") return [{ name, segments }];
  const groups: { name: string; segments: Segment[] }[] = [];
  for (const segment of segments) {
    const last = groups.at(-1);
    if (cut === "stage" && last?.segments[0]?.stage === segment.stage) last.segments.push(segment);
    else groups.push({ name: cut === "stage" ? segment.stage : segment.name, segments: [segment] });
  }
  return groups;
}

/** Names that the group takes from outside, in order of first use. */
export function readsOf({ segments }: Group): readonly string[] {
  const inside = new Set(segments.map((s) => s.writes));
  return [...new Set(segments.flatMap((s) => s.reads))].filter((name) => !inside.has(name));
}

/** Names made in the group that a later segment reads, or the network gives out. */
export function writesOf(group: Group, network: Network, outputs: readonly string[]): readonly string[] {
  const own = new Set<Segment>(group.segments);
  const wanted = new Set(network.segments.filter((s) => !own.has(s)).flatMap((s) => s.reads));
  return group.segments.map((s) => s.writes).filter((name) => wanted.has(name) || outputs.includes(name));
}
