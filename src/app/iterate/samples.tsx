/** @file The samples of a run, as it goes on or after it: the player beside its opponent, the fixed prompts, the strip. */
import { useState, type ReactNode } from "react";
import type { NodeId } from "../../studio/api.ts";
import { PictureView } from "../parts/picture.tsx";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import { useStudio } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import { samplePrompts } from "../state/samples.ts";
import { cellKey } from "../state/selectors.ts";
import type { Prompt, Sample } from "../state/studio-state.ts";
import { Film, stepInWords, type Frame } from "./film.tsx";

export interface SamplesProps {
  readonly name: string;
  readonly opponent: NodeId;
  readonly parent: NodeId;
  readonly samples: readonly Sample[];
  /** the node's own pictures of the grid end the strip; null while it trains */
  readonly end: { readonly node: NodeId; readonly step: number } | null;
  readonly to: readonly number[];
  readonly waiting: boolean;
  readonly children?: ReactNode;
}

export function Samples({ name, opponent, parent, samples, end, to, waiting, children }: SamplesProps) {
  const prompts = samplePrompts({ prompts: useStudio((state) => state.prompts) });
  const cells = useStudio((state) => state.cells);
  const opponentName = useStudio((state) => nameOf(state, opponent));
  const [chosen, setChosen] = useState(0);
  const [asked, setAsked] = useState<number | null>(null);
  const shown = shownPrompts(prompts, samples);
  const prompt = shown[chosen] ?? shown[0];
  if (prompt === undefined) return null;
  const frames = framesOf(prompt);
  // the newest, until a person looks at another
  const at = frames.find(({ step }) => step === asked) ?? frames.findLast(({ picture }) => picture !== undefined);
  const before = cells[cellKey(opponent, prompt)];
  const player = at === undefined || (end !== null && at.step === end.step) ? name : `${name}, ${stepInWords(at.step)}`;
  return (
    <div className="look">
      {before === undefined ? (
        <PictureView id={at?.picture} label={`${player}: ${prompt.text}`} waiting />
      ) : (
        <TwoUpLazy
          left={{ picture: before, name: opponentName, side: "opponent" }}
          right={{ picture: at?.picture, name: player, side: "player" }}
          prompt={prompt.text}
          versus
        />
      )}
      <Seeds
        items={shown.map((each) => {
          const last = framesOf(each).findLast(({ picture }) => picture !== undefined);
          return { picture: last?.picture, prompt: each.text, seed: each.seed };
        })}
        chosen={chosen}
        onChoose={setChosen}
      />
      {frames.length + to.length > 1 ? (
        <div className="film-line">
          {children}
          <Film frames={frames} to={to} waiting={waiting} chosen={at?.step ?? 0} onChoose={setAsked} />
        </div>
      ) : null}
    </div>
  );

  function framesOf(each: Prompt): readonly Frame[] {
    const start: Frame = { step: 0, picture: cells[cellKey(parent, each)] };
    const drawn = samples.filter(({ prompt: text, seed }) => text === each.text && seed === each.seed);
    const last: readonly Frame[] = end === null ? [] : [{ step: end.step, picture: cells[cellKey(end.node, each)] }];
    return [start, ...drawn.filter(({ step }) => step !== end?.step).sort((a, b) => a.step - b.step), ...last];
  }
}

/** The grid's first prompts; what was drawn of others stands behind them. */
function shownPrompts(prompts: readonly Prompt[], samples: readonly Sample[]): readonly Prompt[] {
  const drawn = samples.map(({ prompt, seed }) => ({ text: prompt, seed }));
  const all = prompts.length > 0 ? prompts : drawn;
  return all.filter((each, at) => all.findIndex(({ text, seed }) => text === each.text && seed === each.seed) === at);
}

export interface SeedsProps {
  readonly items: readonly { readonly picture: string | undefined; readonly prompt: string; readonly seed: number }[];
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
