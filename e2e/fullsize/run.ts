import { judgeByGoldens, playOnNode } from "./check.ts";
import { writeFiles } from "./files.ts";
const tell = (line: string) => process.stdout.write(`${line}\n`);
let t = performance.now();
await writeFiles(tell);
tell(`files: ${((performance.now() - t) / 1000).toFixed(1)} s`);
const node = await playOnNode(tell);
for (const v of await judgeByGoldens(node)) tell(`${v.share <= 1 ? "ok  " : "FAIL"} ${v.share.toFixed(3)} ${v.what}: ${v.seen}`);
tell(JSON.stringify({ ...node, values: 0, gradients: 0 }, null, 1));
