/** @file Draws and encodes PNGs off the main thread. */
import { zipSync, type Zippable } from "fflate";
import type { Pixels } from "../pictures.ts";
import type { ExportAnswer, ExportedGrid, ExportedPicture, ExportJob } from "./export.ts";
import { GAP, HEAD_LINE, LABEL_WIDTH, layoutGrid, PROMPT_LINE } from "./grid-layout.ts";
import { parametersText, type Recipe } from "./parameters.ts";
import { withText } from "./png-text.ts";

const HEAD_FONT = "600 15px system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif";
const SMALL_FONT = "12px system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif";
const PROMPT_FONT = "italic 16px 'Palatino Linotype', Palatino, Georgia, 'Noto Serif', 'Liberation Serif', serif";
// paper, whatever the theme: the grid goes into documents
const [PAPER, SUNK, INK, INK_3] = ["#ffffff", "#e9e9e9", "#161616", "#636363"];
/** From here on pixels are hard: they are what a person looks for. */
const HARD = 4;

self.addEventListener("message", ({ data }: MessageEvent<ExportJob>) => {
  const work = data.kind === "grid" ? encodeGrid(data.grid) : encodePictures(data.pictures);
  work.then(
    (bytes) => self.postMessage({ ok: true, bytes } satisfies ExportAnswer, { transfer: [bytes.buffer] }),
    (error: unknown) =>
      self.postMessage({
        ok: false,
        sentence: error instanceof Error ? error.message : String(error),
      } satisfies ExportAnswer),
  );
});

async function encodePictures(pictures: readonly ExportedPicture[]): Promise<Uint8Array<ArrayBuffer>> {
  const files: Zippable = {};
  for (const { name, pixels, recipe } of pictures) {
    const [canvas, context] = canvasOf(pixels.side, pixels.side);
    context.putImageData(new ImageData(pixels.rgba, pixels.side), 0, 0);
    const png = await encode(canvas, recipe);
    if (pictures.length === 1) return png;
    // PNGs are packed already
    files[name] = [png, { level: 0 }];
  }
  return zipSync(files) as Uint8Array<ArrayBuffer>;
}

async function encodeGrid(grid: ExportedGrid): Promise<Uint8Array<ArrayBuffer>> {
  const [, ruler] = canvasOf(1, 1);
  const widthIn =
    (font: string) =>
    (text: string): number => {
      ruler.font = font;
      return ruler.measureText(text).width;
    };
  const layout = layoutGrid(grid, { head: widthIn(HEAD_FONT), prompt: widthIn(PROMPT_FONT) });
  if (layout === null) throw new Error("The grid is larger than one picture can be: show fewer prompts or models.");
  const { width, height, cell, left, top, heads, labels, multiple } = layout;
  const [canvas, context] = canvasOf(width, height);
  context.fillStyle = PAPER;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "top";
  context.fillStyle = INK;
  context.font = HEAD_FONT;
  for (const [at, lines] of heads.entries())
    for (const [line, text] of lines.entries())
      context.fillText(text, left + at * (cell + GAP), GAP + line * HEAD_LINE);
  context.imageSmoothingEnabled = multiple < HARD;
  for (const [row, lines] of labels.entries()) {
    const y = top + row * (cell + GAP);
    context.fillStyle = INK;
    context.font = PROMPT_FONT;
    for (const [line, text] of lines.entries()) context.fillText(text, GAP, y + line * PROMPT_LINE, LABEL_WIDTH);
    context.fillStyle = INK_3;
    context.font = SMALL_FONT;
    context.fillText(`seed ${grid.rows[row]?.seed}`, GAP, y + lines.length * PROMPT_LINE + 2);
    for (let column = 0; column < heads.length; column++) {
      const pixels = grid.cells[row * heads.length + column];
      const x = left + column * (cell + GAP);
      if (pixels) context.drawImage(await bitmapOf(pixels), x, y, cell, cell);
      else {
        context.fillStyle = SUNK;
        context.fillRect(x, y, cell, cell);
      }
    }
  }
  return encode(canvas, grid.recipe);
}

const bitmapOf = ({ rgba, side }: Pixels): Promise<ImageBitmap> => createImageBitmap(new ImageData(rgba, side));

function canvasOf(width: number, height: number): readonly [OffscreenCanvas, OffscreenCanvasRenderingContext2D] {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("The browser has no room for a picture of this size.");
  return [canvas, context];
}

async function encode(canvas: OffscreenCanvas, recipe: Recipe): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return withText(new Uint8Array(await blob.arrayBuffer()), "parameters", parametersText(recipe));
}
