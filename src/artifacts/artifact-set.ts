/**
 * @file An artifact set on disk: `artifact.json` (configuration, plans, layout, a sha256 for every program) and
 * `programs/<hash>.onnx`. Weights are not part of it. Nothing in it assumes a browser.
 */
import { StudioError } from "../lib/errors.ts";
import type { Compiled } from "../plan/builder.ts";
import type { PlanSet, ProgramSpec } from "../plan/types.ts";
import type { FileSystem } from "./model-folder.ts";
import { readWhole } from "./random-access.ts";
import { sha256 } from "../lib/sha256.ts";

export const ARTIFACT_SCHEMA = 1;

/** What a set was made for; changing one of these is another set. */
export interface ArtifactChoices {
  /** the model's config.json files as diffusers wrote them */
  readonly configs: Readonly<Record<string, unknown>>;
  readonly height: number;
  readonly width: number;
  readonly samples: number;
  readonly drawSamples: number;
  readonly tokens: number;
  readonly train: "full" | "lora";
  readonly rank: number;
  readonly alpha: number;
  readonly targets: string;
  readonly cut: "whole" | "stage" | "block";
  readonly weights: "float32" | "float16";
  /** arithmetic of pictures; none: float32 */
  readonly drawing?: "float32" | "float16";
  /** where AdamW runs; none: on the host */
  readonly optimizer?: "device";
  /** latents along the side of a tile of the VAE; none: pictures pass it whole */
  readonly vaeTile?: number | null;
}

export interface Artifact {
  readonly schema: number;
  readonly generator: string;
  readonly choices: ArtifactChoices;
  readonly set: PlanSet;
}

export interface ArtifactSet {
  readonly artifact: Artifact;
  /** The checked bytes of a program. @throws StudioError `artifact` when they are not what the set was made with. */
  loadProgram(name: string, spec: ProgramSpec): Promise<Uint8Array>;
}

export interface BuiltSet extends ArtifactSet {
  /** path -> contents, `artifact.json` among them */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Names every program by the hash of its bytes. */
export async function buildArtifactSet(compiled: Compiled, choices: ArtifactChoices): Promise<BuiltSet> {
  const files = new Map<string, Uint8Array>();
  const programs: Record<string, ProgramSpec> = {};
  for (const { name, onnx, spec } of compiled.programs) {
    const hash = await sha256(onnx);
    programs[name] = { hash, ...spec };
    files.set(`programs/${hash}.onnx`, onnx);
  }
  const artifact: Artifact = {
    schema: ARTIFACT_SCHEMA,
    generator: "spin-studio",
    choices,
    set: { ...compiled.set, programs },
  };
  files.set("artifact.json", new TextEncoder().encode(`${JSON.stringify(artifact)}\n`));
  return { artifact, files, loadProgram: async (_name, spec) => files.get(`programs/${spec.hash}.onnx`) as Uint8Array };
}

/** @throws StudioError `artifact` naming the file and what was expected. */
export async function openArtifactSet(fs: FileSystem): Promise<ArtifactSet> {
  const paths = new Set(await fs.list());
  const file = async (path: string): Promise<Uint8Array> => {
    if (!paths.has(path))
      throw new StudioError("artifact", `The artifact set has no ${path}; make it again with \`studio artifacts\`.`);
    return readWhole(await fs.open(path));
  };
  const artifact = parseArtifact(new TextDecoder().decode(await file("artifact.json")));
  return {
    artifact,
    loadProgram: async (name, spec) => {
      const path = `programs/${spec.hash}.onnx`;
      const onnx = await file(path);
      if ((await sha256(onnx)) !== spec.hash)
        throw new StudioError(
          "artifact",
          `${path} (${name}) is not the file that the set was made with: its sha256 differs.`,
        );
      return onnx;
    },
  };
}

function parseArtifact(text: string): Artifact {
  const refuse = (why: string): never => {
    throw new StudioError("artifact", `artifact.json ${why}.`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("is not JSON");
  }
  const artifact = value as Partial<Artifact> | null;
  if (typeof artifact !== "object" || artifact === null) return refuse("is not an object");
  if (artifact.schema !== ARTIFACT_SCHEMA)
    return refuse(`has schema ${String(artifact.schema)}, expected ${ARTIFACT_SCHEMA}`);
  const set = artifact.set as Partial<PlanSet> | undefined;
  const whole =
    set &&
    [set.tensors, set.slots, set.programs, set.plans, set.groups, set.bytes].every(
      (part) => typeof part === "object" && part !== null,
    ) &&
    Array.isArray(set.layout);
  if (!whole || typeof artifact.choices !== "object") return refuse("lacks its plans");
  for (const [name, spec] of Object.entries(set.programs as PlanSet["programs"])) {
    if (!/^[0-9a-f]{64}$/.test(spec.hash)) return refuse(`has no sha256 for the program ${name}`);
  }
  return artifact as Artifact;
}
