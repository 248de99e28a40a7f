/** @file What went wrong, for people: what happened, what is safe, what to do. */

export type Remedy =
  | { readonly kind: "reload"; readonly label: string }
  | { readonly kind: "resume"; readonly label: string }
  /** the run, where it was last good */
  | { readonly kind: "keep"; readonly label: string }
  /** the run goes, its settings stay */
  | { readonly kind: "discard"; readonly label: string }
  /** the run, once something was deleted */
  | { readonly kind: "make-room"; readonly label: string }
  | { readonly kind: "look-again"; readonly label: string }
  | { readonly kind: "dismiss"; readonly label: string };

export interface Problem {
  /** One sentence: what happened. */
  readonly title: string;
  /** What is safe, and what may help. */
  readonly safe: string;
  readonly remedy: Remedy;
  /** For "Copy diagnostics": no prompts, no pictures. */
  readonly diagnostics: string;
}

/** The text of an error that came from a worker or from here. */
export function messageOf(error: unknown): { message: string; hint: string | null; code: string | null } {
  if (!(error instanceof Error)) return { message: String(error), hint: null, code: null };
  const extra = error as Error & { code?: unknown; hint?: unknown };
  return {
    message: error.message,
    hint: typeof extra.hint === "string" ? extra.hint : null,
    code: typeof extra.code === "string" ? extra.code : null,
  };
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

export const CLOSE: Remedy = { kind: "dismiss", label: "Close" };

export interface Circumstances {
  /** One sentence that is true whatever went wrong: shown where the error has no words for people. */
  readonly what: string;
  readonly safe: string;
  readonly remedy: Remedy;
}

/** A `StudioError` (it has a code) speaks for itself; any other is of our making, and its words are for the diagnostics. */
export function problemFrom(error: unknown, { what, safe, remedy }: Circumstances): Problem {
  const { message, hint, code } = messageOf(error);
  return {
    title: code === null ? what : sentence(message),
    safe: [safe, hint === null ? "" : sentence(hint)].filter((part) => part !== "").join(" "),
    remedy,
    diagnostics: [
      `code: ${code ?? "none"}`,
      `message: ${message}`,
      error instanceof Error && error.stack !== undefined ? error.stack : "",
    ].join("\n"),
  };
}

/** Ends in a full stop and starts with a capital. */
function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
