/** @file One small chart on uPlot's canvas: player solid, opponent dashed, a dot at now. Loaded with the first report. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { spanAround, type Span } from "../curves.ts";
import { useStudio } from "../state/context.tsx";

export interface ChartProps {
  readonly label: string;
  readonly steps: readonly number[];
  /** steps of the whole run: the width of the axis */
  readonly of: number;
  /** as measured; thin and grey */
  readonly raw: readonly number[] | null;
  readonly player: readonly number[];
  /** null where there is one line: then it is ink, not the player's */
  readonly opponent: readonly number[] | null;
  readonly reference: { readonly value: number; readonly name: string } | null;
  /** the span of the axis; null: around the lines and the reference */
  readonly axis: Span | null;
  /** saved steps */
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

const HEIGHT = 118;
const RIGHT = 48;
/** room between two labels beside the plot */
const APART = 13;
const TOP = 8;

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const theme = useStudio((state) => state.theme);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(
        options(element, () => latest.current),
        data(latest.current),
        element,
      );
    };
    make();
    const resize = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    const scheme = globalThis.matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", make);
    return () => {
      scheme.removeEventListener("change", make);
      resize.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme]);

  useEffect(() => {
    plot.current?.setData(data(props));
  }, [props]);

  return <div className="plot" ref={box} role="img" aria-label={props.label} />;
}

function data({ steps, raw, player, opponent }: ChartProps): uPlot.AlignedData {
  return [[...steps], [...(raw ?? [])], [...player], [...(opponent ?? [])]];
}

/** A token as the canvas needs it: `light-dark()` is resolved only on an element. */
function colours(element: HTMLElement): (token: string) => string {
  return (token) => {
    element.style.color = `var(--${token})`;
    const { color } = getComputedStyle(element);
    element.style.color = "";
    return color;
  };
}

function options(element: HTMLElement, props: () => ChartProps): uPlot.Options {
  const colour = colours(element);
  const { opponent } = props();
  const main = colour(opponent === null ? "ink" : "player");
  const ink = {
    line: colour("line"),
    weak: colour("ink-3"),
    opponent: colour("opponent"),
    ground: colour("ground"),
    main,
  };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const y = (): [number, number] => {
    const { raw, player, opponent: other, reference, axis } = props();
    const lines = [...player, ...(other ?? []), ...(raw ?? []), ...(reference === null ? [] : [reference.value])];
    const { low, high } = axis ?? spanAround(lines);
    return [low, high];
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [TOP, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: () => [0, Math.max(1, props().of)] }, y: { range: y } },
    axes: [
      {
        stroke: ink.weak,
        font,
        size: 24,
        gap: 4,
        grid: { show: false },
        ticks: { stroke: ink.line, width: 1, size: 4 },
        splits: () => [0, Math.round(props().of / 2), props().of],
        values: (_, splits) => splits.map(String),
        align: 1,
      },
      {
        side: 1,
        stroke: ink.weak,
        font,
        size: RIGHT,
        gap: 6,
        grid: { show: false },
        ticks: { show: false },
        splits: (self) => [self.scales["y"]?.min ?? 0, self.scales["y"]?.max ?? 1],
        values: (_, splits) => splits.map((split) => props().format(split)),
      },
    ],
    series: [
      {},
      { stroke: ink.weak, width: 1, alpha: 0.4, points: { show: false } },
      { stroke: ink.main, width: 2, points: { show: false } },
      { stroke: ink.opponent, width: 2, dash: [5, 3], points: { show: false } },
    ],
    hooks: {
      drawAxes: [(self) => drawUnder(self, props(), ink, font)],
      draw: [(self) => drawDots(self, props(), ink)],
    },
  };
}

interface Ink {
  readonly line: string;
  readonly weak: string;
  readonly opponent: string;
  readonly ground: string;
  readonly main: string;
}

/** The axis, the ticks of saved steps, and the dotted line where the run starts. */
function drawUnder(self: uPlot, { reference, ticks }: ChartProps, ink: Ink, font: string): void {
  const { ctx, bbox } = self;
  const ratio = uPlot.pxRatio;
  const bottom = Math.round(bbox.top + bbox.height) - ratio / 2;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.strokeStyle = ink.line;
  ctx.beginPath();
  ctx.moveTo(bbox.left, bottom);
  ctx.lineTo(bbox.left + bbox.width, bottom);
  for (const tick of ticks) {
    const x = Math.round(self.valToPos(tick, "x", true));
    ctx.moveTo(x, bottom);
    ctx.lineTo(x, bottom + 4 * ratio);
  }
  ctx.stroke();
  if (reference !== null) {
    const at = Math.round(self.valToPos(reference.value, "y", true)) + ratio / 2;
    ctx.strokeStyle = ink.weak;
    ctx.setLineDash([ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, at);
    ctx.lineTo(bbox.left + bbox.width, at);
    ctx.stroke();
    const room = Math.min(at - bbox.top, bottom - at) / ratio;
    if (room > APART) {
      ctx.fillStyle = ink.weak;
      ctx.font = font.replace("11px", `${11 * ratio}px`);
      ctx.textAlign = "left";
      ctx.textBaseline = "middle";
      ctx.fillText(reference.name, bbox.left + bbox.width + 6 * ratio, at);
    }
  }
  ctx.restore();
}

/** Where the run is now: a disc for the player, a ring for the opponent. */
function drawDots(self: uPlot, { steps, player, opponent }: ChartProps, ink: Ink): void {
  const step = steps.at(-1);
  if (step === undefined) return;
  const { ctx } = self;
  const ratio = uPlot.pxRatio;
  const x = self.valToPos(step, "x", true);
  const dot = (value: number | undefined, fill: string, stroke: string | null): void => {
    if (value === undefined) return;
    ctx.beginPath();
    ctx.arc(x, self.valToPos(value, "y", true), 3.5 * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = fill;
    ctx.fill();
    if (stroke === null) return;
    ctx.strokeStyle = stroke;
    ctx.lineWidth = 2 * ratio;
    ctx.stroke();
  };
  ctx.save();
  if (opponent !== null) dot(opponent.at(-1), ink.ground, ink.opponent);
  dot(player.at(-1), ink.main, null);
  ctx.restore();
}
