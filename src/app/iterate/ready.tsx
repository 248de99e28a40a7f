/** @file An iteration that was not started: what it will do, its settings, one button. */
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf, nextNode } from "../state/nodes.ts";
import { goodPairs, nextSettings, whyNotStart } from "../state/selectors.ts";
import { LOSS_AT_START } from "../settings.ts";
import { primaryInWords } from "../words.ts";
import { SettingsPanel } from "./settings-panel.tsx";
import { Title } from "./title.tsx";

export function Ready() {
  const actions = useActions();
  const primary = useStudio(primaryInWords);
  const obstacle = useStudio(whyNotStart);
  const pairs = useStudio((state) => goodPairs(state).length);
  const prompts = useStudio((state) => state.prompts.length);
  const steps = useStudio((state) => nextSettings(state)?.steps ?? null);
  const loss = useStudio((state) => nextSettings(state)?.loss ?? "logistic");
  const start = LOSS_AT_START[loss];
  const title = useStudio((state) => nextNode(state).title);
  const iteration = useStudio((state) => nextNode(state).iteration);
  const opponent = useStudio((state) => nameOf(state, nextNode(state).opponent));
  return (
    <>
      <Title name={title} opponent={opponent} />
      <div className="idle">
        <p className="lede">
          {title} will play against {opponent}. It starts as an exact copy, so the loss starts at{" "}
          {start.name === "ln 2" ? "ln 2 = 0.693" : start.name} and goes down as it learns to tell your pictures from
          the opponent’s.
        </p>
        <ol>
          <li>
            <span>1</span>
            <span>
              <b>Draw opponents.</b> {opponent} draws one picture for each of your {pairs} prompts.
            </span>
          </li>
          <li>
            <span>2</span>
            <span>
              <b>Train.</b> {steps ?? "A few dozen"} steps on your pictures and the opponent’s.
            </span>
          </li>
          <li>
            <span>3</span>
            <span>
              <b>Compare.</b> {prompts === 0 ? "A few" : prompts} fixed prompts, the same seeds for every iteration.
            </span>
          </li>
        </ol>
        <SettingsPanel iteration={iteration} />
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
