/** @file Errors across the worker's boundary: name, message, code, hint and stack, and an Error again on the other side. */
import { StudioError } from "../lib/errors.ts";
import type { WireError } from "./api.ts";

export function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: null, hint: null, stack: null };
  const studio = error instanceof StudioError ? error : null;
  return {
    name: error.name,
    message: error.message,
    code: studio?.code ?? null,
    hint: studio?.hint ?? null,
    stack: error.stack ?? null,
  };
}

export function fromWire({ name, message, code, hint, stack }: WireError): Error {
  const error =
    code !== null
      ? new StudioError(code, message, hint ?? undefined)
      : name === "AbortError"
        ? new DOMException(message, name)
        : new Error(message);
  if (stack !== null && !(error instanceof DOMException)) error.stack = stack;
  return error;
}
