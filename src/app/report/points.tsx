/** @file A number by iteration: points with whiskers, joined by a line. */
import type { Interval } from "../../lib/statistics.ts";
import type { Look } from "./look.ts";
import { Plate } from "./plate.tsx";
import { useWidth } from "./use-width.ts";

export interface Point {
  readonly name: string;
  readonly look: Look;
  readonly value: number;
  readonly interval: Interval;
  /** "17.2 dB, 15.9 to 18.4" */
  readonly words: string;
}

export interface PointsProps {
  readonly title: string;
  readonly points: readonly Point[];
  /** a dotted line where there is no difference */
  readonly reference: number | null;
  readonly format: (value: number) => string;
}

const HEIGHT = 232;
const [TOP, BOTTOM, LEFT, RIGHT] = [12, 32, 52, 16];
const TICKS = [1, 2, 2.5, 5, 10];

/** A few round numbers around the range. */
export function ticksOf(low: number, high: number, most = 5): readonly number[] {
  const rough = Math.max(high - low, 1e-9) / (most - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (TICKS.find((tick) => tick * power >= rough * (1 - 1e-9)) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

export function Points({ title, points, reference, format }: PointsProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const known = [...points.flatMap(({ interval }) => interval), ...(reference === null ? [] : [reference])];
  const ticks = ticksOf(Math.min(...known), Math.max(...known));
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const y = (value: number): number => TOP + ((high - value) / Math.max(high - low, 1e-9)) * (HEIGHT - TOP - BOTTOM);
  const room = (width - LEFT - RIGHT) / points.length;
  const x = (at: number): number => LEFT + (at + 0.5) * room;
  const letters = Math.max(2, Math.floor(room / 7));
  return (
    <div ref={box}>
      {width === 0 ? null : (
        <Plate
          title={title}
          words={points.map(({ name, words }) => `${name} ${words}`).join("; ")}
          width={width}
          height={HEIGHT}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <path className="axis" d={`M${LEFT} ${y(tick)}H${width - RIGHT}`} />
              <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
                {format(tick)}
              </text>
            </g>
          ))}
          {reference === null ? null : <path className="half" d={`M${LEFT} ${y(reference)}H${width - RIGHT}`} />}
          <path
            className="join"
            d={points.map(({ value }, at) => `${at === 0 ? "M" : "L"}${x(at)} ${y(value)}`).join("")}
          />
          {points.map(({ name, look, value, interval: [from, to] }, at) => {
            const [from_, to_] = [y(from), y(to)];
            const ends = `M${x(at) - 5} ${from_}H${x(at) + 5}M${x(at) - 5} ${to_}H${x(at) + 5}`;
            return (
              <g key={name}>
                <path className="whisker" d={`M${x(at)} ${from_}V${to_}${ends}`} />
                <circle
                  cx={x(at)}
                  cy={y(value)}
                  r={5.5}
                  style={look.dash === "none" ? { fill: look.colour } : { fill: "var(--ground)", stroke: look.colour }}
                  strokeWidth={look.dash === "none" ? 0 : 2}
                />
                <text className="strong" x={x(at)} y={HEIGHT - 10} textAnchor="middle">
                  {name.length <= letters ? name : `${name.slice(0, letters - 1)}…`}
                </text>
              </g>
            );
          })}
        </Plate>
      )}
    </div>
  );
}
