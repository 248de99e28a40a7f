import { expect, test } from "vitest";
import { isElsewhere } from "./bytes-sent.ts";

test("another host or port is elsewhere; blobs, data and the page itself are not", () => {
  const here = "http://localhost:4173";
  expect(isElsewhere("http://localhost:4173/pocket/unet.json", here)).toBe(false);
  expect(isElsewhere("blob:http://localhost:4173/1", here)).toBe(false);
  expect(isElsewhere("data:image/png;base64,AA", here)).toBe(false);
  expect(isElsewhere("http://localhost:4174/", here)).toBe(true);
  expect(isElsewhere("https://example.org/x.js", here)).toBe(true);
});
