/** @file The curves of a training as an SVG: the loss of each part over its steps, on a logarithmic scale. */
import type { LogLine } from "../studio/pretrain-course.ts";

const [WIDTH, HEIGHT, LEFT, TOP] = [640, 200, 56, 28];

/** Powers of ten and their halves and fifths between two losses. */
function marks(low: number, high: number): readonly number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of [1, 2, 5]) all.push(Number(`${digit}e${power}`));
  return all.filter((mark) => mark >= low && mark <= high);
}

function panel(title: string, log: readonly LogLine[], top: number): string {
  const losses = log.map((line) => line.loss);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const last = log.at(-1)?.step ?? 1;
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - 16) * step) / last;
  const y = (loss: number): number =>
    top + TOP + (HEIGHT - 2 * TOP) * (Math.log(high / loss) / Math.log(high / low || 2));
  const at = (value: number): string => value.toFixed(1);
  const lines = marks(low, high).map(
    (mark) =>
      `<path d="M${LEFT} ${at(y(mark))}H${WIDTH - 16}" stroke="#ddd"/><text x="${LEFT - 6}" y="${at(y(mark) + 4)}" text-anchor="end">${mark}</text>`,
  );
  const curve = log.map(({ step, loss }, i) => `${i === 0 ? "M" : "L"}${at(x(step))} ${at(y(loss))}`).join("");
  return [
    `<text x="${LEFT}" y="${top + 18}" font-weight="600">${title}</text>`,
    ...lines,
    `<path d="${curve}" fill="none" stroke="#ad4a05" stroke-width="1.5"/>`,
    `<text x="${WIDTH - 16}" y="${top + HEIGHT - 8}" text-anchor="end">${last.toLocaleString("en")} steps</text>`,
  ].join("\n");
}

/** A panel a part, one below the other. */
export function curves(parts: Readonly<Record<string, readonly LogLine[]>>): string {
  const panels = Object.entries(parts).filter(([, log]) => log.length > 1);
  const height = HEIGHT * panels.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="#161616">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...panels.map(([title, log], i) => panel(title, log, i * HEIGHT)),
    "</svg>\n",
  ].join("\n");
}
