/** @file All writing of one engine: one thing after another, only while no other tab writes, and the others are told. */
import { SerialQueue } from "../lib/queue.ts";
import { type KeyValue, whileHeld } from "../storage/key-value.ts";
import type { Tabs } from "./tabs.ts";

const lockOf = (project: string): string => `spin-studio/${project}`;
const openOf = (project: string): string => `spin-studio/${project}/open`;

export class Writer {
  readonly #store: KeyValue;
  readonly #tabs: Tabs;
  readonly #queue = new SerialQueue();
  /** stores of the projects that a job of ours holds */
  readonly #held = new Map<string, KeyValue>();
  readonly #open = new Map<string, Promise<void>>();

  constructor(store: KeyValue, tabs: Tabs) {
    this.#store = store;
    this.#tabs = tabs;
  }

  /**
   * A short write, under the lock of a running job or its own. `quiet`: the other tabs need not know.
   * @throws StudioError `busy` or `taken-over`
   */
  write<T>(project: string, work: (store: KeyValue) => Promise<T>, quiet = false): Promise<T> {
    return this.#queue.run(async () => {
      const held = this.#held.get(project);
      const result = held
        ? await work(held)
        : await this.#tabs.alone(lockOf(project), "if free", (lost) => work(whileHeld(this.#store, lost)));
      if (!quiet) this.#tabs.announce(project);
      return result;
    });
  }

  /** Reads what must not change under it, as far as this tab goes. */
  read<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work);
  }

  /** A long job, which writes by `write`. `lost` tells that another tab has taken over. */
  async job<T>(project: string, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
    let job: Promise<T> | undefined;
    await this.#queue.run(
      () =>
        new Promise<void>((begun, failed) => {
          job = this.#tabs.alone(lockOf(project), "if free", async (lost) => {
            this.#held.set(project, whileHeld(this.#store, lost));
            begun();
            try {
              return await work(lost);
            } finally {
              // writes that were asked for in the meantime are done under this lock
              await this.#queue.run(async () => void this.#held.delete(project));
            }
          });
          job.catch(failed);
        }),
    );
    return job as Promise<T>;
  }

  /** Whoever writes this project now stops. */
  takeOver(project: string): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#held.has(project)) return;
      await this.#tabs.alone(lockOf(project), "steal", async () => {});
      this.#tabs.announce(project);
    });
  }

  /** This tab has the project open, from the first call until it is closed. */
  stay(project: string): Promise<void> {
    const staying = this.#open.get(project) ?? this.#tabs.stay(openOf(project));
    this.#open.set(project, staying);
    return staying;
  }

  /** Whether another tab has it open too. */
  shared(project: string): Promise<boolean> {
    return this.#tabs.shared(openOf(project));
  }

  /** Whether another tab writes it. */
  async elsewhere(project: string): Promise<boolean> {
    return !this.#held.has(project) && (await this.#tabs.taken(lockOf(project)));
  }
}
