/** @file Above two pictures: how they are shown, which they are, how large. */
import type { NodeId } from "../../studio/api.ts";
import { useKey, useShortcut } from "../keys.ts";
import { Choice } from "../parts/choice.tsx";
import type { TwoUpMode } from "../parts/two-up.tsx";
import { printRoute, type Viewed } from "../route.ts";
import { useStudio } from "../state/context.tsx";
import { nameOf, numberOf } from "../state/nodes.ts";
import type { Zoom } from "./use-zoom.ts";

export const MODES: readonly { readonly value: TwoUpMode; readonly label: string }[] = [
  { value: "slider", label: "Slider" },
  { value: "beside", label: "Side by side" },
  { value: "fade", label: "Fade" },
  { value: "difference", label: "Difference" },
];

const ZOOMS = [
  { value: "fit", label: "Fit" },
  { value: "1", label: "1:1" },
  { value: "4", label: "4:1" },
] as const;

/** The address changes, not the history: one step back is the grid. */
export function show(viewer: Viewed | null): void {
  globalThis.location.replace(printRoute({ screen: "compare", viewer }));
}

export interface ToolsProps {
  readonly viewed: Viewed;
  readonly models: readonly NodeId[];
  readonly mode: TwoUpMode;
  readonly setMode: (mode: TwoUpMode) => void;
  readonly zoom: Zoom;
}

export function Tools({ viewed, models, mode, setMode, zoom }: ToolsProps) {
  const nodes = useStudio((state) => state.nodes);
  const swap = useKey("swap");
  const swapBy = swap === null ? "" : ` (${swap})`;
  const swapShortcut = useShortcut("swap");
  const { scale } = zoom.view;
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
      <a className="button" href="#compare" aria-keyshortcuts="Escape">
        Back <kbd className="wide-only">Esc</kbd>
      </a>
      <Choice label="Mode" options={MODES} value={mode} onChange={setMode} />
      <span className="row">
        {select("left")}
        <button
          type="button"
          className="button icon"
          aria-label={`Swap left and right${swapBy}`}
          title={`Swap${swapBy}`}
          {...swapShortcut}
          onClick={() => show({ ...viewed, left: viewed.right, right: viewed.left })}
        >
          <span aria-hidden="true">⇄</span>
        </button>
        {select("right")}
      </span>
      <span className="row push zoom" title="Both pictures zoom and move together">
        <span className="quiet together">Zoom together</span>
        <output className="num quiet">{scale === null || scale === 1 || scale === 4 ? "" : `${scale}:1`}</output>
        <Choice
          label="Zoom"
          options={ZOOMS}
          value={scale === null ? "fit" : String(scale)}
          onChange={(value) => zoom.to(value === "fit" ? null : Number(value))}
        />
      </span>
    </div>
  );
}
