/** @file Winning rates as bars with whiskers, in the form of the paper's Figure 1. */
import { percent } from "../format.ts";
import { rangeOf } from "../shares.ts";
import type { Share } from "../state/tally.ts";
import type { Look } from "./look.ts";
import { Plate } from "./plate.tsx";
import { useWidth } from "./use-width.ts";

export interface Bar {
  readonly name: string;
  readonly look: Look;
  /** null: too few votes */
  readonly share: Share | null;
  /** in place of a bar */
  readonly words: string;
}

const ROW = 42;
const HIGH = 24;
const VALUES = 52;

const LETTER = 7.8;

export function Bars({ bars, title }: { readonly bars: readonly Bar[]; readonly title: string }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const names = width < 480 ? 76 : 124;
  const letters = Math.floor(names / LETTER);
  const short = (name: string): string => (name.length <= letters ? name : `${name.slice(0, letters - 1)}…`);
  const span = Math.max(80, width - names - VALUES);
  const x = (share: number): number => names + share * span;
  const height = bars.length * ROW + 24;
  const words = bars.map(({ name, share, words: few }) => {
    return share === null ? `${name}: ${few}` : `${name} ${percent(share.rate)}, interval ${rangeOf(share.interval)}`;
  });
  return (
    <div ref={box}>
      {width === 0 ? null : (
        <Plate title={title} words={words.join("; ")} width={width} height={height}>
          {bars.map(({ name, look, share, words: few }, row) => {
            const [y, middle] = [row * ROW + 6, row * ROW + 6 + HIGH / 2];
            return (
              <g key={name}>
                <text className="strong" x={0} y={middle + 5}>
                  {short(name)}
                </text>
                <rect className="track" x={x(0)} y={y} width={span} height={HIGH} />
                {share === null ? (
                  <text x={x(0) + 8} y={middle + 4}>
                    {few}
                  </text>
                ) : (
                  <>
                    <rect style={{ fill: look.colour }} x={x(0)} y={y} width={span * share.rate} height={HIGH} />
                    <Whisker at={share.interval.map(x) as [number, number]} y={middle} />
                    <text className="strong" x={width} y={middle + 5} textAnchor="end">
                      {percent(share.rate)}
                    </text>
                  </>
                )}
              </g>
            );
          })}
          <path className="half" d={`M${x(0.5)} 0V${bars.length * ROW}`} />
          <text x={x(0)} y={height - 6}>
            0
          </text>
          <text x={x(0.5)} y={height - 6} textAnchor="middle">
            50 %, no difference
          </text>
          <text x={x(1)} y={height - 6} textAnchor="end">
            100 %
          </text>
        </Plate>
      )}
    </div>
  );
}

function Whisker({ at: [low, high], y }: { readonly at: readonly [number, number]; readonly y: number }) {
  const line = `M${low} ${y}H${high}M${low} ${y - 6}V${y + 6}M${high} ${y - 6}V${y + 6}`;
  return (
    <>
      <path className="halo" d={line} />
      <path className="whisker" d={line} />
    </>
  );
}
