/**
 * @file One request to the hub: asked, watched for silence, and where it fails told apart: what may pass by itself, and what a
 * person has to know. `fetch` comes from outside, so that the same code meets the hub in a worker and a server of ill manners in a test.
 */
import { StudioError } from "../lib/errors.ts";
import { Passing } from "./passing.ts";
import { blocked, elsewhere, offline, refused, silent } from "./troubles.ts";

/** As much of the platform's Response as is needed. */
export interface Answer {
  readonly status: number;
  /** where it came from in the end */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }> };
  } | null;
}

export interface Asking {
  readonly headers: { readonly [name: string]: string };
  readonly signal: AbortSignal;
  readonly credentials: "omit";
  readonly cache: "no-store";
  readonly referrerPolicy: "no-referrer";
}

export interface Door {
  readonly fetch: (url: string, asking: Asking) => Promise<Answer>;
  /** "https://…", before the paths of the hub's API */
  readonly origin: string;
  /** whether an answer from there is the hub's */
  readonly trusts: (url: string) => boolean;
  /** whether the page's policy forbade the connection that has just failed */
  readonly wasBlocked: () => Promise<boolean>;
  /** milliseconds without a byte until a connection is given up */
  readonly silenceMs: number;
  /** @throws the signal's reason where it is aborted first */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** hears of every request before it is made, and of every wait */
  readonly told: (news: DoorNews) => void;
}

export type DoorNews =
  | { readonly kind: "asking"; readonly url: string }
  | { readonly kind: "waiting"; readonly milliseconds: number; readonly why: string };

/** The first and, where it is known, the last byte. */
export type Span = readonly [number, number | null];

export interface Opened {
  readonly answer: Answer;
  /** The body in pieces. @throws Passing where it breaks off or falls silent. */
  readonly pieces: () => AsyncGenerator<Uint8Array, void>;
  /** lets go of the connection */
  readonly close: () => void;
}

/**
 * 200, 206 or 416. `what` stands in the sentences: "stabilityai/x".
 * @throws Passing, or StudioError for what will not pass, or the signal's reason.
 */
export async function open(
  door: Door,
  url: string,
  what: string,
  span: Span | null,
  signal: AbortSignal,
): Promise<Opened> {
  signal.throwIfAborted();
  const connection = new Connection(door.silenceMs, signal);
  const failed = async (error: unknown): Promise<unknown> => {
    if (signal.aborted) return signal.reason;
    if (connection.fellSilent) return new Passing(silent(what, door.silenceMs));
    if (await door.wasBlocked()) return blocked(what);
    return error instanceof Passing ? error : new Passing(offline(what));
  };
  door.told({ kind: "asking", url });
  try {
    const answer = await door.fetch(url, {
      // a single span that begins somewhere needs no preflight, which the hosts of the large files do not answer
      headers: span === null ? {} : { Range: `bytes=${span[0]}-${span[1] ?? ""}` },
      signal: connection.signal,
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    connection.heard();
    if (!door.trusts(answer.url)) throw elsewhere(what, answer.url);
    if (![200, 206, 416].includes(answer.status))
      throw refused(answer, what, new URL(answer.url).origin === door.origin);
    return { answer, pieces: () => pieces(answer, connection, failed), close: () => connection.close() };
  } catch (error) {
    connection.close();
    throw error instanceof StudioError ? error : await failed(error);
  }
}

async function* pieces(
  answer: Answer,
  connection: Connection,
  failed: (error: unknown) => Promise<unknown>,
): AsyncGenerator<Uint8Array, void> {
  const reader = answer.body?.getReader();
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      connection.heard();
      if (done || value === undefined) return;
      yield value;
    }
  } catch (error) {
    throw await failed(error);
  } finally {
    connection.close();
  }
}

/** Ends with its caller, or by itself after a silence. */
class Connection {
  readonly #controller = new AbortController();
  readonly #silenceMs: number;
  readonly #caller: AbortSignal;
  readonly #end = (): void => this.#controller.abort();
  #timer: ReturnType<typeof setTimeout>;
  fellSilent = false;

  constructor(silenceMs: number, caller: AbortSignal) {
    this.#silenceMs = silenceMs;
    this.#caller = caller;
    caller.addEventListener("abort", this.#end);
    this.#timer = this.#listen();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#listen();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener("abort", this.#end);
    this.#controller.abort();
  }

  #listen(): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.fellSilent = true;
      this.#controller.abort();
    }, this.#silenceMs);
  }
}
