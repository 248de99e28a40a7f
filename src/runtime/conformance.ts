/**
 * @file What every backend must do, as checks that need no test runner: the same list runs in Node and in the page's worker.
 * The programs are tiny and committed (e2e/goldens/runtime); expectations are computed here, in plain loops.
 */
import type { TensorData, TensorType } from "../lib/tensor.ts";
import { emptyOf, sizeOf } from "../lib/tensor.ts";
import type { Binding, Session } from "./backend.ts";
import type { Bench, Check } from "./conformance-bench.ts";
import { checkExecutor } from "./conformance-executor.ts";
import { close, equal, float32, refuses } from "./expect.ts";

/** Numbers without a pattern, the same everywhere: a linear congruential generator into [-1, 1). */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** x [M, K], w [N, K], b [N] -> x w' + b */
function gemm(x: Float32Array, w: Float32Array, b: Float32Array, k: number): Float32Array {
  const n = b.length;
  return Float32Array.from({ length: (x.length / k) * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    let sum = b[column] as number;
    for (let j = 0; j < k; j++) sum += (x[row * k + j] as number) * (w[column * k + j] as number);
    return sum;
  });
}

/** x [1, C, H, W], w [O, C, 3, 3], padding 1 */
function conv(x: Float32Array, w: Float32Array, b: Float32Array, c: number, h: number): Float32Array {
  return Float32Array.from({ length: b.length * h * h }, (_, i) => {
    const [o, row, column] = [Math.floor(i / (h * h)), Math.floor(i / h) % h, i % h];
    let sum = b[o] as number;
    for (let ci = 0; ci < c; ci++)
      for (let ky = 0; ky < 3; ky++)
        for (let kx = 0; kx < 3; kx++) {
          const [y, z] = [row + ky - 1, column + kx - 1];
          if (y < 0 || z < 0 || y >= h || z >= h) continue;
          sum += (x[(ci * h + y) * h + z] as number) * (w[((o * c + ci) * 3 + ky) * 3 + kx] as number);
        }
    return sum;
  });
}

const filled = (type: TensorType, seed: number): Float32Array => numbers(sizeOf(type.shape), seed);
const five = float32(5);

const gemmTypes = { x: float32(4, 8), w: float32(3, 8), b: float32(3), y: float32(4, 3) };
const blockTypes = {
  x: float32(16, 64),
  w1: float32(96, 64),
  gamma: float32(96),
  beta: float32(96),
  w2: float32(48, 96),
};

async function block(bench: Bench): Promise<{ session: Session; inputs: Record<string, Binding>; y: Binding }> {
  const session = await bench.session("block");
  const inputs: Record<string, Binding> = {};
  let seed = 1;
  for (const [port, type] of Object.entries(blockTypes)) inputs[port] = await bench.put(type, filled(type, seed++));
  return { session, inputs, y: bench.room(float32(16, 48)) };
}

/** The total of `steps` additions of g, the two totals taking turns; calls are made at once, without waiting. */
async function accumulate(bench: Bench, steps: number, g: Float32Array): Promise<TensorData> {
  const session = await bench.session("accumulate");
  const inputs = { g: await bench.put(five, g), scale: await bench.put(float32(), Float32Array.of(0.5)) };
  const totals = [bench.room(five), bench.room(five)] as const;
  const runs: Promise<void>[] = [];
  for (let i = 0; i < steps; i++) {
    const [total, next] = i % 2 === 0 ? totals : [totals[1], totals[0]];
    runs.push(bench.backend.run(session, { ...inputs, total }, { next }));
  }
  await Promise.all(runs);
  return bench.backend.read(totals[steps % 2 === 0 ? 0 : 1]);
}

