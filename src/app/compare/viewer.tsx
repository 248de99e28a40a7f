/** @file Two pictures of one prompt and seed in one frame. */
import { useMemo, useState } from "react";
import { BASE } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { useKeys, type KeyMap } from "../keys.ts";
import { Choice } from "../parts/choice.tsx";
import { Side } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import { printRoute, type Viewed } from "../route.ts";
import { KeyRow } from "../shell/keys-sheet.tsx";
import { useStudio } from "../state/context.tsx";
import { idOf, nameOf, numberOf } from "../state/nodes.ts";
import { cellKey } from "../state/selectors.ts";
import type { Prompt } from "../state/studio-state.ts";

export interface ViewerProps {
  readonly viewed: Viewed;
  readonly models: readonly NodeId[];
  readonly prompts: readonly Prompt[];
}

type Mode = "slider" | "beside";
const MODES = [
  { value: "slider", label: "Slider" },
  { value: "beside", label: "Side by side" },
] as const;

/** The address changes, not the history: one step back is the grid. */
function show(viewer: Viewed | null): void {
  globalThis.location.replace(printRoute({ screen: "compare", viewer }));
}

export function Viewer({ viewed, models, prompts }: ViewerProps) {
  const nodes = useStudio((state) => state.nodes);
  const cells = useStudio((state) => state.cells);
  const [mode, setMode] = useState<Mode>("slider");
  const [jump, setJump] = useState<{ readonly to: number } | null>(null);
  const keys = useMemo((): KeyMap => {
    const { left, right, prompt } = viewed;
    const shift = (from: number, by: number): number => {
      const at = models.indexOf(idOf({ nodes }, from) ?? BASE) + by;
      return numberOf({ nodes }, models[Math.min(models.length - 1, Math.max(0, at))] ?? BASE);
    };
    const row = (by: number): number => Math.min(prompts.length - 1, Math.max(0, prompt + by));
    return {
      "1": () => setJump({ to: 100 }),
      "2": () => setJump({ to: 50 }),
      "3": () => setJump({ to: 0 }),
      m: () => setMode((now) => (now === "slider" ? "beside" : "slider")),
      c: () => show({ ...viewed, left: right, right: left }),
      ArrowLeft: () => show({ ...viewed, right: shift(right, -1) }),
      ArrowRight: () => show({ ...viewed, right: shift(right, 1) }),
      "shift+ArrowLeft": () => show({ ...viewed, left: shift(left, -1) }),
      "shift+ArrowRight": () => show({ ...viewed, left: shift(left, 1) }),
      ArrowUp: () => show({ ...viewed, prompt: row(-1) }),
      ArrowDown: () => show({ ...viewed, prompt: row(1) }),
      Escape: () => show(null),
    };
  }, [viewed, nodes, models, prompts]);
  useKeys(keys);

  const prompt = prompts[viewed.prompt];
  if (prompt === undefined) return null;
  const [leftNode, rightNode] = [idOf({ nodes }, viewed.left) ?? BASE, idOf({ nodes }, viewed.right) ?? BASE];
  const [left, right] = [nameOf({ nodes }, leftNode), nameOf({ nodes }, rightNode)];
  return (
    <div className="viewer">
      <h1 id="cmp-h" className="visually-hidden">
        {left} and {right}
      </h1>
      <Tools viewed={viewed} models={models} mode={mode} setMode={setMode} />
      <div className="stage">
        <TwoUpLazy
          left={{ picture: cells[cellKey(leftNode, prompt)], name: left, side: "opponent" }}
          right={{ picture: cells[cellKey(rightNode, prompt)], name: right, side: "player" }}
          prompt={prompt.text}
          beside={mode === "beside"}
          jump={jump}
        />
      </div>
      <aside>
        <div>
          <p className="prompt">{prompt.text}</p>
          <p className="small quieter">
            prompt {viewed.prompt + 1} of {prompts.length}, seed {prompt.seed}
          </p>
        </div>
        <Film viewed={viewed} models={models} prompt={prompt} />
        <dl className="keylist">
          <KeyRow keys={["1", "2", "3"]} words="all left, middle, all right" />
          <KeyRow keys={["M"]} words="next mode" />
          <KeyRow keys={["C"]} words="swap left and right" />
          <KeyRow keys={["←", "→"]} words="right iteration, with Shift the left" />
          <KeyRow keys={["↑", "↓"]} words="prompt" />
        </dl>
      </aside>
    </div>
  );
}

interface ToolsProps {
  readonly viewed: Viewed;
  readonly models: readonly NodeId[];
  readonly mode: Mode;
  readonly setMode: (mode: Mode) => void;
}

function Tools({ viewed, models, mode, setMode }: ToolsProps) {
  const nodes = useStudio((state) => state.nodes);
  const select = (side: "left" | "right") => (
    <label className={side === "left" ? "side opponent" : "side player"}>
      <span className="visually-hidden">{side === "left" ? "Left" : "Right"}</span>
      <select
        className="field"
        value={viewed[side]}
        onChange={(event) => show({ ...viewed, [side]: Number(event.target.value) })}
      >
        {models.map((node) => (
          <option key={node} value={numberOf({ nodes }, node)}>
            {nameOf({ nodes }, node)}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div className="tools">
      <a className="button" href="#compare">
        Back <kbd className="wide-only">Esc</kbd>
      </a>
      <Choice label="Mode" options={MODES} value={mode} onChange={setMode} />
      <span className="row">
        {select("left")}
        <button
          type="button"
          className="button icon"
          aria-label="Swap left and right (C)"
          title="Swap (C)"
          onClick={() => show({ ...viewed, left: viewed.right, right: viewed.left })}
        >
          <span aria-hidden="true">⇄</span>
        </button>
        {select("right")}
      </span>
    </div>
  );
}

interface FilmProps {
  readonly viewed: Viewed;
  readonly models: readonly NodeId[];
  readonly prompt: Prompt;
}

/** Every model's picture of this prompt; a click sets the right side. */
function Film({ viewed, models, prompt }: FilmProps) {
  const nodes = useStudio((state) => state.nodes);
  const cells = useStudio((state) => state.cells);
  return (
    <div className="film" role="group" aria-label="Right iteration">
      {models.map((node) => {
        const [name, number] = [nameOf({ nodes }, node), numberOf({ nodes }, node)];
        const side = number === viewed.right ? "player" : number === viewed.left ? "opponent" : null;
        return (
          <button
            type="button"
            key={node}
            aria-pressed={number === viewed.right}
            onClick={() => show({ ...viewed, right: number })}
          >
            <PictureView id={cells[cellKey(node, prompt)]} label="" waiting />
            {side === null ? <span>{name}</span> : <Side side={side}>{name}</Side>}
          </button>
        );
      })}
    </div>
  );
}
