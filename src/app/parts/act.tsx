/** @file A button that cannot be pressed now says why. */
import type { ComponentProps } from "react";

export interface ActProps extends Omit<ComponentProps<"button">, "type" | "className" | "disabled" | "title"> {
  /** a sentence; null: it can be pressed */
  readonly obstacle: string | null;
  readonly kind?: "primary" | "plain";
}

export function Act({ obstacle, kind, ...rest }: ActProps) {
  return (
    <button
      type="button"
      className={kind === undefined ? "button" : `button ${kind}`}
      disabled={obstacle !== null}
      title={obstacle ?? undefined}
      {...rest}
    />
  );
}
