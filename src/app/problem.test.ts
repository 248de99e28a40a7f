import { expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { CLOSE, isAbort, problemFrom } from "./problem.ts";

const what = "The run stopped.";

test("a mendable error becomes a sentence, what is safe, and its hint; the code is kept for diagnostics", () => {
  const error = new StudioError("device-lost", "the GPU stopped answering", "Try again");
  const problem = problemFrom(error, { what, safe: "Safe: 48 pairs.", remedy: CLOSE });
  expect(problem.title).toBe("The GPU stopped answering.");
  expect(problem.safe).toBe("Safe: 48 pairs. Try again.");
  expect(problem.diagnostics).toContain("device-lost");
  expect(problem.title + problem.safe).not.toContain("device-lost");
});

test("an error of ours is not shown in its own words, but is in the diagnostics", () => {
  const error = new Error("internal: the slot is missing");
  const problem = problemFrom(error, { what, safe: "Nothing was changed.", remedy: CLOSE });
  expect(problem.title).toBe("The run stopped.");
  expect(problem.diagnostics).toContain("the slot is missing");
});

test("what was stopped on purpose is no problem", () => {
  expect(isAbort(new DOMException("stopped", "AbortError"))).toBe(true);
  expect(isAbort(new Error("stopped"))).toBe(false);
});
