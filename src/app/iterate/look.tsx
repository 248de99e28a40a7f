/** @file The pictures of a run: opponents as they are drawn, then yours beside theirs, then the player's own. */
import { useState } from "react";
import { Side } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import { useStudio } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import { cellKey, goodPairs } from "../state/selectors.ts";
import type { Current, PairItem, Sample } from "../state/studio-state.ts";

export function Look({ current }: { readonly current: Current }) {
  if (current.samples.length > 0) return <Samples current={current} />;
  if (current.stage === "opponents") return <Opponents current={current} />;
  return current.opponents.length > 0 ? <Duels current={current} /> : null;
}

function Opponents({ current }: { readonly current: Current }) {
  const pairs = useStudio((state) => state.pairs);
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  const good = goodPairs({ pairs });
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
  const good: readonly PairItem[] = goodPairs({ pairs });
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  return (
    <>
      <p className="sides-key">
        It learns to tell these apart:
        <Side side="opponent">above, drawn by {opponent}</Side>
        <Side side="other">below, your picture</Side>
      </p>
      <ol className="duels">
        {good.slice(0, DUELS).map((pair, at) => (
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

function Samples({ current }: { readonly current: Current }) {
  const cells = useStudio((state) => state.cells);
  const opponent = useStudio((state) => nameOf(state, current.opponent));
  const [chosen, setChosen] = useState(0);
  const indices = [...new Set(current.samples.map((sample) => sample.index))].sort((a, b) => a - b).slice(0, 4);
  const latest = (index: number): Sample | undefined => current.samples.findLast((sample) => sample.index === index);
  const shown = latest(indices[chosen] ?? 0) ?? current.samples[0];
  if (shown === undefined) return null;
  const before = cells[cellKey(current.opponent, { text: shown.prompt, seed: shown.seed })];
  const { name } = current;
  return (
    <div className="look">
      {before === undefined ? (
        <PictureView id={shown.picture} label={`${name}: ${shown.prompt}`} />
      ) : (
        <TwoUpLazy
          left={{ picture: before, name: opponent, side: "opponent" }}
          right={{ picture: shown.picture, name: `${name}, step ${shown.step}`, side: "player" }}
          prompt={shown.prompt}
        />
      )}
      <Seeds
        items={indices.map((index) => latest(index)).filter((sample) => sample !== undefined)}
        chosen={chosen}
        onChoose={setChosen}
      />
    </div>
  );
}

export interface SeedItem {
  readonly picture: string | undefined;
  readonly prompt: string;
  readonly seed: number;
}

export interface SeedsProps {
  readonly items: readonly SeedItem[];
  readonly chosen: number;
  readonly onChoose: (at: number) => void;
}

/** The fixed prompts, to look at one of them closely. */
export function Seeds({ items, chosen, onChoose }: SeedsProps) {
  return (
    <div className="seeds" role="group" aria-label="Fixed prompts">
      {items.map((item, at) => (
        <button
          type="button"
          key={`${item.seed} ${item.prompt}`}
          aria-pressed={at === chosen}
          onClick={() => onChoose(at)}
        >
          <PictureView id={item.picture} label="" waiting />
          <span>
            <span className="prompt">{item.prompt}</span>
            <small>seed {item.seed}</small>
          </span>
        </button>
      ))}
    </div>
  );
}
