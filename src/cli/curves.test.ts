import { expect, test } from "vitest";
import { curves } from "./curves.ts";

test("a panel a part, each line at its height on a logarithmic scale, parts without a line left out", () => {
  const log = [1, 0.1, 0.01].map((loss, i) => ({ step: 10 * i, loss, seconds: i }));
  const svg = curves({ autoencoder: log, captioned: [] });
  expect(svg).toContain('viewBox="0 0 640 200"');
  expect(svg).toContain('d="M56.0 28.0L340.0 100.0L624.0 172.0"');
  for (const mark of ["1", "0.5", "0.2", "0.1", "0.01"]) expect(svg).toContain(`>${mark}</text>`);
  expect(svg).toContain("20 steps");
});
