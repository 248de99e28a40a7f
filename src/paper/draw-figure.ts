/** @file A figure as SVG: bars with their intervals, lines with their bands, or a radar. */
import type { Figure, Panel, Series, Value } from "./figure.ts";
import {
  airy,
  at,
  colourAt,
  dashAt,
  drawing,
  type Frame,
  legend,
  path,
  placeX,
  placeY,
  polyline,
  words,
  xAxis,
  yAxis,
} from "./svg.ts";

const WIDTH = 720;
const LEFT = 54;
const LEGEND = 44;

/** What a value's whisker or band spans: its interval, else its deviation over seeds. */
function spanOf({ value }: Value): readonly [number, number] {
  if ("interval" in value) return value.interval;
  const half = value.deviation ?? 0;
  return [value.mean - half, value.mean + half];
}

export function figureSvg(figure: Figure): string {
  if (figure.kind === "bars") return bars(figure);
  return figure.kind === "lines" ? lines(figure) : radar(figure);
}

type Grouped = Exclude<Figure, { kind: "lines" }>;

function bars({ title, y: unit, groups, panels: [{ series }] }: Grouped): string {
  const frame: Frame = { left: LEFT, top: 30, width: WIDTH - LEFT - 12, height: 210 };
  const range = [0, 100] as const;
  const pitch = frame.width / groups.length;
  const wide = (pitch - 18) / Math.max(1, series.length);
  const drawn = series.flatMap(({ colour, values }, s) =>
    values.flatMap((each) => {
      const left = frame.left + each.x * pitch + 9 + s * wide;
      const top = placeY(frame, range, each.value.mean);
      const base = placeY(frame, range, 0);
      const [low, high] = spanOf(each).map((end) => placeY(frame, range, end)) as [number, number];
      return [
        `<rect x="${at(left)}" y="${at(top)}" width="${at(wide - 2)}" height="${at(base - top)}" fill="${colourAt(colour)}"/>`,
        path(`M${at(left + wide / 2 - 1)} ${at(low)}V${at(high)}`, "#161616"),
      ];
    }),
  );
  const half = placeY(frame, range, 50);
  const parts = [
    words(LEFT, 18, `${title}, ${unit}`, "start", true),
    ...yAxis(frame, range),
    ...drawn,
    path(`M${at(frame.left)} ${at(half)}h${at(frame.width)}`, "#161616", { dash: "3 3" }),
    ...groups.map((name, x) => words(frame.left + (x + 0.5) * pitch, frame.top + frame.height + 18, name, "middle")),
    ...legend(LEFT, frame.top + frame.height + 38, frame.width, series),
  ];
  return drawing(title, WIDTH, frame.top + frame.height + 38 + LEGEND, parts);
}

const PANEL = { height: 190, top: 30, bottom: 40 };

function lines({ title, x, y, panels }: Figure): string {
  const columns = panels.length > 1 ? 2 : 1;
  const cell = WIDTH / columns;
  const height = PANEL.top + PANEL.height + PANEL.bottom;
  const drawn = panels.flatMap((panel, i) => {
    const frame: Frame = {
      left: (i % columns) * cell + LEFT,
      top: 26 + Math.floor(i / columns) * height + PANEL.top,
      width: cell - LEFT - 14,
      height: PANEL.height,
    };
    return linePanel(panel, frame, panel.title === "" ? y : panel.title);
  });
  const top = 26 + Math.ceil(panels.length / columns) * height;
  const names = [...new Map(panels.flatMap(({ series }) => series).map((each) => [each.name, each])).values()];
  const parts = [
    words(LEFT, 18, title, "start", true),
    ...drawn,
    words(WIDTH / 2, top, x, "middle"),
    ...legend(LEFT, top + 20, WIDTH - LEFT, names),
  ];
  return drawing(title, WIDTH, top + 20 + LEGEND, parts);
}

function linePanel({ series }: Panel, frame: Frame, title: string): string[] {
  const values = series.flatMap((each) => each.values);
  const xs = values.map((value) => value.x);
  const rangeX = [Math.min(...xs), Math.max(...xs)] as const;
  const rangeY = airy(values.flatMap(spanOf));
  const point = (x: number, y: number) => [placeX(frame, rangeX, x), placeY(frame, rangeY, y)] as const;
  const one = ({ colour, values: own, level }: Series): string[] => {
    const line = path(polyline(own.map(({ x, value }) => point(x, value.mean))), colourAt(colour), {
      width: 2,
      dash: dashAt(colour),
    });
    if (level) return [line];
    const spans = own.map((each) => ({ x: each.x, span: spanOf(each) }));
    const around = [
      ...spans.map(({ x, span }) => point(x, span[1])),
      ...spans.toReversed().map(({ x, span }) => point(x, span[0])),
    ];
    const band = `<path d="${polyline(around)}Z" fill="${colourAt(colour)}" opacity="0.15"/>`;
    const dots = own.map(({ x, value }) => {
      const [cx, cy] = point(x, value.mean);
      return `<circle cx="${at(cx)}" cy="${at(cy)}" r="2.5" fill="${colourAt(colour)}"/>`;
    });
    return [band, line, ...dots];
  };
  return [
    words(frame.left, frame.top - 8, title),
    ...yAxis(frame, rangeY),
    ...xAxis(frame, rangeX),
    ...series.flatMap(one),
  ];
}

const RADAR = { x: WIDTH / 2, y: 180, radius: 120, inner: 0.25 };

/** Each axis from the lowest of the models, at a quarter of its length, to the highest at its end. */
function radar({ title, groups, panels: [{ series }] }: Grouped): string {
  const point = (axis: number, share: number): readonly [number, number] => {
    const angle = -Math.PI / 2 + (2 * Math.PI * axis) / groups.length;
    return [RADAR.x + Math.cos(angle) * RADAR.radius * share, RADAR.y + Math.sin(angle) * RADAR.radius * share];
  };
  const ring = (shares: readonly number[]): string => `${polyline(shares.map((share, axis) => point(axis, share)))}Z`;
  const shareOf = ({ x, value }: Value): number => {
    const all = series.flatMap(({ values }) => values.filter((each) => each.x === x).map((each) => each.value.mean));
    const [low, high] = [Math.min(...all), Math.max(...all)];
    return high === low ? 1 : RADAR.inner + ((1 - RADAR.inner) * (value.mean - low)) / (high - low);
  };
  const ranges = groups.map((name, x) => {
    const all = series.flatMap(({ values }) => values.filter((each) => each.x === x).map((each) => each.value.mean));
    const [px, py] = point(x, 1.14);
    const anchor = Math.abs(px - RADAR.x) < 4 ? "middle" : px > RADAR.x ? "start" : "end";
    return words(px, py + 4, `${name} ${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}`, anchor);
  });
  const parts = [
    words(LEFT, 18, title, "start", true),
    ...[RADAR.inner, 1].map((share) => path(ring(groups.map(() => share)), "#d5d5d5")),
    ...groups.map((_, axis) => path(polyline([point(axis, 0), point(axis, 1)]), "#d5d5d5")),
    ...series.map(({ colour, values }) =>
      path(ring(values.map(shareOf)), colourAt(colour), { width: 2, dash: dashAt(colour) }),
    ),
    ...ranges,
    ...legend(LEFT, 340, WIDTH - LEFT, series),
  ];
  return drawing(title, WIDTH, 340 + LEGEND, parts);
}
