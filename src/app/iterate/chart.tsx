/** @file One small chart on uPlot's canvas: player solid, opponent dashed, a dot at now. Loaded with the first report. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { spanAround, spanAroundLog, type Span } from "../curves.ts";
import { useStudio } from "../state/context.tsx";
import type { Look } from "./curve-list.ts";

export interface ChartProps {
  readonly label: string;
  readonly steps: readonly number[];
  /** steps of the whole run: the width of the axis */
  readonly of: number;
  /** as measured; thin and grey */
  readonly raw: readonly number[] | null;
  /** one or two */
  readonly lines: readonly { readonly look: Look; readonly values: readonly number[] }[];
  readonly reference: { readonly value: number; readonly name: string } | null;
  /** the span of the axis; null: around the lines and the reference */
  readonly axis: Span | null;
  readonly log: boolean;
  /** saved steps */
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  /** the place in `steps` under the pointer */
  readonly onPoint: (at: number | null) => void;
}

/** what changes colours */
const ASKED = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"];
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
    const looks = ASKED.map((query) => globalThis.matchMedia(query));
    for (const look of looks) look.addEventListener("change", make);
    return () => {
      for (const look of looks) look.removeEventListener("change", make);
      resize.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme, props.log]);

  useEffect(() => {
    plot.current?.setData(data(props));
  }, [props]);

  return <div className="plot" ref={box} role="img" aria-label={props.label} />;
}

function data({ steps, raw, lines, log }: ChartProps): uPlot.AlignedData {
  // a logarithmic axis has no place for 0
  const list = (values: readonly number[] | undefined): (number | null)[] =>
    (values ?? []).map((value) => (log && !(value > 0) ? null : value));
  return [[...steps], list(raw ?? undefined), list(lines[0]?.values), list(lines[1]?.values)];
}

const LOOKS: {
  readonly [L in Look]: { readonly token: string; readonly dash: readonly number[]; readonly ring: boolean };
} = {
  player: { token: "player", dash: [], ring: false },
  opponent: { token: "opponent", dash: [5, 3], ring: true },
  ink: { token: "ink", dash: [], ring: false },
  quiet: { token: "ink-2", dash: [5, 3], ring: true },
};

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
  const { log } = props();
  const ink: Ink = {
    line: colour("line"),
    weak: colour("ink-3"),
    ground: colour("ground"),
    lines: props().lines.map(({ look }) => colour(LOOKS[look].token)),
  };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const y = (): [number, number] => {
    const { raw, lines, reference, axis } = props();
    const all = [
      ...lines.flatMap(({ values }) => values),
      ...(raw ?? []),
      ...(reference === null ? [] : [reference.value]),
    ];
    const { low, high } = log ? spanAroundLog(all) : (axis ?? spanAround(all));
    return [low, high];
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [TOP, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: () => [0, Math.max(1, props().of)] },
      y: log ? { distr: 3, log: 10, range: y } : { range: y },
    },
    axes: [
      {
        stroke: ink.weak,
        font,
        size: 24,
        gap: 4,
        grid: { show: false },
        ticks: { stroke: ink.line, width: 1, size: 4 },
        splits: () => [0, Math.round(props().of / 2), props().of],
        values: () => [],
      },
      {
        side: 1,
        stroke: ink.weak,
        font,
        size: RIGHT,
        gap: 6,
        grid: { show: false },
        ticks: { show: false },
        filter: (_, splits) => splits,
        splits: (self) => [self.scales["y"]?.min ?? 0, self.scales["y"]?.max ?? 1],
        values: (_, splits) => splits.map((split) => props().format(split)),
      },
    ],
    series: [
      {},
      { stroke: ink.weak, width: 1, alpha: 0.4, points: { show: false } },
      ...[0, 1].map((at) => {
        const look = props().lines[at]?.look ?? "ink";
        const stroke = ink.lines[at] ?? ink.weak;
        return { stroke, width: 2, dash: [...LOOKS[look].dash], spanGaps: true, points: { show: false } };
      }),
    ],
    hooks: {
      drawAxes: [(self) => drawUnder(self, props(), ink, font)],
      draw: [(self) => drawDots(self, props(), ink)],
      setCursor: [(self) => props().onPoint(self.cursor.idx ?? null)],
    },
  };
}

interface Ink {
  readonly line: string;
  readonly weak: string;
  readonly ground: string;
  readonly lines: readonly string[];
}

/** The axis in words, the ticks of saved steps, and the dotted line where the run starts. */
function drawUnder(self: uPlot, { of, reference, ticks, log }: ChartProps, ink: Ink, font: string): void {
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
  ctx.fillStyle = ink.weak;
  ctx.font = font.replace("11px", `${11 * ratio}px`);
  ctx.textBaseline = "top";
  const half = Math.round(of / 2);
  for (const [words, align, x] of [
    ["0", "left", bbox.left],
    ...(half === 0 || half === of ? [] : [[`${half}`, "center", self.valToPos(half, "x", true)] as const]),
    [`${of} steps`, "right", bbox.left + bbox.width + RIGHT * ratio],
  ] as const) {
    ctx.textAlign = align;
    ctx.fillText(words, x, bottom + 8 * ratio);
  }
  if (reference !== null && (!log || reference.value > 0)) {
    const at = Math.round(self.valToPos(reference.value, "y", true)) + ratio / 2;
    ctx.strokeStyle = ink.weak;
    ctx.setLineDash([ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, at);
    ctx.lineTo(bbox.left + bbox.width, at);
    ctx.stroke();
    const room = Math.min(at - bbox.top, bottom - at) / ratio;
    if (room > APART) {
      ctx.textAlign = "left";
      ctx.textBaseline = "middle";
      ctx.fillText(reference.name, bbox.left + bbox.width + 6 * ratio, at);
    }
  }
  ctx.restore();
}

/** Where the run is now: a disc on a solid line, a ring on a dashed one. */
function drawDots(self: uPlot, { steps, lines, log }: ChartProps, ink: Ink): void {
  const step = steps.at(-1);
  if (step === undefined) return;
  const { ctx } = self;
  const ratio = uPlot.pxRatio;
  const x = self.valToPos(step, "x", true);
  ctx.save();
  ctx.setLineDash([]);
  for (const [at, { look, values }] of [...lines.entries()].reverse()) {
    const value = values.at(-1);
    if (value === undefined || (log && !(value > 0))) continue;
    const { ring } = LOOKS[look];
    const colour = ink.lines[at] ?? ink.weak;
    ctx.beginPath();
    ctx.arc(x, self.valToPos(value, "y", true), 3.5 * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = ring ? ink.ground : colour;
    ctx.fill();
    if (!ring) continue;
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2 * ratio;
    ctx.stroke();
  }
  ctx.restore();
}
