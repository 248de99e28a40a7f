/** @file The motif: ring and disc, opponent and player. */
import type { ReactNode } from "react";

export function Mark({ turning = false }: { readonly turning?: boolean }) {
  return (
    <svg className={turning ? "mark turn" : "mark"} viewBox="0 0 20 20" aria-hidden="true">
      <path className="was" d="M9 2.1a8 8 0 0 0 0 15.8Z" />
      <path className="is" d="M11 1.1a9 9 0 0 1 0 17.8Z" />
    </svg>
  );
}

export type SideName = "player" | "opponent" | "other";

/** A name with the sign of its side. */
export function Side({ side, children }: { readonly side: SideName; readonly children: ReactNode }) {
  return <span className={`side ${side}`}>{children}</span>;
}
