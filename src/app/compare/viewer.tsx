/** @file Two pictures of one prompt and seed in one frame. */
import { useEffect, useMemo, useState } from "react";
import { BASE } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { useKeys, type KeyMap } from "../keys.ts";
import { KeyRow } from "../parts/key.tsx";
import { Side } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import type { TwoUpMode } from "../parts/two-up.tsx";
import { printRoute, type Viewed } from "../route.ts";
import { useStudio, useWorkbench } from "../state/context.tsx";
import { idOf, nameOf, numberOf } from "../state/nodes.ts";
import { cellKey } from "../state/selectors.ts";
import type { Prompt } from "../state/studio-state.ts";
import { Scores } from "./scores.tsx";
import { drawnWith, useSave } from "./use-save.ts";
import { useZoom, type Zoom } from "./use-zoom.ts";
import { MODES, show, Tools } from "./viewer-tools.tsx";

export interface ViewerProps {
  readonly viewed: Viewed;
  readonly models: readonly NodeId[];
  readonly rows: readonly Prompt[];
}

export function Viewer({ viewed, models, rows }: ViewerProps) {
  const { store } = useWorkbench();
  const nodes = useStudio((state) => state.nodes);
  const cells = useStudio((state) => state.cells);
  const side = useStudio((state) => state.model?.resolution ?? 64);
  const [mode, setMode] = useState<TwoUpMode>("slider");
  const [jump, setJump] = useState<{ readonly to: number } | null>(null);
  const [mix, setMix] = useState(50);
  const zoom = useZoom(side);
  const look = (right: number): void => {
    setJump({ to: 100 - right });
    setMix(right);
  };
  useKeys(useViewerKeys({ viewed, models, rows, zoom, setMode, look }));

  const [leftNode, rightNode] = [idOf({ nodes }, viewed.left) ?? BASE, idOf({ nodes }, viewed.right) ?? BASE];
  useEffect(() => store.getState().setSides({ left: leftNode, right: rightNode }), [store, leftNode, rightNode]);
  const prompt = rows[viewed.prompt];
  if (prompt === undefined) return null;
  const [left, right] = [nameOf({ nodes }, leftNode), nameOf({ nodes }, rightNode)];
  return (
    <div className="viewer">
      <h1 id="cmp-h" className="visually-hidden">
        {left} and {right}
      </h1>
      <Tools viewed={viewed} models={models} mode={mode} setMode={setMode} zoom={zoom} />
      <div className="stage">
        <div
          className={zoom.movable ? "frame movable" : "frame"}
          ref={zoom.frame}
          role="group"
          aria-label="Pictures: plus and minus zoom both, arrows move them while they are larger than their place"
          // what is moved by keys must be reached by them, as a scrolled box is
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          {...zoom.handlers}
        >
          <TwoUpLazy
            left={{ picture: cells[cellKey(leftNode, prompt)], name: left, side: "opponent" }}
            right={{ picture: cells[cellKey(rightNode, prompt)], name: right, side: "player" }}
            prompt={prompt.text}
            mode={mode}
            jump={jump}
            mix={mix}
            view={zoom.view}
            movable={zoom.movable}
          />
        </div>
      </div>
      <aside>
        {mode === "fade" ? (
          <label className="mix">
            <Side side="opponent">{left}</Side>
            <input
              type="range"
              min="0"
              max="100"
              value={mix}
              aria-label={`Mix of ${left} and ${right}`}
              onChange={(event) => setMix(Number(event.target.value))}
            />
            <Side side="player">{right}</Side>
          </label>
        ) : null}
        <About viewed={viewed} rows={rows} prompt={prompt} />
        <Film viewed={viewed} models={models} prompt={prompt} />
        <Scores left={leftNode} right={rightNode} prompt={prompt} />
        <SaveBoth nodes={[leftNode, rightNode]} prompt={prompt} />
        {leftNode === rightNode ? null : (
          <p className="row wide">
            <a className="button" href={printRoute({ screen: "vote", rivals: { a: viewed.right, b: viewed.left } })}>
              Vote blind on these two
            </a>
          </p>
        )}
        <dl className="keylist">
          <KeyRow keys={["allLeft", "middle", "allRight"]} words="all left, middle, all right" />
          <KeyRow keys={["mode"]} words="next mode" />
          <KeyRow keys={["swap"]} words="swap left and right" />
          <KeyRow keys={[{ fixed: "←" }, { fixed: "→" }]} words="right model, with Shift the left" />
          <KeyRow keys={[{ fixed: "↑" }, { fixed: "↓" }]} words="prompt" />
          <KeyRow keys={["zoom"]} words="fit or 1:1" />
          <KeyRow keys={["larger", "smaller", "fit"]} words="larger, smaller, fit" />
        </dl>
      </aside>
    </div>
  );
}

