/** @file The composition root: the only place that knows both the page and the engine behind it. */
import { mount } from "./app/mount.tsx";
import type { Hub, Studio } from "./studio/api.ts";
import { startHub } from "./studio/hub-client.ts";
import { trustOwnScripts } from "./studio/own-scripts.ts";
import { startPairReader } from "./studio/pair-reader.ts";

/** The engine in its worker; with `?fake` one that only pretends, for trying the page and for its tests. */
async function startEngine(pretend: string | null): Promise<Studio> {
  if (pretend === null) return (await import("./studio/client.ts")).startStudio();
  const { pretendStudio } = await import("./app/fake/other-tab.ts");
  return pretendStudio(pretend, sessionStorage);
}

async function hubFor(pretend: string | null): Promise<Hub> {
  return pretend === null ? startHub() : (await import("./app/fake/made-up-hub.ts")).pretendHub();
}

trustOwnScripts();
const element = document.getElementById("root");
const pretend = new URLSearchParams(location.search).get("fake");
if (element !== null) {
  const [studio, hub] = [await startEngine(pretend), await hubFor(pretend)];
  await mount({ element, studio, reader: startPairReader(), hub, pretend: pretend !== null });
}
