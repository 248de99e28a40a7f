/** @file The two-up, loaded when it is first shown. */
import { lazy, Suspense } from "react";
import type { TwoUpProps } from "./two-up.tsx";

const TwoUp = lazy(async () => ({ default: (await import("./two-up.tsx")).TwoUp }));

export function TwoUpLazy(props: TwoUpProps) {
  return (
    <Suspense fallback={<div className={props.mode === "beside" ? "twoup beside" : "twoup"} />}>
      <TwoUp {...props} />
    </Suspense>
  );
}
