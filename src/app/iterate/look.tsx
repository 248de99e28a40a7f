/** @file The pictures of a run: opponents as they are drawn, then yours beside theirs, then the player's own. */
import { useMemo } from "react";
import { filmEvery, filmMarks } from "../film.ts";
import { Side } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf, nodeOf } from "../state/nodes.ts";
import { inTraining } from "../state/pair-review.ts";
import { isFilming } from "../state/samples.ts";
import { goodPairs } from "../state/selectors.ts";
import type { Current } from "../state/studio-state.ts";
import { Samples } from "./samples.tsx";

export function Look({ current }: { readonly current: Current }) {
  if (current.samples.length > 0) return <RunSamples current={current} />;
  if (current.stage === "opponents") return <Opponents current={current} />;
  return current.opponents.length > 0 ? <Duels current={current} /> : null;
}

function Opponents({ current }: { readonly current: Current }) {
  const pairs = useStudio((state) => state.pairs);
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  const good = useMemo(() => inTraining(goodPairs({ pairs })), [pairs]);
  const next = current.opponents.indexOf(null);
  const waiting = current.opponents.length === 0 ? 0 : next;
  return (
    <div className="gallery plain">
      {Array.from({ length: current.of }, (_, at) => (
        <PictureView
          key={good[at]?.id ?? at}
          id={current.opponents[at] ?? null}
          label={`${opponent}: ${good[at]?.caption ?? ""}`}
          waiting={at === waiting && current.phase === "running"}
        />
      ))}
    </div>
  );
}

const DUELS = 12;

/** What it learns to tell apart. */
function Duels({ current }: { readonly current: Current }) {
  const pairs = useStudio((state) => state.pairs);
  const good = useMemo(() => inTraining(goodPairs({ pairs })), [pairs]);
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  return (
    <>
      <p className="sides-key">
        It learns to tell these apart:
        <Side side="opponent">above, drawn by {opponent}</Side>
        <Side side="other">below, your picture</Side>
      </p>
      <ol className="duels">
        {good.slice(0, Math.min(DUELS, current.opponents.length)).map((pair, at) => (
          <li key={pair.id}>
            <PictureView id={current.opponents[at] ?? null} label={`Drawn by ${opponent}`} />
            <PictureView id={pair.picture} label="Your picture" />
            <span className="prompt">{pair.caption}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function RunSamples({ current }: { readonly current: Current }) {
  const actions = useActions();
  const parent = useStudio((state) => nodeOf(state, current.node)?.parent ?? current.opponent);
  const filming = useStudio(isFilming);
  const running = current.phase === "running";
  const last = Math.max(0, ...current.samples.map(({ step }) => step));
  const marks = filmMarks(current.settings.steps).filter((mark) => mark > Math.max(last, current.step));
  return (
    <Samples
      name={current.name}
      opponent={current.opponent}
      parent={parent}
      samples={current.samples}
      end={null}
      to={filming ? marks : marks.slice(-1)}
      waiting={running && filming}
    >
      <p className="film-head">
        <span>
          Same prompt, same seed{filming ? `, drawn again every ${filmEvery(current.settings.steps)} steps` : ""}
        </span>
        <label className="check">
          <input type="checkbox" checked={filming} onChange={() => actions.setFilming(!filming)} />
          Draw as it trains
        </label>
      </p>
    </Samples>
  );
}
