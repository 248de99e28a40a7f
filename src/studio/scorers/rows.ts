/** @file Many rows through a network that takes a fixed number of them at a time. */

/**
 * `run` gets `batch` rows of `width` numbers each, the last ones filled up with zeros.
 * @returns of each row what `run` gave for it
 */
export async function inBatches(
  rows: readonly Float32Array[],
  batch: number,
  run: (data: Float32Array) => Promise<Float32Array>,
): Promise<readonly Float32Array[]> {
  const found: Float32Array[] = [];
  for (let start = 0; start < rows.length; start += batch) {
    const some = rows.slice(start, start + batch);
    const width = some[0]?.length ?? 0;
    const data = new Float32Array(batch * width);
    for (const [i, row] of some.entries()) data.set(row, i * width);
    const out = await run(data);
    const each = out.length / batch;
    for (const i of some.keys()) found.push(out.slice(i * each, (i + 1) * each));
  }
  return found;
}
