/**
 * @file The optimizer as programs, a group of trainable tensors at a time, for what is too large to pass through the host: plans
 * `norm/<group>`, `adamw/<group>` and `ema/<group>`. A program writes beside what it read, and its call copies that into place, so
 * that the room for it is shared by all groups.
 * Matches: torch/optim/adam.py `_single_tensor_adam` with decoupled_weight_decay, up to float32 rounding.
 */
import { add, concat, div, mul, reshape, slice, sub, sum } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { emit, input } from "../graph/ir.ts";
import type { Outputs } from "../graph/rewrite.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Call, Group, LayoutEntry } from "./types.ts";

export interface AdamWConstants {
  readonly betas: readonly [number, number];
  readonly eps: number;
}

/** What `adamw/<group>` reads as `adamw.rates`, in this order. */
export interface AdamWRates {
  /** of the gradient: clipping */
  readonly clip: number;
  /** 1 - lr weight_decay */
  readonly decay: number;
  /** lr / (1 - beta1^s) */
  readonly stepSize: number;
  /** sqrt(1 - beta2^s) */
  readonly correction2: number;
}

export const ratesOf = ({ clip, decay, stepSize, correction2 }: AdamWRates): Float32Array =>
  Float32Array.of(clip, decay, stepSize, correction2);

/** Squares that one float32 sum adds up; the sums themselves are added in float64 on the host. */
const ROW = 4096;

/** g [n] -> sums of squares [ceil(n / 4096)] */
export function sumsOfSquares(g: Tensor): Tensor {
  const [n] = g.shape as readonly [number];
  const whole = n - (n % ROW);
  const rows = (part: Tensor, width: number): Tensor => {
    const x = reshape(part, [sizeOf(part.shape) / width, width]);
    return sum(mul(x, x), [1]);
  };
  const parts = [
    ...(whole > 0 ? [rows(whole < n ? slice(g, 0, 0, whole) : g, ROW)] : []),
    ...(whole < n ? [rows(whole > 0 ? slice(g, 0, whole, n) : g, n - whole)] : []),
  ];
  return concat(parts, 0);
}

interface Moments {
  readonly p: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
}

/** All flat [n]; `rates` [4] as `ratesOf` orders them. */
export function adamWStep(
  { p, m, v }: Moments,
  g: Tensor,
  rates: Tensor,
  { betas: [beta1, beta2], eps }: AdamWConstants,
): Moments {
  const [clip, decay, stepSize, correction2] = [0, 1, 2, 3].map((i) => slice(rates, 0, i, i + 1)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const clipped = mul(g, clip);
  const m1 = add(m, mul(sub(clipped, m), 1 - beta1));
  const v1 = add(mul(v, beta2), mul(mul(clipped, 1 - beta2), clipped));
  const denominator = add(div(emit("Sqrt", [v1], {}), correction2), eps);
  return { p: sub(mul(p, decay), div(mul(m1, stepSize), denominator)), m: m1, v: v1 };
}

/** The group's tensors, ports `p.i`, as one vector. */
function flatOf(entries: readonly LayoutEntry[]): Tensor {
  const parts = entries.map(({ shape }, i) => reshape(input(`p.${i}`, { dtype: "float32", shape }), [sizeOf(shape)]));
  return concat(parts, 0);
}

/** A vector as the group's tensors again, ports `p.i.next`. */
function tensorsOf(flat: Tensor, entries: readonly LayoutEntry[]): Outputs {
  let start = 0;
  return Object.fromEntries(
    entries.map(({ shape }, i) => {
      const size = sizeOf(shape);
      const part = entries.length === 1 ? flat : slice(flat, 0, start, start + size);
      start += size;
      return [`p.${i}.next`, reshape(part, shape)];
    }),
  );
}

/** The tensors that hold what the optimizer keeps of a group. */
export const momentsOf = (group: string) => ({ m: `m/${group}`, v: `v/${group}`, ema: `ema/${group}` });

/** Adds the plans of every group that was declared, and the tensors that they keep. */
export function addOptimizerPlans(builder: PlanBuilder, constants: AdamWConstants): void {
  for (const [name, group] of Object.entries(builder.groups)) {
    const entries = builder.layout.filter((entry) => entry.group === name);
    new GroupOptimizer(builder, name, group, entries).add(constants);
  }
}

class GroupOptimizer {
  readonly #builder: PlanBuilder;
  readonly #name: string;
  readonly #group: Group;
  readonly #entries: readonly LayoutEntry[];
  /** port -> tensor */
  readonly #ports = new Map<string, string>();

  constructor(builder: PlanBuilder, name: string, group: Group, entries: readonly LayoutEntry[]) {
    this.#builder = builder;
    this.#name = name;
    this.#group = group;
    this.#entries = entries;
    this.#ports.set("gradient", group.tensor);
    for (const [i, { name: tensor }] of entries.entries()) this.#ports.set(`p.${i}`, tensor);
  }

  add(constants: AdamWConstants): void {
    const [builder, entries] = [this.#builder, this.#entries];
    const flat = { dtype: "float32" as const, shape: [this.#group.length] };
    for (const [port, tensor] of Object.entries(momentsOf(this.#name)))
      this.#ports.set(port, builder.tensor(tensor, flat, port === "ema" ? "average" : "moment"));
    const gradient = input("gradient", flat);
    const before = { p: flatOf(entries), m: input("m", flat), v: input("v", flat) };

    const squares = `norm/${this.#name}/squares`;
    const sums = sumsOfSquares(gradient);
    builder.tensor(squares, sums, "output");
    const norm = builder.program("norm", { squares: sums });
    const normCall = { program: norm.name, inputs: { gradient: this.#group.tensor }, outputs: { squares } };
    builder.timeline({ [`norm/${this.#name}`]: { inputs: [], outputs: [squares], calls: [normCall] } });

    const { p, m, v } = adamWStep(before, gradient, input("rates", RATES), constants);
    this.#plan("adamw", "rates", RATES, { ...tensorsOf(p, entries), "m.next": m, "v.next": v });

    const ema = input("ema", flat);
    const moved = sub(ema, mul(sub(ema, before.p), input("share", SHARE)));
    this.#plan("ema", "share", SHARE, { "ema.next": moved });
  }

  /** A plan of one program whose `x.next` takes the place of `x`. */
  #plan(kind: string, rates: string, type: typeof RATES, outputs: Outputs): void {
    const builder = this.#builder;
    const given = builder.tensor(`${kind}.${rates}`, type, "input");
    const { name, spec } = builder.program(kind, outputs);
    const made = Object.entries(spec.outputs).map(([port, output]) => {
      const tensor = builder.tensor(`${kind}/${this.#name}/${port}`, output, "scratch");
      return { port, tensor, place: this.#ports.get(port.slice(0, -".next".length)) as string };
    });
    const call: Call = {
      program: name,
      inputs: Object.fromEntries(
        Object.keys(spec.inputs).map((port) => [port, port === rates ? given : (this.#ports.get(port) as string)]),
      ),
      outputs: Object.fromEntries(made.map(({ port, tensor }) => [port, tensor])),
      copies: made.map(({ tensor, place }) => [tensor, place]),
    };
    builder.timeline({ [`${kind}/${this.#name}`]: { inputs: [given], outputs: [], calls: [call] } });
  }
}

const RATES = { dtype: "float32" as const, shape: [4] };
const SHARE = { dtype: "float32" as const, shape: [1] };
