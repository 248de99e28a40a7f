/** @file A JSON file that must be an object. Fields are read by name; nothing is merged, so no key of a stranger's file reaches a prototype. */
import { StudioError } from "../lib/errors.ts";

export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `label` names the file in the error. */
export function parseJsonObject(text: string, label: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StudioError("json", `${label} is not JSON (${(error as Error).message}).`);
  }
  if (!isJsonObject(value)) throw new StudioError("json", `${label} is JSON, and an object was expected.`);
  return value;
}

/** Values that Python's json module writes, and JSON has not. */
const pythonOnly = /(:\s*)(?:-?Infinity|NaN)(?=\s*[,}])/g;

/** The same of a file that Python may have written: its NaN, Infinity and -Infinity become null. */
export function parsePythonObject(text: string, label: string): JsonObject {
  return parseJsonObject(text.replace(pythonOnly, "$1null"), label);
}

/** For a message: text as it is, anything else as JSON. */
export function showJson(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}
