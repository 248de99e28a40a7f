/**
 * @file The backward calls of a network, last group first: each adds its parameters' gradients to an accumulator and gives
 * out the cotangents of what it read. Ports are `d.out.i`, `d.in.i`, `sum.i` (found before), `saved.i`, `accumulator`, `gradient`.
 */
import { sizeOf } from "../lib/tensor.ts";
import { vjp } from "../graph/autodiff.ts";
import { add, concat, reshape, zeros } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { input, inputName } from "../graph/ir.ts";
import { attentionBlock } from "../graph/passes/attention.ts";
import type { Outputs } from "../graph/rewrite.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Built, NetworkOptions, NetworkPlanner } from "./network-planner.ts";
import { kindOf } from "./network-planner.ts";
import type { Loop } from "./split.ts";
import { splitAttention } from "./split.ts";
import type { Call } from "./types.ts";

export interface TrainingOptions extends NetworkOptions {
  /** The output that is differentiated: per-sample errors [N]; backward is linear in `seeds` [N]. */
  readonly loss: string;
  /** Network inputs whose cotangent is wanted, as outputs of the plan. */
  readonly inputGradients?: readonly string[];
  /** Largest score matrix inside one backward program, bytes. */
  readonly scoreBytes: number;
  /**
   * How a sum takes the place of the one before. twins (the default): two buffers that are swapped after the last call, so that what fails midway
   * leaves the sums as they were. copies: after each call, from a buffer that all groups share: half the memory.
   */
  readonly accumulators?: "twins" | "copies";
}

export class BackwardPlanner {
  readonly made: Call[] = [];
  readonly swaps: (readonly [string, string])[] = [];
  readonly #builder: PlanBuilder;
  readonly #options: TrainingOptions;
  readonly #planner: NetworkPlanner;
  /** value -> the tensor that holds its cotangent so far */
  readonly #cotangents = new Map<string, string>();

  constructor(builder: PlanBuilder, options: TrainingOptions, planner: NetworkPlanner) {
    this.#builder = builder;
    this.#options = options;
    this.#planner = planner;
    builder.tensor("seeds", builder.typeOf(planner.value(options.loss)), "input");
    this.#cotangents.set(options.loss, "seeds");
  }

  cotangent(value: string): string | null {
    return this.#cotangents.get(value) ?? null;
  }

