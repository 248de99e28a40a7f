/** @file `studio inspect DIR`: what is in an artifact set, each program checked against its hash, and what it will need. */
import { openArtifactSet } from "../../artifacts/artifact-set.ts";
import { command } from "../command.ts";
import { folderFiles } from "../files.ts";
import { refuse } from "../options.ts";
import { predictedPeak } from "../../plan/peak.ts";
import { size, table } from "../table.ts";

export const inspect = command({
  name: "inspect",
  summary: "Lists an artifact set's programs, plans and bytes, and the peak that they predict.",
  positional: { placeholder: "DIR", help: "the artifact set" },
  options: {},
  run: async (_, folder) => {
    if (folder === "") refuse("inspect needs the folder of an artifact set, and DIR was expected.");
    const { artifact, loadProgram } = await openArtifactSet(folderFiles(folder));
    const { set, choices } = artifact;
    const programs = [];
    for (const [name, spec] of Object.entries(set.programs)) {
      const { length } = await loadProgram(name, spec);
      programs.push({
        name,
        file: `programs/${spec.hash}.onnx`,
        nodes: spec.nodes,
        bytes: length,
        scratch: spec.scratchBytes,
      });
    }
    const plans = Object.entries(set.plans).map(([name, { calls }]) => ({
      name,
      calls: calls.length,
      programs: new Set(calls.map(({ program }) => program)).size,
    }));
    const peak = predictedPeak(set.bytes);
    const { configs: _configs, ...made } = choices;
    const trained = set.layout.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const kinds = Object.entries(set.bytes).map(([kind, bytes]) => [kind, bytes, size(bytes)] as const);
    return {
      json: {
        choices: made,
        programs,
        plans,
        trained: { tensors: set.layout.length, numbers: trained },
        bytes: set.bytes,
        peak,
      },
      text: [
        `made for  ${Object.entries(made)
          .map(([key, value]) => `${key} ${value}`)
          .join(", ")}`,
        table(
          ["program", "nodes", "file bytes", "scratch bytes"],
          programs.map((p) => [p.name, p.nodes, p.bytes, p.scratch]),
        ),
        table(
          ["plan", "calls", "programs"],
          plans.map((p) => [p.name, p.calls, p.programs]),
        ),
        table(["kind", "bytes", ""], kinds),
        `trained   ${set.layout.length} tensors, ${trained} numbers`,
        `peak      ${peak} bytes, ${size(peak)}: weights + 2 trainable + gradients + slots + scratch`,
      ].join("\n\n"),
    };
  },
});
