/** @file How the engine that only pretends behaves: from the address. */

export interface FakeOptions {
  /** milliseconds a step; a picture takes half of it */
  readonly pace: number;
  /** the step of the first spin at which the device is lost */
  readonly failAt: number | null;
  /** the storage is full there, in place of a lost device */
  readonly full?: boolean;
  /** where it stands still for good, so that a state can be looked at */
  readonly halt?: { readonly place: string; readonly at: number };
  /** the gradient is not finite after step 12, each time */
  readonly bursts?: boolean;
  /** training raises the error on the winners */
  readonly rising?: boolean;
  /** no WebGPU here */
  readonly noGpu: boolean;
  /** rounding drowns the logit, and no step repeats */
  readonly noisy?: boolean;
  /** only people can judge the pictures */
  readonly unscored?: boolean;
  /** where the project outlives a reload */
  readonly memory: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
}

/** `?fake=fast,fail,no-gpu`, `?fake=burst`, `?fake=rise`, `?fake=noisy`, `?fake=calm,halt=train:212` (or measure, opponents, draw) */
export function fakeOptions(words: string, memory: FakeOptions["memory"]): FakeOptions {
  const list = words.split(",");
  const full = list.includes("full");
  const halt = /halt=([a-z]+):(\d+)/.exec(words);
  return {
    pace: list.includes("fast") ? 12 : list.includes("slow") ? 400 : 80,
    failAt: list.includes("fail") || full ? 12 : null,
    full,
    ...(halt === null ? {} : { halt: { place: halt[1] ?? "", at: Number(halt[2]) } }),
    bursts: list.includes("burst"),
    rising: list.includes("rise"),
    noGpu: list.includes("no-gpu"),
    noisy: list.includes("noisy"),
    unscored: list.includes("unscored"),
    memory,
  };
}