  #accumulator(built: Built): string {
    return `gradient/${this.#options.name}/${built.group.name}`;
  }

  /** Registers the group's place in the flat vector, in the order of its parameters. */
  declare(built: Built, parameters: readonly Tensor[]): void {
    const name = this.#accumulator(built);
    const length = parameters.reduce((sum, t) => sum + sizeOf(t.shape), 0);
    const type = { dtype: "float32" as const, shape: [length] };
    const twins = this.#options.accumulators !== "copies";
    this.#builder.tensor(name, type, "gradient");
    this.#builder.tensor(`${name}/next`, type, twins ? "gradient" : "scratch");
    this.#builder.group(
      `${this.#options.name}/${built.group.name}`,
      name,
      parameters.map((t) => ({ name: built.full(inputName(t)), shape: t.shape })),
    );
    if (twins) this.swaps.push([name, `${name}/next`]);
  }

  /** `d.in.i` for the reads that are wanted, and `gradient`: all parameters flat, plus the accumulator. */
  gradients(built: Built, wants: readonly boolean[], parameters: readonly Tensor[]): Outputs {
    const pairs = Object.entries(built.outputs).map(([port, output]) => ({
      output,
      cotangent: input(`d.${port}`, output),
    }));
    const reads = built.leaves.filter((_, i) => wants[i]);
    const found = vjp(pairs, [...reads, ...parameters]);
    const at = (i: number, t: Tensor): Tensor => found[i] ?? zeros(t.shape);
    const outputs: Record<string, Tensor> = {};
    built.leaves.forEach((leaf, i) => {
      if (wants[i]) outputs[`d.in.${i}`] = at(reads.indexOf(leaf), leaf);
    });
    if (parameters.length > 0) {
      const flat = parameters.map((t, i) => reshape(at(reads.length + i, t), [sizeOf(t.shape)]));
      const all = concat(flat, 0);
      outputs["gradient"] = add(all, input("accumulator", all));
    }
    return outputs;
  }

  /** The calls of one group's backward: its parts, and the attention loops between them. */
  calls(built: Built, wants: readonly boolean[], graph: Outputs): void {
    const withSums = this.#sums(built, wants, graph);
    const names = new Map<string, string>();
    const scratch = (port: string): string => `${this.#options.name}/${built.group.name}/${port}`;
    const parts = splitAttention(withSums, this.#options.scoreBytes);
    const dIn: { value: string; tensor: string }[] = [];
    parts.forEach((part, index) => {
      const program = this.#builder.program(
        `${this.#options.name}.${kindOf(built)}.backward${parts.length > 1 ? `.${index}` : ""}`,
        part.outputs,
      );
      const inputs = this.#planner.bind(built, program.spec.inputs, (port) => this.#port(built, port, names));
      const outputs: Record<string, string> = {};
      for (const [port, type] of Object.entries(program.spec.outputs)) {
        if (port === "gradient") outputs[port] = `${this.#accumulator(built)}/next`;
        else if (port.startsWith("d.in.")) {
          const value = built.reads[Number(port.slice(5))] as string;
          const wanted = this.#options.inputGradients?.includes(value) ?? false;
          const tensor = this.#builder.tensor(this.#fresh(value), type, wanted ? "output" : "scratch");
          outputs[port] = tensor;
          dIn.push({ value, tensor });
        } else {
          names.set(port, this.#builder.tensor(scratch(port), type, "scratch"));
          outputs[port] = scratch(port);
        }
      }
      this.made.push({ program: program.name, inputs, outputs, ...this.#moved(outputs) });
      for (const loop of part.loops) this.#loop(built, loop, names, scratch);
    });
    for (const { value, tensor } of dIn) this.#cotangents.set(value, tensor);
  }

  /** The sum from where it was made to its place. */
  #moved({ gradient: sum }: Readonly<Record<string, string>>): Pick<Call, "copies"> {
    if (sum === undefined || this.#options.accumulators !== "copies") return {};
    return { copies: [[sum, sum.slice(0, -"/next".length)]] };
  }

  /** Adds what earlier groups (in backward order) already found for a value that several groups read. */
  #sums(built: Built, wants: readonly boolean[], graph: Outputs): Outputs {
    const outputs: Record<string, Tensor> = { ...graph };
    built.reads.forEach((value, i) => {
      const port = `d.in.${i}`;
      const tensor = outputs[port];
      if (wants[i] && tensor && this.#cotangents.has(value)) outputs[port] = add(tensor, input(`sum.${i}`, tensor));
    });
    return outputs;
  }

  #fresh(value: string): string {
    const before = this.#cotangents.get(value);
    if (!before) return `${this.#options.name}/d.${value}`;
    const count = Number(/#(\d+)$/.exec(before)?.[1] ?? 1);
    return `${this.#options.name}/d.${value}#${count + 1}`;
  }

  #port(built: Built, port: string, names: ReadonlyMap<string, string>): string | null {
    const index = (prefix: string): number => Number(port.slice(prefix.length));
    if (port === "accumulator") return this.#accumulator(built);
    if (port.startsWith("in.")) return this.#planner.value(built.reads[index("in.")] as string);
    if (port.startsWith("saved.")) return `${this.#options.name}/${built.group.name}/${port}`;
    if (port.startsWith("sum.")) return this.#cotangents.get(built.reads[index("sum.")] as string) as string;
    if (port.startsWith("d.out.")) {
      const name = built.writes[index("d.out.")] as string;
      const cotangent = this.#cotangents.get(name);
      if (!cotangent) throw new Error(`internal: ${name} has no cotangent yet`);
      return cotangent;
    }
    return names.get(port) ?? null;
  }

  #loop(built: Built, loop: Loop, names: Map<string, string>, scratch: (port: string) => string): void {
    const { k } = loop.type;
    const resolve = (port: string): string => this.#port(built, port, names) as string;
    const carry = (role: string, i: number): string =>
      i === loop.blocks.length - 1 ? scratch(role) : scratch(`${role}.${i}`);
    loop.blocks.forEach((block, i) => {
      const q = loop.type.q[i] as Tensor;
      const tensors = [input("q", q), input("k", k), input("v", k), input("o", q), input("dO", q)] as const;
      const carried = i > 0 ? { dK: input("dK.in", k), dV: input("dV.in", k) } : null;
      const program = this.#builder.program(`${this.#options.name}.attention.${i === 0 ? "first" : "next"}`, {
        ...attentionBlock(tensors, carried, loop.attrs),
      });
      const inputs: Record<string, string> = {
        q: resolve(block.q),
        k: resolve(loop.k),
        v: resolve(loop.v),
        o: resolve(block.o),
        dO: resolve(block.dO),
      };
      if (i > 0) Object.assign(inputs, { "dK.in": carry(loop.dK, i - 1), "dV.in": carry(loop.dV, i - 1) });
      const outputs = { dQ: scratch(block.dQ), dK: carry(loop.dK, i), dV: carry(loop.dV, i) };
      for (const [port, name] of Object.entries(outputs)) this.#builder.tensor(name, port === "dQ" ? q : k, "scratch");
      names.set(block.dQ, outputs.dQ);
      this.made.push({ program: program.name, inputs, outputs });
    });
    names.set(loop.dK, scratch(loop.dK));
    names.set(loop.dV, scratch(loop.dV));
  }
}
