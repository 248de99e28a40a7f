import { expect, test } from "vitest";
import { parseJsonObject, parsePythonObject } from "./json-object.ts";

test("what Python writes and JSON has not becomes null", () => {
  // json.dumps({"lambda_min_clipped": -math.inf, "a": {"b": math.nan}, "c": "x: y", "d": math.inf}, indent=2)
  const text =
    '{\n  "lambda_min_clipped": -Infinity,\n  "a": {\n    "b": NaN\n  },\n  "c": "x: y",\n  "d": Infinity\n}';
  expect(parsePythonObject(text, "f")).toEqual({ lambda_min_clipped: null, a: { b: null }, c: "x: y", d: null });
  expect(() => parseJsonObject(text, "f")).toThrow("f is not JSON");
  expect(() => parsePythonObject('{"a": Infinit}', "f")).toThrow("f is not JSON");
});
