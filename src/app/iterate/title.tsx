/** @file Who plays against whom, and the buttons. */
import type { ReactNode } from "react";
import { iterationName } from "../format.ts";
import { Side } from "../parts/mark.tsx";

export function Title({ iteration, children }: { readonly iteration: number; readonly children?: ReactNode }) {
  return (
    <div className="title">
      <h1 id="it-h">
        <Side side="player">{iterationName(iteration)}</Side>
      </h1>
      <span className="versus">
        against <Side side="opponent">{iterationName(iteration - 1)}</Side>
      </span>
      {children === undefined ? null : <span className="row push">{children}</span>}
    </div>
  );
}
