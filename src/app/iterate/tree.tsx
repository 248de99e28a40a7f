/** @file The chain: Base, what was kept, the opponent of now, the player, what comes next. */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { PictureView } from "../parts/picture.tsx";
import { useStudio } from "../state/context.tsx";
import { models, nameOf, newest, nextNode, nodeOf, numberOf } from "../state/nodes.ts";
import { cellKey } from "../state/selectors.ts";
import type { StudioState } from "../state/studio-state.ts";

/** @param viewed the number of the node that is looked at; null: the next one */
export function Tree({ viewed }: { readonly viewed: number | null }) {
  const state = useStudio((whole) => whole);
  const { current } = state;
  const last = newest(state);
  const next = nextNode(state);
  return (
    <nav className="tree" aria-labelledby="tree-h">
      <h2 id="tree-h">Iterations</h2>
      <ol>
        {models(state).map((id) => (
          <Node
            key={id}
            number={numberOf(state, id)}
            name={nameOf(state, id)}
            kind={id === last ? (current === null && last !== BASE ? "is" : "was") : "plain"}
            words={wordsOf(state, id)}
            picture={pictureOf(state, id)}
            here={id !== BASE && numberOf(state, id) === viewed}
            first={id === BASE}
            end={false}
          />
        ))}
        {current === null ? (
          <Node
            number={next.number}
            name={next.title}
            kind="next"
            words="next"
            picture={undefined}
            here={viewed === null}
            first={false}
            end
          />
        ) : (
          <Node
            number={current.number}
            name={current.name}
            kind="is"
            words={underWay(state)}
            picture={current.samples.at(0)?.picture}
            here={viewed === current.number}
            first={false}
            end
          />
        )}
      </ol>
    </nav>
  );
}

/** Prompt 1 and its seed, as in every other node. */
function pictureOf(state: StudioState, node: NodeId): string | undefined {
  const prompt = state.prompts[0];
  return prompt === undefined ? undefined : state.cells[cellKey(node, prompt)];
}

function wordsOf(state: StudioState, id: NodeId): string {
  if (state.current?.opponent === id) return "the opponent now";
  const node = nodeOf(state, id);
  return node === undefined
    ? (state.model?.title.toLowerCase() ?? "as it came")
    : `against ${nameOf(state, node.opponent)}`;
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
  readonly number: number;
  readonly name: string;
  readonly kind: "plain" | "was" | "is" | "next";
  readonly words: string;
  readonly picture: string | undefined;
  readonly here: boolean;
  readonly first: boolean;
  /** the line ends here */
  readonly end: boolean;
}

function Node({ number, name, kind, words, picture, here, first, end }: NodeProps) {
  const names = ["node", kind, first ? "first" : "", end ? "last" : ""].filter(
    (name) => name !== "" && name !== "plain",
  );
  return (
    <li>
      <a
        className={names.join(" ")}
        href={number === 0 ? "#compare" : `#iterate/${number}`}
        {...(here ? { "aria-current": true as const } : {})}
      >
        <i className="dot" />
        {picture === undefined ? <span className="hole" /> : <PictureView id={picture} label="" />}
        <span>
          <b>{name}</b>
          <small>{words}</small>
        </span>
      </a>
    </li>
  );
}
