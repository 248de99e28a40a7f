/** @file Who plays against whom, and the buttons. */
import type { ReactNode } from "react";
import { Side } from "../parts/mark.tsx";

export interface TitleProps {
  readonly name: string;
  readonly opponent: string;
  readonly children?: ReactNode;
}

export function Title({ name, opponent, children }: TitleProps) {
  return (
    <div className="title">
      <h1 id="it-h">
        <Side side="player">{name}</Side>
      </h1>
      <span className="versus">
        against <Side side="opponent">{opponent}</Side>
      </span>
      {children === undefined ? null : <span className="row push">{children}</span>}
    </div>
  );
}
