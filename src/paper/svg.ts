/** @file Pieces of a drawing as text: elements, axes with round marks, a legend. Light ground, dark words; shapes differ where colours may not. */

export const palette = ["#6b6b6b", "#2f6fb7", "#8a5a9e", "#e0a23b", "#d26a1c", "#9c2f12", "#2f8f6b"] as const;
export const dashes = ["2 3", "7 3", "7 3 2 3", "", "", "", "4 3"] as const;

export const colourAt = (i: number): string => palette[i % palette.length] as string;
export const dashAt = (i: number): string => dashes[i % dashes.length] as string;

const entities: { readonly [character: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] as string);

export const at = (value: number): string => value.toFixed(1);

export type Anchor = "start" | "middle" | "end";

export function words(x: number, y: number, text: string, anchor: Anchor = "start", bold = false): string {
  const weight = bold ? ' font-weight="600"' : "";
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}"${weight}>${escaped(text)}</text>`;
}

export function path(d: string, stroke: string, { width = 1, dash = "", fill = "none" } = {}): string {
  const dashed = dash === "" ? "" : ` stroke-dasharray="${dash}"`;
  return `<path d="${d}" fill="${fill}" stroke="${stroke}" stroke-width="${width}"${dashed}/>`;
}

export const polyline = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${at(x)} ${at(y)}`).join("");

/** The whole file. */
export function drawing(title: string, width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="11" fill="#161616">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** About four round numbers in a range. */
export function marks(low: number, high: number): readonly number[] {
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((digit) => digit * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type Range = readonly [low: number, high: number];

/** Range with some air; of one value something around it. */
export function airy(values: readonly number[]): Range {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = 0.06 * (high - low) || Math.abs(high) * 0.1 || 1;
  return [low - air, high + air];
}

export const placeX = ({ left, width }: Frame, [low, high]: Range, value: number): number =>
  left + (width * (value - low)) / (high - low || 1);
export const placeY = ({ top, height }: Frame, [low, high]: Range, value: number): number =>
  top + height - (height * (value - low)) / (high - low || 1);

/** Rules across with their numbers at the left. */
export function yAxis(frame: Frame, range: Range): string[] {
  const { left, width } = frame;
  return marks(...range).flatMap((mark) => {
    const y = placeY(frame, range, mark);
    return [path(`M${at(left)} ${at(y)}H${at(left + width)}`, "#e2e2e2"), words(left - 6, y + 4, String(mark), "end")];
  });
}

export function xAxis(frame: Frame, range: Range): string[] {
  const bottom = frame.top + frame.height;
  return marks(...range).flatMap((mark) => {
    const x = placeX(frame, range, mark);
    return [path(`M${at(x)} ${at(bottom)}v4`, "#777"), words(x, bottom + 16, mark.toLocaleString("en"), "middle")];
  });
}

/** Names beside their strokes, in a row that wraps. */
export function legend(
  left: number,
  top: number,
  width: number,
  entries: readonly { readonly name: string; readonly colour: number }[],
): string[] {
  let [x, y] = [left, top];
  return entries.flatMap(({ name, colour }) => {
    const own = 34 + 6.2 * name.length;
    if (x > left && x + own > left + width) [x, y] = [left, y + 16];
    const stroke = path(`M${at(x)} ${at(y)}h18`, colourAt(colour), { width: 2.5, dash: dashAt(colour) });
    const drawn = [stroke, words(x + 23, y + 4, name)];
    x += own;
    return drawn;
  });
}
