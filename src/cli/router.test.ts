import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { command } from "./command.ts";
import { commands } from "./commands.ts";
import { flag, integer, number, oneOf, required, text } from "./options.ts";
import { main } from "./router.ts";

const seen: unknown[] = [];
const echo = command({
  name: "echo",
  summary: "Says it again.",
  positional: { placeholder: "TEXT", help: "what to say" },
  options: {
    who: required(text("NAME", "who says it")),
    times: integer("how often", { min: 1, max: 9 }, 1),
    scale: number("how loud", { min: 0 }),
    mood: oneOf(["glad", "sad"], "how it feels", "glad"),
    loud: flag("in capitals"),
  },
  run: async (options, positional, { progress }) => {
    progress("thinking");
    seen.push({ ...options, positional });
    return { text: "said", json: { said: positional }, ok: options.mood === "glad" };
  },
});
const fails = command({
  name: "fails",
  summary: "Fails.",
  options: {},
  run: () => Promise.reject(new Error("broken")),
});
const mends = command({
  name: "mends",
  summary: "Asks.",
  options: {},
  run: () => Promise.reject(new StudioError("x", "No.", "Try yes.")),
});

async function run(...argv: readonly string[]) {
  let [stdout, stderr] = ["", ""];
  const code = await main(argv, [echo, fails, mends], {
    stdout: (line) => (stdout += line),
    stderr: (line) => (stderr += line),
  });
  return { code, stdout, stderr };
}

test("options are read by their types", async () => {
  seen.length = 0;
  await run("echo", "hi", "--who", "", "--times=3", "--scale", "1e-2", "--loud");
  await run("echo", "--who", "me", "--scale", ".5", "--", "--hi");
  expect(seen).toEqual([
    { who: "", times: 3, scale: 0.01, mood: "glad", loud: true, positional: "hi" },
    { who: "me", times: 1, scale: 0.5, mood: "glad", loud: false, positional: "--hi" },
  ]);
});

test("text for people, JSON for programs", async () => {
  expect(await run("echo", "hi", "--who", "me")).toEqual({ code: 0, stdout: "said\n", stderr: "thinking\n" });
  expect(await run("echo", "hi", "--who", "me", "--json")).toEqual({ code: 0, stdout: '{"said":"hi"}\n', stderr: "" });
});

test("exit codes: a verdict of no is 1, an error of ours is 1 with its stack, what can be mended is 2", async () => {
  expect((await run("echo", "--who", "me", "--mood", "sad")).code).toBe(1);
  expect(await run("mends")).toEqual({ code: 2, stdout: "", stderr: "No. Try yes.\n" });
  const { code, stderr } = await run("fails");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Error: broken\n {4}at /);
});

describe("refused in one sentence", () => {
  test.each([
    [["ecco"], 'There is no command "ecco", and one of echo, fails, mends was expected.'],
    [["echo"], "--who NAME is missing: who says it."],
    [["echo", "--who"], "--who stands alone, and NAME was expected after it."],
    [["echo", "--who", "--loud"], "--who stands alone, and NAME was expected after it."],
    [["echo", "--loud=yes"], '--loud takes no value, and "yes" was given.'],
    [
      ["echo", "-x"],
      "echo has no option -x, and one of --json, --help, --who, --times, --scale, --mood, --loud was expected.",
    ],
    [["echo", "a", "b"], 'echo was given "a" "b", and one TEXT was expected.'],
    [["mends", "a"], 'mends was given "a", and only options was expected.'],
    [["echo", "--who", "x", "--times", "2.5"], '--times is "2.5", and a whole number from 1 to 9 was expected.'],
    [["echo", "--who", "x", "--times", "0"], '--times is "0", and a whole number from 1 to 9 was expected.'],
    [["echo", "--who", "x", "--scale", "-1"], '--scale is "-1", and a number of at least 0 was expected.'],
    [["echo", "--who", "x", "--scale", "0x10"], '--scale is "0x10", and a number of at least 0 was expected.'],
    [["echo", "--who", "x", "--mood", "toString"], '--mood is "toString", and one of glad, sad was expected.'],
    [
      ["echo", "--who", "x", "--__proto__", "y"],
      "echo has no option --__proto__, and one of --json, --help, --who, --times, --scale, --mood, --loud was expected.",
    ],
  ])("%j", async (argv, sentence) => {
    const { code, stdout, stderr } = await run(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`${sentence}\n`);
  });
});

test("help tells options, what they take and what they are without a word", async () => {
  const { code, stdout } = await run("echo", "--help");
  expect(code).toBe(0);
  expect(stdout).toBe(`studio echo TEXT [options]

Says it again.

  TEXT             what to say
  --who NAME       who says it; required
  --times N        how often (1)
  --scale X        how loud
  --mood glad|sad  how it feels (glad)
  --loud           in capitals
  --json           print the result as JSON
  --help           print this
`);
});

test("every command of the studio has help", async () => {
  for (const { name, summary } of commands) {
    let shown = "";
    const output = { stdout: (line: string) => (shown += line), stderr: () => expect.fail("help is not an error") };
    expect(await main([name, "--help"], commands, output)).toBe(0);
    expect(shown).toContain(summary);
  }
});

describe("as a process", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const shell = (...argv: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
    new Promise((done) => {
      const command = ["node_modules/tsx/dist/cli.mjs", "src/cli/studio.ts", ...argv];
      execFile(process.execPath, command, { cwd: root }, (error, stdout, stderr) =>
        done({ code: error ? error.code : 0, stdout, stderr }),
      );
    });

  test("help ends with 0", async () => {
    const { code, stdout, stderr } = await shell("--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, "m"));
  });

  test("a wrong word ends with 2 and a sentence on stderr", async () => {
    const { code, stdout, stderr } = await shell("step", "--what");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^step has no option --what, and one of .+ was expected\.\n$/);
  });
});
