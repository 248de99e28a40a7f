/** @file An iteration that was not started: what it will do, its settings, one button. */
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf, nextNode } from "../state/nodes.ts";
import type { SpinSettings } from "../../studio/api.ts";
import { leftInWords } from "../eta.ts";
import { LOSS_AT_START } from "../settings.ts";
import { goodPairs, nextSettings, whyNotStart } from "../state/selectors.ts";
import { primaryInWords } from "../words.ts";
import { Growth } from "./growth.tsx";
import { SettingsPanel } from "./settings-panel.tsx";
import { Title } from "./title.tsx";
import { useExpected } from "./use-expected.ts";

export function Ready() {
  const actions = useActions();
  const primary = useStudio(primaryInWords);
  const obstacle = useStudio(whyNotStart);
  const pairs = useStudio((state) => goodPairs(state).length);
  const model = useStudio((state) => state.model);
  const loss = useStudio((state) => nextSettings(state)?.loss ?? "logistic");
  const start = LOSS_AT_START[loss];
  const title = useStudio((state) => nextNode(state).title);
  const iteration = useStudio((state) => nextNode(state).iteration);
  const opponent = useStudio((state) => nameOf(state, nextNode(state).opponent));
  return (
    <>
      <Title name={title} opponent={opponent} />
      <div className="idle">
        <Growth lossAtStart={start.name === "ln 2" ? "ln 2 = 0.693" : start.name} />
        {model === null ? null : <Plan opponent={opponent} />}
        <SettingsPanel iteration={iteration} name={title} />
        <button
          type="button"
          className="button primary large"
          disabled={obstacle !== null}
          onClick={() => void actions.spin()}
        >
          {primary}
        </button>
        <p className="small">
          {obstacle === null
            ? "You can pause at any step. Keep this tab visible while it runs: browsers slow hidden tabs down."
            : obstacle}{" "}
          {pairs === 0 ? <a href="#pairs">Add pairs</a> : null}
        </p>
      </div>
    </>
  );
}

/** What will happen, and how long it takes here. */
function Plan({ opponent }: { readonly opponent: string }) {
  const state = useStudio((whole) => whole);
  const settings = nextSettings(state);
  return settings === null ? null : <Stages settings={settings} opponent={opponent} />;
}

function Stages({ settings, opponent }: { readonly settings: SpinSettings; readonly opponent: string }) {
  const all = useStudio((state) => goodPairs(state).length);
  const prompts = useStudio((state) => state.prompts.length);
  const times = useExpected(settings);
  const used = settings.usedPairs > 0 ? Math.min(settings.usedPairs, all) : all;
  return (
    <ol>
      <li>
        <span>1</span>
        <span>
          <b>Draw opponents.</b> {opponent} draws one picture for each of{" "}
          {used === all ? `your ${all} prompts` : `${used} of your ${all} prompts`}.
        </span>
        <Time seconds={times?.opponents ?? null} />
      </li>
      <li>
        <span>2</span>
        <span>
          <b>Train.</b> {settings.steps} steps on your pictures and the opponent’s.
        </span>
        <Time seconds={times?.train ?? null} />
      </li>
      <li>
        <span>3</span>
        <span>
          <b>Compare.</b> {prompts === 0 ? "A few" : prompts} fixed prompts, the same seeds for every iteration.
        </span>
        <Time seconds={times?.samples ?? null} />
      </li>
    </ol>
  );
}

/** From one measured pass to a whole stage: right within a factor, so it is said as a range. */
const LOW = 0.8;
const HIGH = 1.8;

function Time({ seconds }: { readonly seconds: number | null }) {
  if (seconds === null || seconds <= 0) return null;
  return (
    <span className="num quieter">{leftInWords({ kind: "range", low: LOW * seconds, high: HIGH * seconds })}</span>
  );
}
