/** @file A key as it is printed on a control or in a line of keys. */
import { type Command, singleKeys, useKept, useKey } from "../keys.ts";

/** The one that a person chose; nothing while single keys are off. */
export function Key({ of, wideOnly = false }: { readonly of: Command; readonly wideOnly?: boolean }) {
  const key = useKey(of);
  return key === null ? null : <kbd className={wideOnly ? "wide-only" : undefined}>{key}</kbd>;
}

export interface KeyRowProps {
  /** a command's key, or one that cannot be changed, as it is printed */
  readonly keys: readonly (Command | { readonly fixed: string })[];
  readonly words: string;
}

export function KeyRow({ keys, words }: KeyRowProps) {
  const off = useKept(() => !singleKeys());
  if (off && keys.every((key) => typeof key === "string")) return null;
  return (
    <>
      <dt>
        {keys.map((key) =>
          typeof key === "string" ? <Key key={key} of={key} /> : <kbd key={key.fixed}>{key.fixed}</kbd>,
        )}
      </dt>
      <dd>{words}</dd>
    </>
  );
}
