/** @file What was measured of this computer, and remembered for a day: a GPU does not change faster, and kernels take seconds to compile. */
import type { Backend, BackendName, Float16 } from "../runtime/backend.ts";
import type { KeyValue } from "../storage/key-value.ts";
import type { Precision, Preflight } from "./api.ts";
import { type Factories, type Known, measureBackends } from "./preflight.ts";
import { RUNTIME_VERSION } from "./project-keeper.ts";

const KEY = "preflight";
/** Of what is remembered: it grows with what is measured. */
const VERSION = `2, ${RUNTIME_VERSION}`;
const DAY = 86_400_000;

/** A backend that fails is not remembered, so that it is tried again at every start. */
interface Remembered {
  readonly version: string;
  /** milliseconds since 1970 */
  readonly at: number;
  readonly known: Known;
  /** missing in what older versions wrote */
  readonly precision?: Partial<Record<BackendName, Precision>>;
}

export class Machine {
  readonly #store: KeyValue;
  readonly #backends: Factories;

  constructor(store: KeyValue, backends: Factories) {
    this.#store = store;
    this.#backends = backends;
  }

  /** Which backend to take: `force` where it works, else the fastest. */
  async preflight(force: BackendName | null): Promise<Preflight> {
    const before = await this.#remembered();
    const preflight = await measureBackends(this.#backends, force, before.known);
    const working = preflight.measured.filter((m) => m.forwardMs !== null).map((m) => [m.backend, m]);
    await this.#remember({ ...before, known: { ...before.known, ...(Object.fromEntries(working) as Known) } });
    return preflight;
  }

  /** Of the GPU, which is what a large model needs; where none is known to work, as most have it. */
  async float16(): Promise<Float16> {
    const { known } = await this.#remembered();
    return known.webgpu?.float16 ?? known["node-webgpu"]?.float16 ?? "computed";
  }

  /** How far a step's numbers can be trusted on a backend, which must have nothing else to do meanwhile. */
  async precision(backend: Backend): Promise<Precision> {
    const { precision = {} } = await this.#remembered();
    const before = precision[backend.name];
    if (before) return before;
    const { measurePrecision } = await import("./precision.ts");
    const measured = await measurePrecision(backend);
    const { precision: others, ...rest } = await this.#remembered();
    await this.#remember({ ...rest, precision: { ...others, [backend.name]: measured } });
    return measured;
  }

  async #remembered(): Promise<Remembered> {
    const stored = (await this.#store.get(KEY)) as Remembered | undefined;
    const fresh = stored?.version === VERSION && Math.abs(Date.now() - stored.at) < DAY;
    return fresh ? stored : { version: VERSION, at: Date.now(), known: {} };
  }

  #remember(remembered: Remembered): Promise<void> {
    return this.#store.setMany([[KEY, remembered]]);
  }
}
