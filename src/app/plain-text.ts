/** @file Names and captions of others, to be read: what would turn or hide text is spelled out, what is long is cut. */

const mostShown = 200;

/** Control characters, marks that turn the direction of text, and those without width, as "[U+202E]". */
export function plainText(text: string, most = mostShown): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replaceAll(/[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, (mark) =>
    /[\t\r\n]/.test(mark) ? " " : `[U+${mark.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}

/** "cats/a_red-circle_001.png" -> "a red circle": numbers at either end are a camera's, unless there is nothing else. */
export function captionFromName(path: string): string {
  const stem = path.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
  const words = stem.replaceAll(/[_\-.\s]+/g, " ").trim();
  const bare = words.replaceAll(/^(\d+ )+|( \d+)+$/g, "").trim();
  return bare === "" || /^(img|dscn?|pxl|image|photo|picture|screenshot|pasted)$/i.test(bare) ? words : bare;
}
