/** @file What a stranger who clones this repository relies on: nothing of our machines in it, and nothing unexpected behind it. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const tracked = () =>
  execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 })
    .split("\0")
    .filter((file) => file && existsSync(path.join(root, file)));

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
}
const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, LockedPackage> };
const packages = Object.entries(lock.packages).filter(([place]) => place !== "");
const nameOf = (place: string) => place.replace(/^.*node_modules\//, "");

// put together here, so that this file does not find itself
const elsewhere = ["work", "opt", "root", "home/\\w+", "tmp/bash"].map((folder) => `(?<![\\w.~$}])/${folder}/`);
const registries = ["registry npmjs", "registry yarnpkg", "files pythonhosted"].map((host) => host.replace(" ", "\\."));
const forbidden = new RegExp([...elsewhere, ...registries].join("|"));

test("the pattern finds what it is for, and leaves addresses and relative paths alone", () => {
  const [slash, dot] = ["/", "."];
  for (const bad of [
    `"${slash}work/x"`,
    `(${slash}opt/y`,
    `https://registry${dot}npmjs${dot}org/x`,
    `${slash}home/me/x`,
  ])
    expect(bad).toMatch(forbidden);
  for (const good of ["./work/x", "art/work/x", "https://example.com/home/", "/options", "network/opt/"])
    expect(good).not.toMatch(forbidden);
});

test("no tracked file names a path of a machine or the host of a registry", () => {
  const found = tracked().flatMap((file) => {
    const match = forbidden.exec(readFileSync(path.join(root, file), "latin1"));
    return match ? [`${file}: ${match[0]}`] : [];
  });
  expect(found).toEqual([]);
});

test("no tracked file is what a build or a run leaves behind", () => {
  const left = /(^|\/)(node_modules|dist|\.cache|test-results|__pycache__|runs)\/|\.tsbuildinfo$|\.pyc$|\.log$/;
  expect(tracked().filter((file) => left.test(file))).toEqual([]);
});

test("versions are exact, and the lock does not say where packages came from", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const inexact = Object.entries({ ...dependencies, ...devDependencies }).filter(([, v]) => !/^\d+\.\d+\.\d+$/.test(v));
  expect(inexact).toEqual([]);
  expect(packages.filter(([, { resolved }]) => resolved).map(([place]) => place)).toEqual([]);
});

test("no package runs a script when it is installed", () => {
  expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m);
  // these would, and do without
  const would = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => nameOf(place));
  const known = ["esbuild", "fsevents", "onnxruntime-node", "protobufjs"];
  expect(would.filter((name) => !known.includes(name))).toEqual([]);
});

test("what the page is made of has a permissive licence", () => {
  const allowed = new Set(["MIT", "Apache-2.0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause"]);
  const shipped = packages.filter(
    ([place, { dev, devOptional }]) => !dev && !devOptional && existsSync(path.join(root, place)),
  );
  expect(shipped.length).toBeGreaterThan(10);
  const licences = shipped.map(([place]) => {
    const { license } = JSON.parse(read(`${place}/package.json`)) as { license?: string };
    return [nameOf(place), license ?? "none"] as const;
  });
  expect(licences.filter(([, licence]) => !allowed.has(licence))).toEqual([]);
});
