/** @file The settings that a node had, to read, to use again, to save. */
import type { SpinSettings } from "../../studio/api.ts";
import { labelOf, valueInWords } from "../settings-words.ts";
import { SaveSettings } from "./save-settings.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nextNode } from "../state/nodes.ts";

export function SettingsList({ name, settings }: { readonly name: string; readonly settings: SpinSettings }) {
  const actions = useActions();
  const next = useStudio((state) => nextNode(state).title);
  const number = useStudio((state) => nextNode(state).number);
  const busy = useStudio((state) => state.current !== null);
  const keys = (Object.keys(settings) as (keyof SpinSettings)[]).filter(
    (key) => key !== "rank" || settings.train === "lora",
  );
  const use = (): void => {
    actions.takeSettings(`These are the settings of ${name}.`, settings);
    globalThis.location.hash = `#iterate/${number}`;
  };
  return (
    <details className="settings">
      <summary>Settings of {name}</summary>
      <dl className="settings-list">
        {keys.map((key) => (
          <div key={key}>
            <dt>{labelOf(key)}</dt>
            <dd>{valueInWords(settings, key)}</dd>
          </div>
        ))}
      </dl>
      <div className="row ends">
        {busy ? null : (
          <button type="button" className="button" onClick={use}>
            Use these for {next}
          </button>
        )}
        <SaveSettings name={name} settings={settings} />
      </div>
    </details>
  );
}
