/** @file The step's files as Node reads them. */
import { readFileSync } from "node:fs";
import { type StepFiles, stepPaths } from "./step.ts";

export const stepFiles = (): StepFiles =>
  new Map(
    stepPaths.map((path) => [
      path,
      new Uint8Array(readFileSync(new URL(`../goldens/models/step/${path}`, import.meta.url))),
    ]),
  );
