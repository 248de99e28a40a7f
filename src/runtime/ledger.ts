/** @file How many bytes are alive on a device, now and at most, and what for. The plan's prediction is judged by it. */
import { assert } from "../lib/errors.ts";

export interface LedgerEntry {
  readonly live: number;
  readonly peak: number;
}

/** The kind of a label is what stands before its first colon: `slot:a3` is of kind `slot`. */
export function kindOf(label: string): string {
  const colon = label.indexOf(":");
  return colon < 0 ? label : label.slice(0, colon);
}

export class Ledger {
  private readonly total = { live: 0, peak: 0 };
  private readonly kinds = new Map<string, { live: number; peak: number }>();

  get live(): number {
    return this.total.live;
  }

  /** The most bytes that were alive at once since the beginning, or since `restartPeak`. */
  get peak(): number {
    return this.total.peak;
  }

  /** By kind of label. A kind's peak is its own: the sum of peaks may exceed `peak`. */
  byKind(): Readonly<Record<string, LedgerEntry>> {
    return Object.fromEntries([...this.kinds].map(([kind, entry]) => [kind, { ...entry }]));
  }

  add(label: string, bytes: number): void {
    const kind = kindOf(label);
    const entry = this.kinds.get(kind) ?? { live: 0, peak: 0 };
    this.kinds.set(kind, entry);
    for (const account of [this.total, entry]) {
      account.live += bytes;
      account.peak = Math.max(account.peak, account.live);
    }
  }

  remove(label: string, bytes: number): void {
    const entry = this.kinds.get(kindOf(label));
    assert(entry && entry.live >= bytes, `${bytes} bytes of "${label}" were freed that the ledger never saw`);
    entry.live -= bytes;
    this.total.live -= bytes;
  }

  /** From here on the peaks are measured anew. */
  restartPeak(): void {
    for (const account of [this.total, ...this.kinds.values()]) account.peak = account.live;
  }
}
