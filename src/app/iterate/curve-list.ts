/** @file The curves of a run: which numbers, in which words, against which line. Plain data, smoothed where it is shown. */
import type { SpinSettings, StepReport } from "../../studio/api.ts";
import { spanFor, type Span } from "../curves.ts";
import { percent, thousandths } from "../format.ts";
import { LOSS_AT_START } from "../settings.ts";

/** player solid ember, opponent dashed lake; where a chart is not about sides: ink solid, quiet dashed */
export type Look = "player" | "opponent" | "ink" | "quiet";

export interface Series {
  /** in a table's head */
  readonly name: string;
  /** in a file's head */
  readonly field: string;
  readonly look: Look;
  readonly values: readonly number[];
}

export interface Curve {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly steps: readonly number[];
  /** one or two */
  readonly series: readonly Series[];
  /** the first series is drawn as measured too, thin */
  readonly thin: boolean;
  /** steps that a mean is over, where nobody chose */
  readonly span: number;
  readonly reference: { readonly value: number; readonly name: string } | null;
  /** the span of the axis; null: around the lines and the reference */
  readonly axis: Span | null;
  readonly format: (value: number) => string;
}

type NumberField = {
  [K in keyof StepReport]-?: Required<StepReport>[K] extends number | null ? K : never;
}[keyof StepReport];

/** The four that tell how it goes, then those for who wants to know why. */
export function curveList(
  reports: readonly StepReport[],
  lossName: SpinSettings["loss"] | null,
): { readonly main: readonly Curve[]; readonly more: readonly Curve[] } {
  const of = reports.at(-1)?.of ?? reports.length;
  const steps = reports.map(({ step }) => step);
  const span = spanFor(of);
  // supervised fine-tuning has no opponent, and so none of what compares
  const values = (key: NumberField): number[] => reports.flatMap((report) => report[key] ?? []);
  const one = (name: string, field: string, list: readonly number[]): Series => {
    return { name, field, look: "ink", values: list };
  };
  const plain = { steps, thin: true, span, reference: null, axis: null } as const;
  const start = lossName === null ? startOf(reports) : LOSS_AT_START[lossName];
  const accuracy = values("accuracy");
  const alone = accuracy.length === 0;
  // a step's own timesteps move both errors far more than the sides differ, so both are smoothed over more steps, the same ones
  const sides = { ...plain, thin: false, span: Math.round(2.5 * span), format: thousandths };
  const main: Curve[] = [
    {
      ...plain,
      id: "loss",
      title: "Loss",
      note: alone
        ? "the error on your pictures, lower is better"
        : `starts at ${start.name === "ln 2" ? "ln 2 = 0.693" : start.name}, lower is better`,
      series: [one("loss", "loss", values("loss"))],
      reference: alone ? null : start,
      format: (value) => value.toFixed(3),
    },
    {
      ...plain,
      id: "told-apart",
      title: "Told apart",
      note: "implicit accuracy, a coin would get 50 %",
      series: [one("told apart", "implicit_accuracy", accuracy)],
      reference: { value: 0.5, name: "50 %" },
      axis: { low: Math.min(0.4, Math.floor(10 * Math.min(...accuracy)) / 10), high: 1 },
      format: percent,
    },
    {
      ...sides,
      id: "error-winner",
      title: "Error on your pictures",
      note: "winner, ×10⁻³, the player should go below",
      series: [
        { name: "player", field: "error_winner", look: "player", values: values("errorWinner") },
        { name: "opponent", field: "error_winner_opponent", look: "opponent", values: values("errorWinnerOpponent") },
      ],
    },
    {
      ...sides,
      id: "error-loser",
      title: "Error on the opponent’s",
      note: "loser, ×10⁻³, the player should go above",
      series: [
        { name: "player", field: "error_loser", look: "player", values: values("errorLoser") },
        { name: "opponent", field: "error_loser_opponent", look: "opponent", values: values("errorLoserOpponent") },
      ],
    },
  ];
  const more: Curve[] = [
    ...probeCurve(reports),
    {
      ...plain,
      id: "logit",
      title: "Size of the logit",
      note: "mean of its absolute value: far below 0.01 or above 30 nothing is told apart any more",
      series: [one("logit", "logit", values("logit"))],
      format: short,
    },
    {
      ...plain,
      id: "gradient-norm",
      title: "Gradient norm",
      note: "before clipping",
      series: [one("norm", "gradient_norm", values("gradientNorm"))],
      format: short,
    },
    {
      ...plain,
      thin: false,
      span: 1,
      id: "learning-rate",
      title: "Learning rate",
      note: "×10⁻⁶, rises in the warm-up, then falls to 0",
      series: [one("rate", "learning_rate", values("learningRate"))],
      axis: { low: 0, high: 1.1 * Math.max(1e-12, ...values("learningRate")) },
      format: (value) => short(value * 1e6),
    },
    ...safeguardCurve(reports, span),
  ];
  return { main: main.flatMap(withValues), more: more.flatMap(withValues) };
}

