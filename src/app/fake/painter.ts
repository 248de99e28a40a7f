/** @file Made-up pictures for the made-up engine: two shapes on a sky, muddled or clean, as signed distances. */

const SIDE = 64;

export const SHAPES = ["circle", "square", "triangle", "ring"] as const;
export const COLOURS = {
  red: [205, 52, 44],
  blue: [52, 98, 196],
  green: [52, 148, 84],
  yellow: [232, 184, 44],
  white: [238, 234, 222],
  teal: [36, 146, 142],
  orange: [228, 122, 44],
  pink: [222, 128, 152],
} as const satisfies { [name: string]: readonly [number, number, number] };
export const TIMES = {
  night: { top: [12, 16, 48], low: [38, 48, 104], ground: [14, 20, 40] },
  dawn: { top: [124, 132, 188], low: [240, 196, 158], ground: [110, 96, 104] },
  noon: { top: [74, 136, 204], low: [190, 218, 236], ground: [186, 166, 116] },
  dusk: { top: [66, 52, 108], low: [216, 122, 88], ground: [72, 54, 68] },
} as const;

export type Shape = (typeof SHAPES)[number];
export type Colour = keyof typeof COLOURS;
export type Time = keyof typeof TIMES;

export interface Scene {
  readonly first: { readonly shape: Shape; readonly colour: Colour };
  readonly second: { readonly shape: Shape; readonly colour: Colour };
  readonly above: boolean;
  readonly time: Time;
}

export function caption(scene: Scene): string {
  const relation = scene.above ? "above" : "beside";
  const { first, second } = scene;
  const article = first.colour === "orange" ? "an" : "a";
  const other = second.colour === "orange" ? "an" : "a";
  return `${article} ${first.colour} ${first.shape} ${relation} ${other} ${second.colour} ${second.shape} at ${scene.time}`;
}

/** Scene number `n` of a fixed list. */
export function scene(n: number): Scene {
  const colours = Object.keys(COLOURS) as Colour[];
  const times = Object.keys(TIMES) as Time[];
  const random = noise(n * 7919 + 13);
  const pick = <T>(list: readonly T[], not?: T): T => {
    const rest = list.filter((item) => item !== not);
    return rest[Math.floor(random() * rest.length)] as T;
  };
  const shape = pick(SHAPES);
  const colour = pick(colours);
  return {
    first: { shape, colour },
    second: { shape: pick(SHAPES, shape), colour: pick(colours, colour) },
    above: n % 3 === 0,
    time: times[n % times.length] as Time,
  };
}

/** The scene that a caption tells of; words it does not know are left to chance. */
export function sceneOf(text: string): Scene {
  const words = text.toLowerCase().split(/\W+/);
  const shapes = words.filter((word): word is Shape => (SHAPES as readonly string[]).includes(word));
  const colours = words.filter((word): word is Colour => word in COLOURS);
  const other = scene([...text].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0));
  return {
    first: { shape: shapes[0] ?? other.first.shape, colour: colours[0] ?? other.first.colour },
    second: { shape: shapes[1] ?? other.second.shape, colour: colours[1] ?? other.second.colour },
    above: words.includes("above"),
    time: words.find((word): word is Time => word in TIMES) ?? other.time,
  };
}

/** A number in [0, 1) a call; the same for the same seed (a multiplicative congruential generator). */
export function noise(seed: number): () => number {
  let state = (Math.abs(Math.trunc(seed)) % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** @param finish 0: a muddle; 1: the picture that the caption tells of */
export function paint(what: Scene, finish: number, seed: number): Uint8ClampedArray<ArrayBuffer> {
  const random = noise(seed * 31 + 7);
  const rough = 1 - finish;
  const at = what.above ? [0.5, 0.34, 0.5, 0.66] : [0.33, 0.58, 0.68, 0.58];
  const place = at.map((value) => value + (random() - 0.5) * (0.03 + 0.16 * rough));
  const wobble = [0, 1, 2].map(() => (random() - 0.5) * 0.09 * rough);
  const sky = TIMES[what.time];
  const soft = 0.015 + 0.07 * rough;
  const rgba = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const x = (column + 0.5) / SIDE;
      const y = (row + 0.5) / SIDE;
      const colour = y < 0.7 ? mix(sky.top, sky.low, y / 0.7) : mix(sky.ground, [0, 0, 0], (y - 0.7) * 0.5);
      if (what.time === "night" && y < 0.6 && finish > 0.5 && starry(column, row)) colour.fill(220);
      for (const [index, part] of [what.second, what.first].entries()) {
        const from = index === 0 ? 2 : 0;
        const bend = (wobble[0] ?? 0) * Math.sin(9 * y) + (wobble[1] ?? 0) * Math.cos(11 * x);
        const dx = x - (place[from] ?? 0.5) + bend;
        const dy = y - (place[from + 1] ?? 0.5) + (wobble[2] ?? 0) * Math.sin(8 * x);
        const cover = clamp(0.5 - distance(part.shape, dx, dy) / soft) * (0.6 + 0.4 * finish);
        const light = 1 + finish * (0.35 * clamp(-(dx + dy) * 4) - 0.35 * clamp((dx + dy) * 4));
        const lit = COLOURS[part.colour].map((value) => value * light);
        for (let k = 0; k < 3; k++) colour[k] = (colour[k] ?? 0) * (1 - cover) + (lit[k] ?? 0) * cover;
      }
      const grain = (random() - 0.5) * (4 + 44 * rough);
      const grey = 0.3 * (colour[0] ?? 0) + 0.6 * (colour[1] ?? 0) + 0.1 * (colour[2] ?? 0);
      for (let k = 0; k < 3; k++) {
        rgba[(row * SIDE + column) * 4 + k] = (colour[k] ?? 0) * (1 - 0.4 * rough) + grey * 0.4 * rough + grain;
      }
      rgba[(row * SIDE + column) * 4 + 3] = 255;
    }
  }
  return rgba;
}

function distance(shape: Shape, dx: number, dy: number): number {
  switch (shape) {
    case "circle":
      return Math.hypot(dx, dy) - 0.16;
    case "square":
      return Math.max(Math.abs(dx), Math.abs(dy)) - 0.145;
    case "triangle":
      return Math.max(0.87 * Math.abs(dx) - 0.5 * (dy + 0.2), dy - 0.14);
    case "ring":
      return Math.abs(Math.hypot(dx, dy) - 0.125) - 0.042;
  }
}

function starry(column: number, row: number): boolean {
  return row > 0 && (column * 73 + row * 151) % 211 === 0;
}

function mix(a: readonly number[], b: readonly number[], share: number): number[] {
  return a.map((value, k) => value * (1 - clamp(share)) + (b[k] ?? 0) * clamp(share));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
