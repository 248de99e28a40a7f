/** @file What `studio spin` wrote down of a run when it began it: run.json. */
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonObject } from "../artifacts/json-object.ts";
import { StudioError } from "../lib/errors.ts";
import { readText } from "./files.ts";

/** Of run.json, what the pictures depend on. */
export async function runRecord(folder: string) {
  const path = join(folder, "run.json");
  const {
    train,
    rank,
    targets,
    cut,
    weights,
    seed,
    guidance,
    base,
    loras = [],
  } = parseJsonObject(await readText(path), path);
  const numbers = typeof rank === "number" && typeof seed === "number" && typeof guidance === "number";
  const names = typeof targets === "string" && typeof base === "string";
  const trained = train === "full" || train === "lora";
  const pieces = cut === "whole" || cut === "stage" || cut === "block";
  const brought = v.safeParse(v.array(v.object({ path: v.string(), multiplier: v.number() })), loras);
  if (!brought.success || !numbers || !names || !trained || !pieces || (weights !== "float32" && weights !== "float16"))
    throw new StudioError("run", `${path} lacks a field or has one of another type, and studio spin's was expected.`);
  return { train, rank, targets, cut, weights, seed, guidance, base, loras: brought.output } as const;
}
