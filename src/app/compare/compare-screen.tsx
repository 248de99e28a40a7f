/** @file Compare: prompts by iterations with equal seeds, or two of them in one frame. */
import { useEffect } from "react";
import { count } from "../format.ts";
import type { Viewed } from "../route.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { idOf, keptNodes, models, nameOf, newest, numberOf } from "../state/nodes.ts";
import { isRunning, whyNotStart } from "../state/selectors.ts";
import { primaryInWords, runInWords } from "../words.ts";
import { AddPrompt } from "./add-prompt.tsx";
import { Grid } from "./grid.tsx";
import { Viewer } from "./viewer.tsx";

export function CompareScreen({ viewed }: { readonly viewed: Viewed | null }) {
  const actions = useActions();
  const nodes = useStudio((state) => state.nodes);
  const prompts = useStudio((state) => state.prompts);
  const free = useStudio((state) => state.machine === "ready" && !isRunning(state));
  const shown = models({ nodes });
  useEffect(() => {
    if (free) void actions.drawMissing();
  }, [actions, free]);
  if (shown.length === 1) return <Empty />;
  const inRange =
    viewed !== null &&
    prompts[viewed.prompt] !== undefined &&
    [viewed.left, viewed.right].every((side) => shown.includes(idOf({ nodes }, side) ?? ""));
  return (
    <section className="screen compare" aria-labelledby="cmp-h">
      {viewed !== null && inRange ? (
        <Viewer viewed={viewed} models={shown} prompts={prompts} />
      ) : (
        <>
          <Head />
          <Grid models={shown} prompts={prompts} />
        </>
      )}
    </section>
  );
}

function Head() {
  const prompts = useStudio((state) => state.prompts.length);
  const right = useStudio((state) => numberOf(state, newest(state)));
  const all = useStudio((state) => keptNodes(state).length + 1);
  const drawing = useStudio((state) => state.drawing);
  const drawn = useStudio((state) => (state.drawing === null ? "" : nameOf(state, state.drawing.node)));
  const waiting = useStudio((state) => (state.current !== null && isRunning(state) ? runInWords(state.current) : null));
  return (
    <div className="head">
      <h1 id="cmp-h">Compare</h1>
      {drawing !== null ? (
        <p>
          Drawing {drawn}, picture {Math.min(drawing.of, drawing.done + 1)} of {drawing.of}
        </p>
      ) : waiting !== null ? (
        <p>{waiting}. What is missing here is drawn after it.</p>
      ) : (
        <p>
          {count(prompts, "prompt")}, {count(all, "model")}, the same seed in every row
        </p>
      )}
      <span className="row push">
        <AddPrompt />
        <a className="button primary" href={`#compare/0/0-${right}`}>
          Open side by side
        </a>
      </span>
    </div>
  );
}

function Empty() {
  const actions = useActions();
  const primary = useStudio(primaryInWords);
  const obstacle = useStudio(whyNotStart);
  const busy = useStudio(isRunning);
  return (
    <section className="screen compare" aria-labelledby="cmp-h">
      <div className="head">
        <h1 id="cmp-h">Compare</h1>
        <p>Only Base so far</p>
      </div>
      <div className="idle">
        <p>
          There is nothing to compare Base with yet. After the first iteration its pictures stand here beside Base’s,
          drawn from the same seeds.
        </p>
        {busy ? (
          <a className="button primary" href="#iterate">
            See it run
          </a>
        ) : (
          <button
            type="button"
            className="button primary"
            disabled={obstacle !== null}
            title={obstacle ?? undefined}
            onClick={() => void actions.spin()}
          >
            {primary}
          </button>
        )}
      </div>
    </section>
  );
}
