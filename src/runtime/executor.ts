/**
 * @file Runs plans on a backend: the calls of a list over a table of tensors. Gradients and moments own their buffers, weights may be shared,
 * trainables have one set of buffers an adapter, everything else lives in slots. One run at a time is the caller's business:
 * a second one would overwrite the slots of the first.
 */
import { assert, required } from "../lib/errors.ts";
import type { TensorData } from "../lib/tensor.ts";
import { byteSize, emptyOf, sizeOf } from "../lib/tensor.ts";
import type { Call, Group, Kind, Plan, PlanSet, ProgramSpec, TensorSpec } from "../plan/types.ts";
import type { Backend, Binding, DeviceBuffer, Session } from "./backend.ts";
import { FrozenWeights } from "./frozen-weights.ts";

/** The .onnx file of a program. The loader checks its hash. */
export type LoadProgram = (name: string, spec: ProgramSpec) => Promise<Uint8Array>;

type Buffers = Map<string, DeviceBuffer>;

const owning: ReadonlySet<Kind> = new Set(["gradient", "moment", "average"]);

export class Executor {
  /** Elements in the flat vector of the trainable tensors. */
  readonly length: number;
  private readonly backend: Backend;
  private readonly set: PlanSet;
  private readonly loadProgram: LoadProgram;
  /** hash -> session: programs of equal bytes share one. */
  private readonly sessions = new Map<string, Promise<Session>>();
  private readonly slots: Buffers = new Map();
  /** Gradients, moments and averages, by tensor name. */
  private readonly own: Buffers = new Map();
  private readonly frozen: FrozenWeights;
  private readonly shared: boolean;
  private readonly adapters = new Map<string, Buffers>();
  /** adapter -> weights that it has in place of the executor's */
  private readonly under = new Map<string, FrozenWeights>();

  /** `frozen`: weights that others use too, and that the caller gives back. */
  constructor(backend: Backend, set: PlanSet, loadProgram: LoadProgram, frozen?: FrozenWeights) {
    this.backend = backend;
    this.set = set;
    this.loadProgram = loadProgram;
    this.frozen = frozen ?? new FrozenWeights(backend);
    this.shared = frozen !== undefined;
    this.length = set.layout.reduce((end, { offset, shape }) => Math.max(end, offset + sizeOf(shape)), 0);
    checkSet(set);
  }

  /** Uploads a frozen weight, converted between float32 and float16 where the plan stores it in the other. */
  async loadWeight(name: string, data: TensorData): Promise<void> {
    const spec = this.spec(name);
    assert(spec.kind === "weight", `"${name}" is loaded as a weight, but is of kind ${spec.kind}`);
    await this.frozen.load(name, spec, data);
  }

  /** From now on the adapter's runs read these weights where they have one of that name; it need not exist yet. */
  layOver(id: string, frozen: FrozenWeights): void {
    this.under.set(id, frozen);
  }

  /** Makes room for a set of trainable tensors; all are zero. */
  createAdapter(id: string): void {
    assert(!this.adapters.has(id), `adapter "${id}" exists already`);
    const buffers: Buffers = new Map();
    this.adapters.set(id, buffers);
    for (const [name, spec] of Object.entries(this.set.tensors))
      if (spec.kind === "trainable")
        buffers.set(name, this.backend.allocate(byteSize(spec), `trainable:${id}/${name}`));
  }

  freeAdapter(id: string): void {
    for (const buffer of this.adapter(id).values()) this.backend.free(buffer);
    this.adapters.delete(id);
    this.under.delete(id);
  }

  async writeAdapter(id: string, vector: Float32Array): Promise<void> {
    assert(vector.length === this.length, `an adapter has ${this.length} numbers, but ${vector.length} were given`);
    const buffers = this.adapter(id);
    for (const { name, shape, offset } of this.set.layout)
      await this.backend.write(
        required(buffers.get(name), `trainable "${name}"`),
        vector.subarray(offset, offset + sizeOf(shape)),
      );
  }

  /** An adapter's tensors of one group, flat and in the layout's order. */
  async readGroup(id: string, group: string): Promise<Float32Array> {
    const vector = new Float32Array(this.groupOf(group).length);
    for (const { name, start } of this.entriesOf(group))
      vector.set((await this.backend.read(this.binding(name, id))) as Float32Array, start);
    return vector;
  }

  async writeGroup(id: string, group: string, vector: Float32Array): Promise<void> {
    const { length } = this.groupOf(group);
    assert(vector.length === length, `group "${group}" has ${length} numbers, but ${vector.length} were given`);
    for (const { name, shape, start } of this.entriesOf(group))
      await this.write(name, vector.subarray(start, start + sizeOf(shape)), id);
  }

