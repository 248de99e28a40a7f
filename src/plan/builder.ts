/** @file Gathers tensors, programs and calls of several plans, then lays out slots and counts bytes. */
import { byteSize } from "../lib/tensor.ts";
import type { TensorType } from "../lib/tensor.ts";
import type { Outputs } from "../graph/rewrite.ts";
import type { Program } from "./library.ts";
import { ProgramLibrary } from "./library.ts";
import type { Interval } from "./slots.ts";
import { assignSlots } from "./slots.ts";
import type { Bytes, Call, Group, Kind, LayoutEntry, Plan, PlanSet, TensorSpec } from "./types.ts";

export interface Draft {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly calls: readonly Call[];
  readonly swaps?: readonly (readonly [string, string])[];
}

/** A plan set whose programs are still bytes without a hash. */
export interface Compiled {
  readonly set: Omit<PlanSet, "programs">;
  readonly programs: readonly Program[];
}

const slotted: readonly Kind[] = ["input", "output", "saved", "scratch"];

export class PlanBuilder {
  readonly #tensors = new Map<string, TensorType & { readonly kind: Kind }>();
  readonly #library = new ProgramLibrary();
  readonly #plans = new Map<string, Plan>();
  /** plans that run one after the other and share what is saved */
  readonly #timelines: (readonly string[])[] = [];
  readonly layout: LayoutEntry[] = [];
  readonly groups: Record<string, Group> = {};
  readonly #maxBindingBytes: number;
  #length = 0;

  constructor(maxBindingBytes: number) {
    this.#maxBindingBytes = maxBindingBytes;
  }

  /** Declares a tensor; a second declaration must agree in type and may only turn scratch into something longer-lived. */
  tensor(name: string, { dtype, shape }: TensorType, kind: Kind): string {
    const known = this.#tensors.get(name);
    if (known && (known.dtype !== dtype || known.shape.join() !== shape.join()))
      throw new Error(`internal: tensor ${name} has two types`);
    if (!known || known.kind === "scratch") this.#tensors.set(name, { dtype, shape, kind });
    return name;
  }

  typeOf(name: string): TensorType {
    const known = this.#tensors.get(name);
    if (!known) throw new Error(`internal: tensor ${name} is not declared`);
    return known;
  }

  /** `half`: it draws pictures, so it may work in float16. */
  program(name: string, outputs: Outputs, half = false): Program {
    return this.#library.add(name, outputs, { maxBindingBytes: this.#maxBindingBytes, half });
  }

  /** Plans of one timeline run in this order, and what one leaves for a later one is kept. */
  timeline(plans: Readonly<Record<string, Draft>>): void {
    for (const [name, draft] of Object.entries(plans)) this.#plans.set(name, { swaps: [], ...draft });
    this.#timelines.push(Object.keys(plans));
  }

  /** Appends a group of trainable tensors to the flat vector; its gradient accumulates in `tensor`. */
  group(
    name: string,
    tensor: string,
    entries: readonly { readonly name: string; readonly shape: readonly number[] }[],
  ): void {
    const offset = this.#length;
    for (const { name: entry, shape } of entries) {
      this.layout.push({ name: entry, shape, offset: this.#length, group: name });
      this.#length += shape.reduce((a, b) => a * b, 1);
    }
    this.groups[name] = { tensor, offset, length: this.#length - offset };
  }

  /** Marks outputs that die where they are made: what `errors` leaves for a `backward` that is not in its timeline. */
  #markUnread(): void {
    for (const timeline of this.#timelines) {
      const read = new Set<string>();
      for (const name of [...timeline].reverse()) {
        const plan = this.#plans.get(name) as Plan;
        for (const tensor of plan.outputs) read.add(tensor);
        const calls = [...plan.calls].reverse().map((call): Call => {
          for (const [from] of call.copies ?? []) read.add(from);
          const unread = Object.entries(call.outputs).flatMap(([port, tensor]) =>
            read.has(tensor) || !slotted.includes((this.#tensors.get(tensor) as { kind: Kind }).kind) ? [] : [port],
          );
          for (const tensor of Object.values(call.inputs)) read.add(tensor);
          return unread.length > 0 ? { ...call, unread } : call;
        });
        this.#plans.set(name, { ...plan, calls: calls.reverse() });
      }
    }
  }

  #lifetimes(): Map<string, Interval[]> {
    const intervals = new Map<string, Interval[]>();
    let clock = 0;
    for (const timeline of this.#timelines) {
      const spans = new Map<string, Interval>();
      const touch = (name: string, time: number): void => {
        const span = spans.get(name);
        spans.set(name, { first: Math.min(span?.first ?? time, time), last: Math.max(span?.last ?? time, time) });
      };
      for (const name of timeline) {
        const plan = this.#plans.get(name) as Plan;
        for (const tensor of plan.inputs) touch(tensor, clock);
        clock++;
        for (const call of plan.calls) {
          for (const tensor of [...Object.values(call.inputs), ...Object.values(call.outputs)]) touch(tensor, clock);
          clock++;
        }
        for (const tensor of plan.outputs) touch(tensor, clock);
        clock++;
      }
      for (const [name, span] of spans) intervals.set(name, [...(intervals.get(name) ?? []), span]);
    }
    return intervals;
  }

  finish(): Compiled {
    this.#markUnread();
    const intervals = this.#lifetimes();
    const living = [...this.#tensors].filter(([name, t]) => slotted.includes(t.kind) && intervals.has(name));
    const slots = assignSlots(
      living.map(([name, type]) => ({ name, bytes: byteSize(type), intervals: intervals.get(name) as Interval[] })),
    );
    const tensors: Record<string, TensorSpec> = {};
    const total = (...kinds: Kind[]): number =>
      [...this.#tensors.values()].reduce((sum, t) => sum + (kinds.includes(t.kind) ? byteSize(t) : 0), 0);
    for (const [name, { dtype, shape, kind }] of this.#tensors) {
      const slot = slots.of.get(name);
      tensors[name] = slot ? { dtype, shape, kind, slot } : { dtype, shape, kind };
    }
    const specs = this.#library.programs.map(({ spec }) => spec);
    const bytes: Bytes = {
      weights: total("weight"),
      trainable: total("trainable"),
      gradients: total("gradient"),
      moments: total("moment"),
      average: total("average"),
      slots: Object.values(slots.bytes).reduce((a, b) => a + b, 0),
      scratch:
        specs.reduce((sum, { constantBytes }) => sum + constantBytes, 0) +
        Math.max(0, ...specs.map(({ scratchBytes }) => scratchBytes)),
    };
    const set = {
      tensors,
      slots: slots.bytes,
      plans: Object.fromEntries(this.#plans),
      layout: this.layout,
      groups: this.groups,
      bytes,
    };
    return { set, programs: this.#library.programs };
  }
}
