/** @file Tables of captions as they are written, and as they are broken. */
import { expect, test } from "vitest";
import { parseCsv, parseJsonLines, parseJsonList } from "./tables.ts";

const good = (where: string, fileName: string, caption: string, loser: string | null = null) => {
  return { where, fileName, caption, loser, fault: null };
};

test("csv: quotes, new lines in quotes, semicolons, other columns, a byte order mark's place, empty rows", () => {
  expect(parseCsv('split,file_name,text\n\ntrain,a.png,"a ""red"", round\ncircle"\r\ntrain,b.png,b\n')).toEqual([
    good("Row 2", "a.png", 'a "red", round\ncircle'),
    good("Row 3", "b.png", "b"),
  ]);
  expect(parseCsv("image;prompt\na.png;one\n")).toEqual([good("Row 2", "a.png", "one")]);
  expect(parseCsv("image;caption\n;one\nb.png\nc.png;\n").map(({ where, fault }) => `${where} ${fault}`)).toEqual([
    'Row 2 has no "file_name"',
    'Row 3 has no "text"',
    "Row 4 is of no use: The caption is empty",
  ]);
  expect(parseCsv('file_name,text\na.png,"never closed\n')[0]?.fault).toBe("has a quotation mark that is not closed");
  expect(() => parseCsv("name,text\na,b")).toThrow('The first line has no "file_name".');
  expect(() => parseCsv("")).toThrow("The file is empty.");
});

test("json: a list with either field's names", () => {
  const text = '[{"image":"a.png","prompt":"one"},{"file_name":"b.png","caption":"two"},{"image":1},7]';
  expect(parseJsonList(text)).toMatchObject([
    good("Entry 1", "a.png", "one"),
    good("Entry 2", "b.png", "two"),
    { where: "Entry 3", fault: 'has no "file_name"' },
    { where: "Entry 4", fault: 'has no "file_name"' },
  ]);
  expect(() => parseJsonList('{"a.png":"one"}')).toThrow("a list of pictures with captions was expected");
  expect(() => parseJsonList("[")).toThrow("The file is not JSON.");
});

test("a given loser is what a table names so, by either name, and none where the field is empty", () => {
  expect(parseCsv("file_name,text,loser\na.png,one,b.png\nc.png,two,\n")).toEqual([
    good("Row 2", "a.png", "one", "b.png"),
    good("Row 3", "c.png", "two"),
  ]);
  expect(parseJsonList('[{"image":"a.png","prompt":"one","rejected":"b.png"}]')).toEqual([
    good("Entry 1", "a.png", "one", "b.png"),
  ]);
});

test("csv as wide as a novel: two columns are looked at, whatever else there is", () => {
  const wide = "x,".repeat(200_000);
  const rows = parseCsv(`${wide}file_name,text\n${"short,row\n".repeat(5000)}${",".repeat(200_000)}a.png,one\n`);
  expect(rows).toHaveLength(5001);
  expect(rows[0]?.fault).toBe('has no "file_name"');
  expect(rows.at(-1)).toEqual(good("Row 5002", "a.png", "one"));
});

test("a formula is a caption like any other", () => {
  expect(parseCsv("file_name,text\na.png,=cmd|' /C calc'!A0\n")[0]).toEqual(
    good("Row 2", "a.png", "=cmd|' /C calc'!A0"),
  );
});

test("names that JSON inherits are not fields, and pollute nothing", () => {
  expect(parseJsonLines('{"__proto__":{"file_name":"a.png","text":"x"}}')[0]?.fault).toBe('has no "file_name"');
  expect(parseCsv("__proto__,file_name,text\nx,a.png,one")).toEqual([good("Row 2", "a.png", "one")]);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});