/** A curve without the series that have no values; none where nothing is left. */
function withValues(curve: Curve): readonly Curve[] {
  const series = curve.series.filter(({ values }) => values.length > 0);
  return series.length > 0 ? [{ ...curve, series }] : [];
}

/** Against the start, on the same draws every time, so that steps can be compared. */
function probeCurve(reports: readonly StepReport[]): readonly Curve[] {
  const probes = reports.flatMap(({ probe }) => (probe === null ? [] : [probe]));
  if (probes.length === 0) return [];
  // the start is the opponent itself
  const rise = (now: "winner" | "loser", start: "winnerStart" | "loserStart"): number[] => {
    const rises = probes.flatMap(({ [now]: error, [start]: before }) =>
      error === null || before === null ? [] : [error / before - 1],
    );
    return rises.length > 0 ? [0, ...rises] : [];
  };
  return [
    {
      id: "probe",
      title: "Fixed probe",
      note: `error against the start on ${probes[0]?.draws ?? 0} fixed draws: yours, the opponent’s dashed`,
      steps: [0, ...probes.map(({ step }) => step)],
      series: [
        { name: "yours", field: "probe_winner", look: "ink", values: rise("winner", "winnerStart") },
        { name: "opponent’s", field: "probe_loser", look: "quiet", values: rise("loser", "loserStart") },
      ],
      thin: false,
      span: 1,
      reference: { value: 0, name: "start" },
      axis: null,
      format: signedPercent,
    },
  ];
}

function safeguardCurve(reports: readonly StepReport[], span: number): readonly Curve[] {
  const guarded = reports.flatMap(({ step, safeguard }) => (safeguard === null ? [] : [{ step, safeguard }]));
  if (guarded.length === 0) return [];
  return [
    {
      id: "safeguard",
      title: "Safeguard",
      note: "what the loser’s gradient is scaled by, 1 leaves it as it is",
      steps: guarded.map(({ step }) => step),
      series: [{ name: "scale", field: "safeguard", look: "ink", values: guarded.map(({ safeguard }) => safeguard) }],
      thin: true,
      span,
      reference: null,
      axis: { low: 0, high: 1.05 },
      format: (value) => value.toFixed(2),
    },
  ];
}

/** The first loss is l(0): ln 2 for the logistic loss, else 1. */
function startOf(reports: readonly StepReport[]): { readonly value: number; readonly name: string } {
  const first = reports[0]?.loss ?? Math.LN2;
  return Math.abs(first - 1) < Math.abs(first - Math.LN2) ? LOSS_AT_START.hinge : LOSS_AT_START.logistic;
}

/** "+3.4 %", "−2.1 %" */
function signedPercent(share: number): string {
  const text = Math.abs(100 * share).toFixed(1);
  return `${text === "0.0" ? "" : share < 0 ? "−" : "+"}${text} %`;
}

/** Three digits that count. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
