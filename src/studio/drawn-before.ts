/** @file What nodes at a saved step have drawn before, looked up without a device or any weights. It never fails: then nothing was. */
import { type Asked, drawings } from "../storage/drawings.ts";
import type { KeyValue } from "../storage/key-value.ts";
import type { DrawRequest, Picture } from "./api.ts";
import type { ProjectWeights } from "./weights.ts";
import type { Writer } from "./writer.ts";

/** A request, and which of its pictures are there. */
export interface Before {
  /** the node's, at which they were drawn */
  readonly step: number;
  /** by the prompt's place in the request; null: to be drawn */
  readonly pictures: readonly (Picture | null)[];
  /** Resolves when they are kept, or could not be. */
  keep(drawn: readonly (readonly [number, Picture])[]): Promise<void>;
  /** notes that those that are there were used */
  used(): void;
}

export interface DrawnBeforeParts {
  readonly store: KeyValue;
  readonly writer: Writer;
  /** of the model under `base` */
  readonly identity: Promise<string>;
}

export class DrawnBefore {
  readonly #parts: DrawnBeforeParts;

  constructor(parts: DrawnBeforeParts) {
    this.#parts = parts;
    // without it nothing was drawn before
    parts.identity.catch(() => undefined);
  }

  /** Null where the node's state is not known for sure. */
  async find(request: DrawRequest, weights: ProjectWeights): Promise<Before | null> {
    return this.#find(request, weights).catch(() => null);
  }

  async #find({ project, prompts, seeds, ...same }: DrawRequest, weights: ProjectWeights): Promise<Before | null> {
    const { store, writer, identity } = this.#parts;
    const settled = await weights.settled(same.node);
    if (!settled) return null;
    const model = await identity;
    const { step, version } = settled;
    const asked = prompts.map((prompt, at): Asked => ({ ...same, version, model, prompt, seed: seeds[at] as number }));
    const kept = drawings(store, project);
    const pictures = await Promise.all(
      asked.map(async (one): Promise<Picture | null> => {
        const drawn = await kept.get(one);
        return drawn && { prompt: one.prompt, seed: one.seed, ...drawn };
      }),
    );
    const put = (...what: Parameters<typeof kept.put>): Promise<void> =>
      // another tab may write, or the disk be full
      writer.write(project, (held) => drawings(held, project).put(...what), true).catch(() => undefined);
    return {
      step,
      pictures,
      keep: async (drawn) => {
        if (drawn.length > 0) await put(drawn.map(([at, picture]) => [asked[at] as Asked, picture]));
      },
      used: () => {
        const there = asked.filter((_, at) => pictures[at]);
        if (there.length > 0) void put([], there);
      },
    };
  }
}
