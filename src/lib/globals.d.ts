/**
 * @file The globals that the pure folders may use beside ECMAScript's own: present in pages, workers and Node alike.
 * Only as much of each type as is needed. Seen by tsconfig.pure.json alone; the other projects have the full types.
 */

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare const crypto: {
  readonly subtle: {
    digest(algorithm: "SHA-1" | "SHA-256", data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Promise<ArrayBuffer>;
  };
};

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}

declare class URL {
  constructor(url: string);
  readonly origin: string;
  readonly protocol: string;
  readonly host: string;
  readonly hostname: string;
  readonly pathname: string;
}

declare function setTimeout(work: () => void, milliseconds: number): number;
declare function clearTimeout(timer: number): void;
