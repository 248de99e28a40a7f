import { expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { parseAddress } from "./address.ts";
import { HUB_SOURCES, isHubs } from "./hosts.ts";

const COMMIT = "39593d5650112b4cc580433f6b0435385882d819";

test("names and addresses of a model, of a revision, of a folder and of a file", () => {
  const known: Record<string, readonly [string, string, string]> = {
    "ann/model": ["ann/model", "main", ""],
    "  ann/model-v1.5_x  ": ["ann/model-v1.5_x", "main", ""],
    "ann/model@fp16": ["ann/model", "fp16", ""],
    [`ann/model@${COMMIT}`]: ["ann/model", COMMIT, ""],
    "ann/model@refs/pr/1": ["ann/model", "refs/pr/1", ""],
    "ann/model/v2/x.safetensors": ["ann/model", "main", "v2/x.safetensors"],
    "ann/model/x.safetensors@v2": ["ann/model", "v2", "x.safetensors"],
    "https://huggingface.co/ann/model": ["ann/model", "main", ""],
    "http://huggingface.co/ann/model/": ["ann/model", "main", ""],
    "huggingface.co/ann/model@fp16": ["ann/model", "fp16", ""],
    "hf.co/ann/model": ["ann/model", "main", ""],
    "https://huggingface.co/ann/model/tree/main": ["ann/model", "main", ""],
    "https://huggingface.co/ann/model/tree/fp16/inner/one": ["ann/model", "fp16", "inner/one"],
    "https://huggingface.co/ann/model/tree/refs%2Fpr%2F3": ["ann/model", "refs/pr/3", ""],
    "https://huggingface.co/ann/model/tree/refs/pr/3/inner": ["ann/model", "refs/pr/3", "inner"],
    "https://huggingface.co/ann/model/blob/main/a%20b.safetensors#x": ["ann/model", "main", "a b.safetensors"],
    [`https://huggingface.co/ann/model/resolve/${COMMIT}/x.safetensors?download=true`]: [
      "ann/model",
      COMMIT,
      "x.safetensors",
    ],
  };
  for (const [typed, [repo, revision, path]] of Object.entries(known))
    expect([typed, parseAddress(typed)]).toEqual([typed, { repo, revision, path }]);
});

test("everything else is refused in words, and nothing in it leads elsewhere", () => {
  const refused = [
    "",
    "model",
    "https://example.org/ann/model",
    "https://huggingface.co.example.org/ann/model",
    "https://ann@huggingface.co/ann/model",
    "ftp://huggingface.co/ann/model",
    "javascript:alert(1)",
    "https://huggingface.co/datasets/ann/pictures",
    "https://huggingface.co/spaces/ann/thing",
    "https://huggingface.co/ann/model/discussions/1",
    "../../api/whoami",
    "ann/..",
    "ann/model@../../x",
    "ann/model@",
    "ann/model/../x",
    "ann/model/a//b",
    "https://huggingface.co/ann/model/blob/main/%2e%2e/x",
    "https://huggingface.co/ann/model/blob/main/..%2f..%2fx",
    "ann/model name",
    "ann/model?x=1",
  ];
  const wordsOf = (typed: string): string => {
    try {
      return `taken: ${JSON.stringify(parseAddress(typed))}`;
    } catch (error) {
      return error instanceof StudioError ? error.message : `not ours: ${String(error)}`;
    }
  };
  for (const typed of refused) expect(`${typed}: ${wordsOf(typed)}`).toMatch(/: (Nothing was|“.*” is)/);
});

test("the policy names the hub's hosts, and what it lets through is what is trusted", () => {
  expect(HUB_SOURCES).toEqual(["https://huggingface.co", "https://*.hf.co"]);
  const hubs = ["https://huggingface.co/a", "https://us.aws.cdn.hf.co/x?y", "https://cas-bridge.xethub.hf.co/"];
  const others = [
    "http://huggingface.co/",
    "https://hf.co.example.org/",
    "https://evilhf.co/",
    "https://huggingface.co:8443/",
  ];
  expect(hubs.filter((url) => !isHubs(url))).toEqual([]);
  expect(others.filter(isHubs)).toEqual([]);
});