  async readAdapter(id: string): Promise<Float32Array> {
    const vector = new Float32Array(this.length);
    for (const { name, offset } of this.set.layout)
      vector.set((await this.backend.read(this.binding(name, id))) as Float32Array, offset);
    return vector;
  }

  /**
   * Writes the inputs, runs the calls in order, then lets the accumulators change places.
   * When it fails midway, accumulators with a twin are those from before.
   */
  async run(name: string, inputs: Readonly<Record<string, TensorData>>, adapter?: string): Promise<void> {
    const plan = required(this.set.plans[name], `plan "${name}"`);
    this.checkInputs(name, plan, inputs);
    for (const tensor of plan.inputs)
      await this.backend.write(this.buffer(tensor, adapter), required(inputs[tensor], `input "${tensor}"`));
    for (const call of plan.calls) await this.call(call, adapter);
    for (const [a, b] of plan.swaps) this.swap(a, b, adapter);
  }

  /** A tensor as it lies on the device; a trainable one is an adapter's. */
  read(tensor: string, adapter?: string): Promise<TensorData> {
    return this.backend.read(this.binding(tensor, adapter));
  }

  /** A trainable tensor of an adapter, or what an optimizer keeps; the rest has its own ways. */
  async write(tensor: string, data: Float32Array, adapter?: string): Promise<void> {
    const { kind, shape } = this.spec(tensor);
    const writable = kind === "trainable" || kind === "moment" || kind === "average";
    assert(writable, `"${tensor}" is written by itself, but is of kind ${kind}`);
    assert(data.length === sizeOf(shape), `"${tensor}" has ${sizeOf(shape)} numbers, but ${data.length} were given`);
    await this.backend.write(this.buffer(tensor, adapter), data);
  }

  /** Gives back what an optimizer keeps; where it is used again it is zero. */
  forget(tensor: string): void {
    const { kind } = this.spec(tensor);
    assert(kind === "moment" || kind === "average", `"${tensor}" is forgotten by itself, but is of kind ${kind}`);
    const buffer = this.own.get(tensor);
    if (buffer) this.backend.free(buffer);
    this.own.delete(tensor);
  }

  /** Of trainable tensors, as their gradients are added up. */
  get groups(): readonly string[] {
    return Object.keys(this.set.groups);
  }

  /** The accumulated gradient vector, in the layout's order; the accumulators are zero afterwards. */
  async gradients(): Promise<Float32Array> {
    let vector: Float32Array | null = null;
    for (const { tensor, offset, length } of Object.values(this.set.groups)) {
      const part = ((await this.read(tensor)) as Float32Array).subarray(0, length);
      // one group is the vector: millions of numbers need not be copied again
      if (length === this.length) vector = part;
      else (vector ??= new Float32Array(this.length)).set(part, offset);
    }
    // Only when all were read: a device lost in between must not cost half of the sum.
    await this.clearGradients();
    return vector ?? new Float32Array(0);
  }

  async clearGradients(): Promise<void> {
    for (const { tensor } of Object.values(this.set.groups)) await this.backend.clear(this.buffer(tensor));
  }

  /** Gives back sessions and buffers; the backend stays. */
  async dispose(): Promise<void> {
    const sessions = await Promise.allSettled(this.sessions.values());
    for (const session of sessions) if (session.status === "fulfilled") await this.backend.release(session.value);
    for (const buffers of [this.slots, this.own, ...this.adapters.values()]) {
      for (const buffer of buffers.values()) this.backend.free(buffer);
      buffers.clear();
    }
    if (!this.shared) this.frozen.dispose();
    this.sessions.clear();
    this.adapters.clear();
    this.under.clear();
  }

  private async call(
    { program, inputs, outputs, unread, copies = [] }: Call,
    adapter: string | undefined,
  ): Promise<void> {
    const session = await this.session(program);
    const bind = (ports: Readonly<Record<string, string>>): Record<string, Binding> =>
      Object.fromEntries(Object.entries(ports).map(([port, tensor]) => [port, this.binding(tensor, adapter)]));
    await this.backend.run(session, bind(inputs), bind(outputs), unread);
    for (const [from, to] of copies) await this.backend.copy(this.binding(from, adapter), this.buffer(to, adapter));
  }

  private session(program: string): Promise<Session> {
    const spec = required(this.set.programs[program], `program "${program}"`);
    const known = this.sessions.get(spec.hash);
    if (known) return known;
    const session = this.loadProgram(program, spec).then((onnx) => this.backend.compile(program, onnx));
    this.sessions.set(spec.hash, session);
    // One that failed is tried again by the next call.
    session.catch(() => this.sessions.delete(spec.hash));
    return session;
  }

