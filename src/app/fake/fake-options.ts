/** @file How the engine that only pretends behaves: from the address. */

export interface FakeOptions {
  /** milliseconds a step; a picture takes half of it */
  readonly pace: number;
  /** the step of the first spin at which the device is lost */
  readonly failAt: number | null;
  /** the gradient is not finite after step 12, each time */
  readonly bursts?: boolean;
  /** training raises the error on the winners */
  readonly rising?: boolean;
  /** no WebGPU here */
  readonly noGpu: boolean;
  /** only people can judge the pictures */
  readonly unscored?: boolean;
  /** where the project outlives a reload */
  readonly memory: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
}

/** `?fake=fast,fail,no-gpu`, `?fake=burst`, `?fake=rise` */
export function fakeOptions(words: string, memory: FakeOptions["memory"]): FakeOptions {
  const list = words.split(",");
  return {
    pace: list.includes("fast") ? 12 : list.includes("slow") ? 400 : 80,
    failAt: list.includes("fail") ? 12 : null,
    bursts: list.includes("burst"),
    rising: list.includes("rise"),
    noGpu: list.includes("no-gpu"),
    unscored: list.includes("unscored"),
    memory,
  };
}
