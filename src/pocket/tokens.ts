/**
 * @file The rows of CLIP's token table that pocket's captions reach.
 *
 * The table has 49,408 rows; training touches these 26. All others are written as copies of row `endOfText`, which is CLIP's
 * unknown and padding token too: a word that pocket never met then reads like the padding that it met at every place.
 */

export const startOfText = 49406;
export const endOfText = 49407;

/** Token id of each word (CLIP's `word</w>`) and mark, as CLIP's own vocabulary has them. */
export const tokenIds: { readonly [word: string]: number } = {
  a: 320,
  red: 736,
  yellow: 4481,
  green: 1901,
  blue: 1746,
  purple: 5496,
  white: 1579,
  circle: 7117,
  square: 3999,
  triangle: 14615,
  star: 1565,
  heart: 1936,
  beside: 13519,
  and: 537,
  one: 637,
  over: 962,
  the: 518,
  other: 1010,
  by: 638,
  at: 536,
  day: 575,
  sunset: 3424,
  night: 930,
  ",": 267,
};

/** Every row that training reaches, ascending. */
export const reachedRows: readonly number[] = [...Object.values(tokenIds), startOfText, endOfText].sort(
  (a, b) => a - b,
);
