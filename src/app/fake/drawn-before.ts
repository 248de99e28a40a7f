/** @file Which pictures the pretended engine has drawn, so that it knows them again. */
import type { DrawRequest, NodeId, Recalled } from "../../studio/api.ts";

/** By node, so that they go with it. */
export interface DrawnBefore {
  [node: NodeId]: string[];
}

type How = Pick<DrawRequest, "negativePrompt" | "steps" | "guidance">;

function nameOf({ negativePrompt, steps, guidance }: How, step: number, prompt: string, seed: number): string {
  return JSON.stringify([step, prompt, negativePrompt, seed, steps, guidance]);
}

/** @param step at which the node stands */
export function remember(drawn: DrawnBefore, request: DrawRequest, step: number): void {
  const { node, prompts, seeds } = request;
  const names = prompts.map((prompt, at) => nameOf(request, step, prompt, seeds[at] ?? 0));
  drawn[node] = [...new Set([...(drawn[node] ?? []), ...names])];
}

/** @param again paints one that was drawn */
export function recall(
  drawn: DrawnBefore,
  request: DrawRequest,
  step: number,
  again: (prompt: string, seed: number) => NonNullable<Recalled[number]>,
): Recalled {
  const known = new Set(drawn[request.node]);
  return request.prompts.map((prompt, at) => {
    const seed = request.seeds[at] ?? 0;
    return known.has(nameOf(request, step, prompt, seed)) ? again(prompt, seed) : null;
  });
}