  private checkInputs(name: string, plan: Plan, inputs: Readonly<Record<string, TensorData>>): void {
    for (const tensor of Object.keys(inputs))
      assert(plan.inputs.includes(tensor), `plan "${name}" has no input "${tensor}"`);
    for (const tensor of plan.inputs) {
      const spec = this.spec(tensor);
      const data = inputs[tensor];
      assert(data, `plan "${name}" was not given its input "${tensor}"`);
      assert(
        data.constructor === emptyOf({ dtype: spec.dtype, shape: [0] }).constructor &&
          data.length === sizeOf(spec.shape),
        `input "${tensor}" of plan "${name}" is ${sizeOf(spec.shape)} of ${spec.dtype}, but was given ${data.length} in a ${data.constructor.name}`,
      );
    }
  }

  private swap(a: string, b: string, adapter: string | undefined): void {
    const buffers = this.spec(a).kind === "trainable" ? this.adapter(adapter) : this.own;
    const [bufferA, bufferB] = [this.buffer(a, adapter), this.buffer(b, adapter)];
    buffers.set(a, bufferB);
    buffers.set(b, bufferA);
  }

  private binding(tensor: string, adapter?: string): Binding {
    return { buffer: this.buffer(tensor, adapter), type: this.spec(tensor) };
  }

  private buffer(tensor: string, adapter?: string): DeviceBuffer {
    const spec = this.spec(tensor);
    if (spec.kind === "trainable") return required(this.adapter(adapter).get(tensor), `trainable "${tensor}"`);
    if (spec.kind === "weight") {
      const under = this.under.get(adapter ?? "")?.get(tensor);
      return required(under ?? this.frozen.get(tensor), `the weight "${tensor}" (it was never loaded)`);
    }
    if (owning.has(spec.kind)) return this.owned(tensor, spec);
    const slot = required(spec.slot, `the slot of "${tensor}"`);
    return this.allocated(this.slots, slot, required(this.set.slots[slot], `slot "${slot}"`), `slot:${slot}`);
  }

  private owned(tensor: string, spec: TensorSpec): DeviceBuffer {
    return this.allocated(this.own, tensor, byteSize(spec), `${spec.kind}:${tensor}`);
  }

  /** Once, at first use. New buffers are zero on every backend. */
  private allocated(buffers: Buffers, key: string, bytes: number, label: string): DeviceBuffer {
    const known = buffers.get(key);
    if (known) return known;
    const buffer = this.backend.allocate(bytes, label);
    buffers.set(key, buffer);
    return buffer;
  }

  private groupOf(group: string): Group {
    return required(this.set.groups[group], `group "${group}"`);
  }

  /** `start`: in the group's own vector */
  private entriesOf(group: string) {
    const { offset } = this.groupOf(group);
    return this.set.layout
      .filter((entry) => entry.group === group)
      .map((entry) => ({ ...entry, start: entry.offset - offset }));
  }

  private adapter(id: string | undefined): Buffers {
    return required(this.adapters.get(id ?? ""), id === undefined ? "the adapter of this plan" : `adapter "${id}"`);
  }

  private spec(tensor: string): TensorSpec {
    return required(this.set.tensors[tensor], `tensor "${tensor}"`);
  }
}

/** What the executor relies on and a plan set could get wrong. */
function checkSet({ tensors, slots, layout, plans }: PlanSet): void {
  for (const [name, spec] of Object.entries(tensors)) {
    if (spec.slot !== undefined)
      assert(
        byteSize(spec) <= (slots[spec.slot] ?? 0),
        `"${name}" (${byteSize(spec)} bytes) does not fit its slot "${spec.slot}"`,
      );
    if (spec.kind === "trainable")
      assert(spec.dtype === "float32", `trainable "${name}" is ${spec.dtype}, not float32`);
  }
  for (const { name, shape } of layout)
    assert(
      tensors[name]?.kind === "trainable" && sizeOf(tensors[name].shape) === sizeOf(shape),
      `the layout's "${name}" is not a trainable tensor of that size`,
    );
  for (const [a, b] of Object.values(plans).flatMap(({ swaps }) => swaps))
    assert(
      tensors[a] &&
        tensors[b] &&
        tensors[a].slot === undefined &&
        tensors[b].slot === undefined &&
        tensors[a].kind === tensors[b].kind &&
        byteSize(tensors[a]) === byteSize(tensors[b]),
      `"${a}" and "${b}" change places, but are not two of a kind with buffers of their own`,
    );
}
