/**
 * @file A browser for which the hub's hosts are a local server: the page asks https://huggingface.co itself, under its own policy and
 * the rules across origins, and is sent on to another host for large files.
 */
import { HUB } from "../../src/hub/hosts.ts";
import { type HubServer, startHub } from "../hub-server.ts";
import { nanoFiles } from "../nano-model.ts";
import { selfSigned } from "./certificate.ts";
import { expect, test as base } from "./origin.ts";

export const REPO = "ann/my-fine-tune";
const [HUB_HOST, FILES_HOST] = [new URL(HUB).host, "us.aws.cdn.hf.co"];

export const test = base.extend<{ hub: HubServer }, { server: HubServer }>({
  server: [
    // oxlint-disable-next-line no-empty-pattern -- a fixture is told by its pattern what it needs, and this one needs none
    async ({}, give) => {
      const server = await startHub({
        repo: REPO,
        files: nanoFiles(2),
        filesAt: () => `https://${FILES_HOST}`,
        tls: selfSigned([HUB_HOST, FILES_HOST]),
      });
      await give(server);
      await server.close();
    },
    { scope: "worker" },
  ],
  launchOptions: [
    async ({ launchOptions, server }, give) => {
      const hosts = [HUB_HOST, FILES_HOST].map((host) => `MAP ${host} 127.0.0.1:${server.port}`).join(",");
      await give({ ...launchOptions, args: [...(launchOptions.args ?? []), `--host-resolver-rules=${hosts}`] });
    },
    { scope: "worker" },
  ],
  ignoreHTTPSErrors: true,
  hub: async ({ server }, give) => {
    server.manners = () => undefined;
    server.asked.length = 0;
    await give(server);
  },
});

/** Requests to the hub, which left the origin because a person had clicked; what else was heard stays with the guard. */
export function hubRequests(heard: string[]): readonly string[] {
  const own = heard.filter((line) =>
    [HUB_HOST, FILES_HOST].some((host) => line.startsWith(`request: https://${host}/`)),
  );
  const others = heard.filter((line) => !own.includes(line));
  heard.splice(0, heard.length, ...others);
  return own;
}

export { expect };
