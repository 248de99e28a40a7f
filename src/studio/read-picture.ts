/** @file A picture file to the model's square, by the browser's own decoder: turned as its EXIF data says, cropped, resized. */
import { StudioError } from "../lib/errors.ts";
import { type Box, centreBox, cropResize } from "../pairs/crop.ts";

export interface ReadPicture {
  /** of the whole picture, as it is looked at */
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

const patience = 10_000;

/** @param box null: the largest square in the middle; a project's file may ask for any. @throws StudioError `image` */
export async function readPicture(file: Blob, side: number, box: Box | null): Promise<ReadPicture> {
  const bitmap = await decode(file);
  try {
    const { width, height } = bitmap;
    const { x, y, size } = box ?? centreBox(bitmap);
    const whole = [x, y, size].every(Number.isSafeInteger);
    if (!whole || x < 0 || y < 0 || size < 1 || x + size > width || y + size > height)
      throw new StudioError("image", `The square to cut out does not lie in the picture of ${width} × ${height} px.`);
    const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
    if (context === null) throw new StudioError("image", "This browser gives no canvas to read the picture with.");
    context.drawImage(bitmap, -x, -y);
    const rgba = context.getImageData(0, 0, size, size).data;
    return { width, height, rgba: cropResize({ width: size, height: size, rgba }, side) };
  } finally {
    bitmap.close();
  }
}

/** A decoder that hangs is not waited for. */
async function decode(file: Blob): Promise<ImageBitmap> {
  let timer = 0;
  let givenUp = false;
  const late = new Promise<never>((_, reject) => {
    const error = new StudioError("image", "The file took more than 10 s to open and was given up.");
    timer = self.setTimeout(() => {
      givenUp = true;
      reject(error);
    }, patience);
  });
  const bitmap = createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "none" }).then(
    (opened) => {
      if (givenUp) opened.close();
      return opened;
    },
    () => {
      throw new StudioError("image", "This browser cannot open the file. Save it as JPEG or PNG.");
    },
  );
  try {
    return await Promise.race([bitmap, late]);
  } finally {
    self.clearTimeout(timer);
  }
}
