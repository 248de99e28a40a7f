/** @file The learning rate of an iteration, small: up in the warm-up, down to 0. */
import type { SpinSettings } from "../../studio/api.ts";
import { rateCorners } from "../rate-curve.ts";
import { plainNumber } from "../settings.ts";

const WIDTH = 160;
const HEIGHT = 36;

export function RateCurve({ settings }: { readonly settings: SpinSettings }) {
  const corners = rateCorners(settings);
  const peak = Math.max(...corners.map(({ rate }) => rate));
  const x = (step: number): number => (WIDTH * step) / Math.max(1, settings.steps);
  const y = (rate: number): number => HEIGHT - 2 - ((HEIGHT - 4) * rate) / Math.max(peak, 1e-12);
  const points = [`0,${HEIGHT - 2}`, ...corners.map(({ step, rate }) => `${x(step).toFixed(1)},${y(rate).toFixed(1)}`)];
  const top = corners.findLast(({ rate }) => rate === peak)?.step ?? 1;
  const risen = plainNumber(Number(peak.toPrecision(3)));
  const words =
    settings.schedule === "constant" && settings.warmupSteps <= settings.steps
      ? `rises to ${risen} at step ${Math.max(1, settings.warmupSteps)}, then stays there`
      : top < settings.steps
        ? `rises to ${risen} at step ${top}, then falls to 0`
        : `only rises, to ${risen}: the warm-up is longer than the run`;
  return (
    <figure className="rate-curve">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Learning rate: ${words}`}>
        <path className="base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        <polyline points={points.join(" ")} />
      </svg>
      <figcaption className="small quieter">The learning rate {words}.</figcaption>
    </figure>
  );
}
