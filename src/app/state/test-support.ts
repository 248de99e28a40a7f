/** @file For tests: what a store needs, without the page around it. */
import type { Studio } from "../../studio/api.ts";
import { createMetrics } from "../metrics.ts";
import { createPictures } from "../pictures.ts";
import type { Deps } from "./studio-state.ts";

export function testDeps(studio: Studio, more: Partial<Deps> = {}): Deps {
  return {
    studio,
    project: "test",
    source: { kind: "pocket", last: null },
    opened: null,
    enter: () => undefined,
    pictures: createPictures(),
    metrics: createMetrics(),
    now: () => Date.now(),
    force: null,
    go: () => undefined,
    ...more,
  };
}
