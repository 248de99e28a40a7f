/** @file The scores of all models as one shape each, in the form of the paper's Figure 4: every axis has its own range. */
import type { ScoreInfo } from "../../studio/api.ts";
import { fixed } from "../format.ts";
import type { Look } from "./look.ts";
import type { TableRow } from "./numbers.ts";
import { Plate } from "./plate.tsx";

export interface RadarRow extends TableRow {
  readonly name: string;
  readonly look: Look;
}

export interface RadarProps {
  readonly title: string;
  readonly axes: readonly ScoreInfo[];
  readonly rows: readonly RadarRow[];
}

const [WIDTH, HEIGHT, RADIUS] = [420, 300, 108];
const [X, Y] = [WIDTH / 2, HEIGHT / 2];
/** The lowest of an axis stands here, the highest at its end. */
const INNER = 0.3;

export function Radar({ title, axes, rows }: RadarProps) {
  const at = (axis: number, share: number): readonly [number, number] => {
    const angle = -Math.PI / 2 + (2 * Math.PI * axis) / axes.length;
    return [X + Math.cos(angle) * RADIUS * share, Y + Math.sin(angle) * RADIUS * share];
  };
  const ring = (shares: readonly number[]): string =>
    `M${shares
      .map((share, axis) =>
        at(axis, share)
          .map((value) => value.toFixed(1))
          .join(" "),
      )
      .join("L")}Z`;
  const ranges = axes.map(({ id }) => {
    const values = rows.map(({ means }) => means[id]?.mean ?? 0);
    return [Math.min(...values), Math.max(...values)] as const;
  });
  const shareOn = (axis: number, value: number): number => {
    const [low, high] = ranges[axis] ?? [0, 1];
    return high === low ? 1 : INNER + ((1 - INNER) * (value - low)) / (high - low);
  };
  const words = rows.map(({ name, means }) => {
    return `${name}: ${axes.map(({ id, title: axis, digits }) => `${axis} ${fixed(means[id]?.mean ?? 0, digits)}`).join(", ")}`;
  });
  return (
    <>
      <Plate title={title} words={words.join("; ")} width={WIDTH} height={HEIGHT} className="plate radar">
        {[1 / 3, 2 / 3, 1].map((share) => (
          <path className="axis" key={share} d={ring(axes.map(() => share))} />
        ))}
        {axes.map(({ id }, axis) => (
          <path className="axis" key={id} d={`M${X} ${Y}L${at(axis, 1).join(" ")}`} />
        ))}
        {rows.map(({ node, look, means }) => (
          <path
            className="shape"
            key={node}
            style={{ stroke: look.colour, strokeWidth: look.width, strokeDasharray: look.dash }}
            d={ring(axes.map(({ id }, axis) => shareOn(axis, means[id]?.mean ?? 0)))}
          />
        ))}
        {axes.map(({ id, title: axisTitle }, axis) => {
          const [x, y] = at(axis, 1.12);
          const anchor = Math.abs(x - X) < 4 ? "middle" : x > X ? "start" : "end";
          return (
            <text className="strong" key={id} x={x} y={y + (y < Y - 4 ? -2 : y > Y + 4 ? 12 : 4)} textAnchor={anchor}>
              {axisTitle}
            </text>
          );
        })}
      </Plate>
      <Legend rows={rows} />
    </>
  );
}

function Legend({ rows }: Pick<RadarProps, "rows">) {
  return (
    <p className="legend" aria-hidden="true">
      {rows.map(({ node, name, look }) => (
        <span key={node}>
          <svg viewBox="0 0 24 4">
            <path style={{ stroke: look.colour, strokeWidth: look.width, strokeDasharray: look.dash }} d="M0 2H24" />
          </svg>
          {name}
        </span>
      ))}
    </p>
  );
}
