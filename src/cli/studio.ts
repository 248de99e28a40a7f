/** @file `npm run -s studio -- COMMAND`. */
import { commands } from "./commands.ts";
import { main } from "./router.ts";

process.exitCode = await main(process.argv.slice(2), commands, {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
});