interface Keyed extends ViewerProps {
  readonly zoom: Zoom;
  readonly setMode: (next: (mode: TwoUpMode) => TwoUpMode) => void;
  /** how much of the right picture is seen, percent */
  readonly look: (right: number) => void;
}

function useViewerKeys({ viewed, models, rows, zoom, setMode, look }: Keyed): KeyMap {
  const nodes = useStudio((state) => state.nodes);
  return useMemo((): KeyMap => {
    const { left, right, prompt } = viewed;
    const shift = (from: number, by: number): number => {
      const at = models.indexOf(idOf({ nodes }, from) ?? BASE) + by;
      return numberOf({ nodes }, models[Math.min(models.length - 1, Math.max(0, at))] ?? BASE);
    };
    const row = (by: number): number => Math.min(rows.length - 1, Math.max(0, prompt + by));
    return {
      allLeft: () => look(0),
      middle: () => look(50),
      allRight: () => look(100),
      mode: () =>
        setMode((now) => MODES[(MODES.findIndex(({ value }) => value === now) + 1) % MODES.length]?.value ?? now),
      swap: () => show({ ...viewed, left: right, right: left }),
      zoom: () => zoom.to(zoom.view.scale === null ? 1 : null),
      larger: () => zoom.step(1),
      smaller: () => zoom.step(-1),
      fit: () => zoom.to(null),
      ArrowLeft: () => show({ ...viewed, right: shift(right, -1) }),
      ArrowRight: () => show({ ...viewed, right: shift(right, 1) }),
      "shift+ArrowLeft": () => show({ ...viewed, left: shift(left, -1) }),
      "shift+ArrowRight": () => show({ ...viewed, left: shift(left, 1) }),
      ArrowUp: () => show({ ...viewed, prompt: row(-1) }),
      ArrowDown: () => show({ ...viewed, prompt: row(1) }),
      Escape: () => show(null),
    };
    // look and setMode only call setters, which never change
    // oxlint-disable-next-line react/exhaustive-deps
  }, [viewed, nodes, models, rows, zoom]);
}

interface AboutProps {
  readonly viewed: Viewed;
  readonly rows: readonly Prompt[];
  readonly prompt: Prompt;
}

function About({ viewed, rows, prompt }: AboutProps) {
  const model = useStudio((state) => state.model);
  const several = useStudio((state) => state.seedsEach > 1);
  return (
    <div>
      <p className="prompt">{prompt.text}</p>
      <p className="small quieter drawn">
        {several ? "row" : "prompt"} {viewed.prompt + 1} of {rows.length}, seed {prompt.seed}
        {model === null ? "" : `, ${drawnWith(model)}`}
      </p>
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
    <div className="film" role="group" aria-label="Right model">
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

function SaveBoth({ nodes: both, prompt }: { readonly nodes: readonly NodeId[]; readonly prompt: Prompt }) {
  const nodes = useStudio((state) => state.nodes);
  const cells = useStudio((state) => state.cells);
  const { saving, saveOne } = useSave();
  return (
    <div className="row saves">
      {[...new Set(both)].map((node) => (
        <button
          type="button"
          className="button"
          key={node}
          disabled={saving || cells[cellKey(node, prompt)] === undefined}
          onClick={() => saveOne(node, prompt)}
        >
          Save {nameOf({ nodes }, node)} as PNG
        </button>
      ))}
    </div>
  );
}