export const checks: readonly Check[] = [
  {
    name: "Gemm with weights as inputs",
    async run(bench) {
      const { x, w, b, y } = gemmTypes;
      const [dx, dw, db] = [filled(x, 1), filled(w, 2), filled(b, 3)];
      const inputs = { x: await bench.put(x, dx), w: await bench.put(w, dw), b: await bench.put(b, db) };
      const out = bench.room(y);
      await bench.backend.run(await bench.session("gemm"), inputs, { y: out });
      close(await bench.backend.read(out), gemm(dx, dw, db, 8), 1e-5);
    },
  },
  {
    name: "Conv, padded",
    async run(bench) {
      const types = { x: float32(1, 3, 6, 6), w: float32(4, 3, 3, 3), b: float32(4) };
      const [dx, dw, db] = [filled(types.x, 1), filled(types.w, 2), filled(types.b, 3)];
      const inputs = {
        x: await bench.put(types.x, dx),
        w: await bench.put(types.w, dw),
        b: await bench.put(types.b, db),
      };
      const out = bench.room(float32(1, 4, 6, 6));
      await bench.backend.run(await bench.session("conv"), inputs, { y: out });
      close(await bench.backend.read(out), conv(dx, dw, db, 3, 6), 1e-5);
    },
  },
  {
    name: "two outputs",
    async run(bench) {
      const [a, b] = [Float32Array.of(1, 2, 3, 4, 5), Float32Array.of(2, -1, 0.5, 8, 0)];
      const [sum, product] = [bench.room(five), bench.room(five)];
      const inputs = { a: await bench.put(five, a), b: await bench.put(five, b) };
      await bench.backend.run(await bench.session("two"), inputs, { product, sum });
      close(await bench.backend.read(sum), Float32Array.of(3, 1, 3.5, 12, 5), 0);
      close(await bench.backend.read(product), Float32Array.of(2, -2, 1.5, 32, 0), 0);
    },
  },
  {
    name: "a copy from buffer to buffer, into the beginning of a longer one",
    async run(bench) {
      const from = await bench.put(five, Float32Array.of(1, 2, 3, 4, 5));
      const six = await bench.put(float32(6), Float32Array.of(9, 9, 9, 9, 9, 9));
      await bench.backend.copy(from, six.buffer);
      close(await bench.backend.read(six), Float32Array.of(1, 2, 3, 4, 5, 9), 0);
      await refuses(() => bench.backend.copy(six, from.buffer), /24 bytes do not go from/);
    },
  },
  {
    name: "one buffer as two inputs",
    async run(bench) {
      const a = await bench.put(five, Float32Array.of(1, 2, 3, 4, 5));
      const [sum, product] = [bench.room(five), bench.room(five)];
      await bench.backend.run(await bench.session("two"), { a, b: a }, { product, sum });
      close(await bench.backend.read(product), Float32Array.of(1, 4, 9, 16, 25), 0);
    },
  },
  {
    name: "a weight stored in float16",
    float16: true,
    async run(bench) {
      // Halves of +-k/4, k < 16: 0x3c00 is 1, 0xbc00 is -1, 0x3800 is 0.5, 0x0001 is 2^-24.
      const bits = Uint16Array.from({ length: 24 }, (_, i) => [0x3c00, 0xbc00, 0x3800, 0x0001][i % 4] as number);
      const values = Float32Array.from({ length: 24 }, (_, i) => [1, -1, 0.5, 2 ** -24][i % 4] as number);
      const x = filled(float32(2, 8), 7);
      const inputs = {
        x: await bench.put(float32(2, 8), x),
        w: await bench.put({ dtype: "float16", shape: [3, 8] }, bits),
      };
      const y = bench.room(float32(2, 3));
      await bench.backend.run(await bench.session("half"), inputs, { y });
      close(await bench.backend.read(y), gemm(x, values, new Float32Array(3), 8), 1e-5);
    },
  },
  {
    name: "an output in float16, of an odd number of elements",
    float16: true,
    async run(bench) {
      const x = await bench.put(float32(7), Float32Array.of(0, 1, -2, 0.5, 65504, 1 + 2 ** -11, -0.25));
      const y = bench.room({ dtype: "float16", shape: [7] });
      await bench.backend.run(await bench.session("to_half"), { x }, { y });
      const bits = await bench.backend.read(y);
      equal(bits instanceof Uint16Array, true, "float16 is read as a Uint16Array");
      close(bits, Uint16Array.of(0, 0x3c00, 0xc000, 0x3800, 0x7bff, 0x3c00, 0xb400), 0);
    },
  },
  {
    name: "int64 indices and a bool mask",
    async run(bench) {
      const table = Float32Array.from({ length: 20 }, (_, i) => i);
      const inputs = {
        table: await bench.put(float32(5, 4), table),
        ids: await bench.put({ dtype: "int64", shape: [3] }, BigInt64Array.of(4n, 0n, 2n)),
        keep: await bench.put({ dtype: "bool", shape: [3, 1] }, Uint8Array.of(1, 0, 1)),
        zero: await bench.put(float32(), Float32Array.of(-1)),
      };
      const y = bench.room(float32(3, 4));
      await bench.backend.run(await bench.session("pick"), inputs, { y });
      close(await bench.backend.read(y), Float32Array.of(16, 17, 18, 19, -1, -1, -1, -1, 8, 9, 10, 11), 0);
    },
  },
  {
    name: "buffers larger than their tensors: from the next 16 bytes on the rest is left alone",
    async run(bench) {
      const [a, b] = [Float32Array.of(1, 2, 3, 4, 5, 99), Float32Array.of(1, 1, 1, 1, 1, 99)];
      const inputs = { a: await bench.put(five, a, 400), b: await bench.put(five, b, 4) };
      const [sum, product] = [bench.room(five, 300), bench.room(five)];
      const whole = { buffer: sum.buffer, type: float32(80) };
      await bench.backend.write(sum.buffer, new Float32Array(80).fill(-7));
      await bench.backend.run(await bench.session("two"), inputs, { sum, product });
      const after = await bench.backend.read(whole);
      close(after.subarray(0, 5) as Float32Array, Float32Array.of(2, 3, 4, 5, 6), 0);
      // WebGPU's kernels store four numbers at a time: the last group may be filled up with anything.
      close(after.subarray(8) as Float32Array, new Float32Array(72).fill(-7), 0);
    },
  },
  {
    name: "what does not fit is refused, and the next run is right",
    async run(bench) {
      const session = await bench.session("two");
      const a = await bench.put(five, Float32Array.of(1, 2, 3, 4, 5));
      const [sum, product] = [bench.room(five), bench.room(five)];
      const small: Binding = { buffer: bench.room(float32(4)).buffer, type: five };
      const run = (inputs: Record<string, Binding>, outputs: Record<string, Binding>) =>
        bench.backend.run(session, inputs, outputs);
      await refuses(() => run({ a, b: small }, { sum, product }), /needs 20 bytes.*has 16/);
      await refuses(() => run({ a, b: a }, { sum: small, product }), /needs 20 bytes.*has 16/);
      await refuses(
        () => run({ a, b: { ...a, type: float32(1, 5) } }, { sum, product }),
        /is float32\[5\], but was given/,
      );
      await refuses(() => run({ a }, { sum, product }), /was not given its input "b"/);
      await refuses(() => run({ a, b: a }, { sum }), /was not given its output "product"/);
      await refuses(() => run({ a, b: a, c: a }, { sum, product }), /has no input "c"/);
      await refuses(() => run({ a, b: a }, { sum: a, product }), /also its/);
      await refuses(() => run({ a, b: a }, { sum, product: sum }), /also its/);
      await refuses(() => bench.backend.write(a.buffer, new Float32Array(6)), /do not go into/);
      await refuses(() => bench.backend.write(a.buffer, new Float32Array(1), 20), /do not go into/);
      await run({ a, b: a }, { sum, product });
      close(await bench.backend.read(sum), Float32Array.of(2, 4, 6, 8, 10), 0);
    },
  },
  {
    name: "a freed buffer is refused",
    async run(bench) {
      const buffer = bench.backend.allocate(64, "slot:gone");
      const before = bench.backend.ledger.live;
      const written = bench.backend.write(buffer, new Float32Array(16));
      bench.backend.free(buffer);
      await written;
      await refuses(() => bench.backend.read({ buffer, type: float32(4) }), /not a live buffer/);
      await refuses(async () => bench.backend.free(buffer), /not a live buffer/);
      equal(bench.backend.ledger.live, before - 64, "live bytes after free");
    },
  },
  {
    name: "runs happen in the order they are called",
    async run(bench) {
      close(
        await accumulate(bench, 51, Float32Array.of(1, 2, 3, 4, 5)),
        Float32Array.of(25.5, 51, 76.5, 102, 127.5),
        0,
      );
    },
  },
  {
    name: "compiling, running and reading at once",
    async run(bench) {
      const [a, b] = await Promise.all([
        accumulate(bench, 20, new Float32Array(5).fill(1)),
        accumulate(bench, 31, new Float32Array(5).fill(2)),
      ]);
      close(a, new Float32Array(5).fill(10), 0);
      close(b, new Float32Array(5).fill(31), 0);
    },
  },
  {
    name: "what was written is read; at an offset too, and after a run",
    async run(bench) {
      const type = float32(10);
      const x = await bench.put(type, filled(type, 1), 24);
      await bench.backend.write(x.buffer, Float32Array.of(1, 2, 3), 8);
      const expected = filled(type, 1);
      expected.set([1, 2, 3], 2);
      close(await bench.backend.read(x), expected, 0);
      // A view into the middle of an array, at an address that no vector load likes.
      const shifted = new Uint8Array(13).subarray(5).fill(3);
      await bench.backend.write(x.buffer, shifted, 4);
      const bytes = new Uint8Array(expected.buffer).fill(3, 4, 12);
      close(await bench.backend.read({ buffer: x.buffer, type: { dtype: "bool", shape: [40] } }), bytes, 0);
    },
  },
  {
    name: "bits survive: NaN with its payload, negative zero, the smallest subnormal",
    async run(bench) {
      const bits = Int32Array.of(0x7fc12345, -0x80000000, 1, 0x7f800001, -1);
      const x = await bench.put({ dtype: "int32", shape: [5] }, bits);
      close(await bench.backend.read(x), bits, 0);
    },
  },
  {
    name: "a new buffer is zero, and clear makes it so again",
    async run(bench) {
      const x = bench.room(float32(33));
      close(await bench.backend.read(x), new Float32Array(33), 0);
      await bench.backend.write(x.buffer, new Float32Array(33).fill(5));
      await bench.backend.clear(x.buffer);
      close(await bench.backend.read(x), new Float32Array(33), 0);
    },
  },
  {
    name: "an odd number of bytes",
    async run(bench) {
      const type: TensorType = { dtype: "bool", shape: [5] };
      const x = await bench.put(type, Uint8Array.of(1, 0, 1, 1, 0));
      close(await bench.backend.read(x), Uint8Array.of(1, 0, 1, 1, 0), 0);
      equal(emptyOf(type).constructor, Uint8Array, "bool is a Uint8Array");
    },
  },
  {
    name: "the ledger is flat over 100 runs",
    async run(bench) {
      const { session, inputs, y } = await block(bench);
      await bench.backend.run(session, inputs, { y });
      await bench.backend.read(y);
      const after1 = bench.backend.ledger.live;
      for (let i = 0; i < 99; i++) await bench.backend.run(session, inputs, { y });
      await bench.backend.read(y);
      equal(bench.backend.ledger.live, after1, "live bytes after 100 runs");
    },
  },
  {
    name: "the same step twice gives the same bits, in a new session too",
    async run(bench) {
      const { session, inputs, y } = await block(bench);
      const results: TensorData[] = [];
      for (const one of [session, session, await bench.session("block")]) {
        await bench.backend.clear(y.buffer);
        await bench.backend.run(one, inputs, { y });
        results.push(await bench.backend.read(y));
      }
      const [first, second, third] = results as [TensorData, TensorData, TensorData];
      equal(
        (first as Float32Array).some((value) => value !== 0),
        true,
        "there is something to compare",
      );
      close(second, first, 0);
      close(third, first, 0);
    },
  },
  { name: "plans: adapters, saved tensors, gradients that change places", run: checkExecutor },
  {
    name: "a broken program is refused, and the backend goes on",
    keepsScratch: true,
    async run(bench) {
      const bytes = (await bench.programs("gemm")).slice(0, 60);
      await refuses(
        () => bench.backend.compile("broken", bytes),
        /The runtime refused the program "broken"/,
        "program",
      );
      close(await accumulate(bench, 1, Float32Array.of(2, 4, 6, 8, 10)), Float32Array.of(1, 2, 3, 4, 5), 0);
    },
  },
];
