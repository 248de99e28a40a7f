/** @file A decoded picture: four bytes a pixel, rows from the top. */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** red, green, blue, alpha; colours not multiplied by alpha */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}
