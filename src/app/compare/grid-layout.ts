/** @file Where everything stands in the labelled grid: prompts as row labels, names as column heads, all of it wrapped. */

export interface GridText {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly text: string; readonly seed: number }[];
  /** of a picture, in its pixels */
  readonly side: number;
}

/** Widths of words as they will be drawn. */
export interface Measures {
  readonly head: (text: string) => number;
  readonly prompt: (text: string) => number;
}

export interface GridLayout {
  readonly width: number;
  readonly height: number;
  /** page pixels of a picture's pixel */
  readonly multiple: number;
  readonly cell: number;
  readonly left: number;
  readonly top: number;
  readonly heads: readonly (readonly string[])[];
  readonly labels: readonly (readonly string[])[];
}

export const GAP = 8;
export const HEAD_LINE = 20;
export const PROMPT_LINE = 22;
export const LABEL_WIDTH = 200;
/** Small pictures are at least so wide, so that there is room for words. */
const WISHED = 256;
const MOST_HEAD_LINES = 3;
/** What every browser's canvas can hold. */
const LONGEST = 16_384;
const LARGEST = 64 * 2 ** 20;

/** Null where even at 1:1 it is larger than a canvas can be. */
export function layoutGrid(text: GridText, measures: Measures): GridLayout | null {
  for (let multiple = Math.max(1, Math.ceil(WISHED / text.side)); multiple >= 1; multiple--) {
    const layout = layoutAt(text, measures, multiple);
    const { width, height } = layout;
    if (width <= LONGEST && height <= LONGEST && width * height <= LARGEST) return layout;
  }
  return null;
}

function layoutAt({ columns, rows, side }: GridText, measures: Measures, multiple: number): GridLayout {
  const cell = multiple * side;
  const heads = columns.map((name) => wrap(name, cell, measures.head, MOST_HEAD_LINES));
  const room = Math.max(1, Math.floor(cell / PROMPT_LINE) - 1);
  const labels = rows.map(({ text }) => wrap(text, LABEL_WIDTH, measures.prompt, room));
  const left = GAP + LABEL_WIDTH + 2 * GAP;
  const top = GAP + Math.max(1, ...heads.map((lines) => lines.length)) * HEAD_LINE + GAP;
  const [width, height] = [left + columns.length * (cell + GAP), top + rows.length * (cell + GAP)];
  return { width, height, multiple, cell, left, top, heads, labels };
}

/** Lines no wider than `width`, at most `most`; what is left out is marked by an ellipsis. */
export function wrap(text: string, width: number, measure: (text: string) => number, most: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).flatMap((each) => broken(each, width, measure))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || measure(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  if (lines.length <= most) return lines;
  let last = lines[most - 1] ?? "";
  while (last !== "" && measure(`${last}…`) > width) last = last.slice(0, -1);
  return [...lines.slice(0, most - 1), `${last}…`];
}

/** A word that is wider than a line is cut where the line ends. */
function broken(word: string, width: number, measure: (text: string) => number): readonly string[] {
  if (measure(word) <= width) return [word];
  const parts: string[] = [];
  let part = "";
  for (const letter of word) {
    if (part !== "" && measure(part + letter) > width) {
      parts.push(part);
      part = "";
    }
    part += letter;
  }
  return [...parts, part];
}
