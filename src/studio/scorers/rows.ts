/** @file Many rows through a network that takes a fixed number of them at a time. */

/** A row's part of each input. */
export type Inputs = Readonly<Record<string, Float32Array>>;

/**
 * `run` gets `batch` rows, the last ones filled up with zeros.
 * @returns of each row what `run` gave for it
 */
export async function inBatches(
  rows: readonly Inputs[],
  batch: number,
  run: (inputs: Inputs) => Promise<Float32Array>,
): Promise<readonly Float32Array[]> {
  const found: Float32Array[] = [];
  for (let start = 0; start < rows.length; start += batch) {
    const some = rows.slice(start, start + batch);
    const out = await run(stacked(some, batch));
    const each = out.length / batch;
    for (const i of some.keys()) found.push(out.slice(i * each, (i + 1) * each));
  }
  return found;
}

function stacked(rows: readonly Inputs[], batch: number): Inputs {
  const names = Object.keys(rows[0] ?? {});
  const stack = (name: string): Float32Array => {
    const parts = rows.map((row) => row[name] ?? new Float32Array());
    const width = parts[0]?.length ?? 0;
    const data = new Float32Array(batch * width);
    for (const [i, part] of parts.entries()) data.set(part, i * width);
    return data;
  };
  return Object.fromEntries(names.map((name) => [name, stack(name)]));
}
