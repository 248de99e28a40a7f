/** @file The chain: Base, what was kept, the opponent of now, the player, what comes next. */
import { iterationName } from "../format.ts";
import { PictureView } from "../parts/picture.tsx";
import { useStudio } from "../state/context.tsx";
import { cellKey, models } from "../state/selectors.ts";
import type { StudioState } from "../state/studio-state.ts";

export function Tree({ viewed }: { readonly viewed: number }) {
  const state = useStudio((whole) => whole);
  const { current, kept } = state;
  const player = current?.iteration ?? null;
  const last = kept.at(-1) ?? 0;
  return (
    <nav className="tree" aria-labelledby="tree-h">
      <h2 id="tree-h">Iterations</h2>
      <ol>
        {models(state).map((iteration) => (
          <Node
            key={iteration}
            iteration={iteration}
            kind={iteration === last ? (player === null && last > 0 ? "is" : "was") : "plain"}
            words={wordsOf(state, iteration)}
            picture={pictureOf(state, iteration)}
            here={iteration > 0 && iteration === viewed}
            first={iteration === 0}
            end={false}
          />
        ))}
        {player === null ? (
          <Node
            iteration={last + 1}
            kind="next"
            words="next"
            picture={undefined}
            here={viewed === last + 1}
            first={false}
            end
          />
        ) : (
          <Node
            iteration={player}
            kind="is"
            words={underWay(state)}
            picture={current?.samples.at(0)?.picture}
            here={viewed === player}
            first={false}
            end
          />
        )}
      </ol>
    </nav>
  );
}

/** Prompt 1 and its seed, as in every other node. */
function pictureOf(state: StudioState, iteration: number): string | undefined {
  const prompt = state.prompts[0];
  return prompt === undefined ? undefined : state.cells[cellKey(iteration, prompt)];
}

function wordsOf(state: StudioState, iteration: number): string {
  if (state.current !== null && iteration === state.current.iteration - 1) return "the opponent now";
  if (iteration === 0) return state.model?.title.toLowerCase() ?? "as it came";
  return `against ${iterationName(iteration - 1)}`;
}

function underWay({ current }: StudioState): string {
  if (current === null) return "";
  const steps = `${current.step} of ${current.settings.steps}`;
  if (current.phase === "paused") return `paused, ${steps}`;
  if (current.phase === "failed") return `stopped, ${steps}`;
  if (current.stage === "opponents") return `drawing, ${current.done} of ${current.of}`;
  return current.stage === null ? "starting" : `training, ${steps}`;
}

interface NodeProps {
  readonly iteration: number;
  readonly kind: "plain" | "was" | "is" | "next";
  readonly words: string;
  readonly picture: string | undefined;
  readonly here: boolean;
  readonly first: boolean;
  /** the line ends here */
  readonly end: boolean;
}

function Node({ iteration, kind, words, picture, here, first, end }: NodeProps) {
  const names = ["node", kind, first ? "first" : "", end ? "last" : ""].filter(
    (name) => name !== "" && name !== "plain",
  );
  return (
    <li>
      <a
        className={names.join(" ")}
        href={iteration === 0 ? "#compare" : `#iterate/${iteration}`}
        {...(here ? { "aria-current": true as const } : {})}
      >
        <i className="dot" />
        {picture === undefined ? <span className="hole" /> : <PictureView id={picture} label="" />}
        <span>
          <b>{iterationName(iteration)}</b>
          <small>{words}</small>
        </span>
      </a>
    </li>
  );
}
