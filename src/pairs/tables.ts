/**
 * @file Captions from tables that name their pictures: metadata.jsonl and metadata.csv as Hugging Face's imagefolder has them, and
 * a JSON list. A picture is named by `file_name` or `image`, its caption is `text`, `caption` or `prompt`, and a worse picture of the
 * same caption, where there is one, by `loser` or `rejected`.
 */
// @ts-expect-error its types need the DOM’s and Node’s, which this folder does without
import papaparse from "papaparse";
import { StudioError } from "../lib/errors.ts";
import { cleanCaption } from "./captions.ts";
import { refuse } from "./import-file.ts";

export interface TableRow {
  /** "Line 3": to stand before the fault */
  readonly where: string;
  /** the picture, relative to the folder of the table */
  readonly fileName: string;
  readonly caption: string;
  /** the picture that lost against it, named in the same way; null: none */
  readonly loser: string | null;
  /** what is wrong with the row, to stand after its number; null where nothing is */
  readonly fault: string | null;
}

const parseRows = papaparse.parse as (
  text: string,
  config: { readonly delimiter: string; readonly newline: string; readonly skipEmptyLines: "greedy" },
) => {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly { readonly type: string; readonly row?: number }[];
};

export const nameFields = ["file_name", "image"] as const;
export const captionFields = ["text", "caption", "prompt"] as const;
const loserFields = ["loser", "rejected"] as const;

/** `{"file_name": "a.png", "text": "a red circle"}` a line; empty lines are skipped. */
export function parseJsonLines(text: string): readonly TableRow[] {
  const rows: TableRow[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const where = `Line ${i + 1}`;
    const record = parseJson(line);
    rows.push(record === undefined ? faulty(where, "is not JSON") : rowOf(where, record));
  }
  return rows;
}

/** `[{"image": "a.png", "prompt": "a red circle"}]` @throws StudioError `pair` where it is no list of objects. */
export function parseJsonList(text: string): readonly TableRow[] {
  const list = parseJson(text);
  if (list === undefined) refuse("The file is not JSON.");
  if (!Array.isArray(list)) refuse("The file is JSON, and a list of pictures with captions was expected.");
  return list.map((record, i) => rowOf(`Entry ${i + 1}`, record));
}

/** A first line of names, then one picture a row; comma, semicolon or tab, quotes as in RFC 4180. */
export function parseCsv(text: string): readonly TableRow[] {
  const lines = text.replaceAll("\r\n", "\n");
  const first = lines.slice(0, lines.indexOf("\n"));
  const delimiter = [",", ";", "\t"].find((mark) => first.includes(mark)) ?? ",";
  const { data, errors } = parseRows(lines, { delimiter, newline: "\n", skipEmptyLines: "greedy" });
  const [header, ...rows] = data;
  if (!header) refuse("The file is empty.");
  const names = header.map((name) => name.trim());
  // only these columns are looked at, however many there are
  const columns = [nameFields, captionFields].map((fields): readonly [string, number] => {
    const field = fields.find((name) => names.includes(name)) ?? refuse(`The first line has no "${fields[0]}".`);
    return [field, names.indexOf(field)];
  });
  const loser = loserFields.find((name) => names.includes(name));
  if (loser !== undefined) columns.push([loser, names.indexOf(loser)]);
  const quotes = new Set(errors.flatMap(({ type, row }) => (type === "Quotes" && row !== undefined ? [row] : [])));
  return rows.map((cells, i) => {
    const where = `Row ${i + 2}`;
    if (quotes.has(i + 1)) return faulty(where, "has a quotation mark that is not closed");
    return rowOf(where, Object.fromEntries(columns.map(([name, at]) => [name, cells[at]])));
  });
}

/** The first of the fields that is there; never what is inherited. */
export function fieldOf(record: unknown, fields: readonly string[]): unknown {
  if (typeof record !== "object" || record === null) return undefined;
  const field = fields.find((name) => Object.hasOwn(record, name));
  return field === undefined ? undefined : (record as Record<string, unknown>)[field];
}

export function rowOf(where: string, record: unknown): TableRow {
  const fileName = fieldOf(record, nameFields);
  const caption = fieldOf(record, captionFields);
  if (typeof fileName !== "string" || fileName === "") return faulty(where, 'has no "file_name"');
  if (typeof caption !== "string") return faulty(where, 'has no "text"');
  try {
    const loser = fieldOf(record, loserFields);
    return {
      where,
      fileName,
      caption: cleanCaption(caption),
      loser: typeof loser === "string" && loser !== "" ? loser : null,
      fault: null,
    };
  } catch (error) {
    if (error instanceof StudioError) return faulty(where, `is of no use: ${error.message.replace(/\.$/, "")}`);
    throw error;
  }
}

export function faulty(where: string, fault: string): TableRow {
  return { where, fileName: "", caption: "", loser: null, fault };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
