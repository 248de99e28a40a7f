/** @file Puts the page on an element: store, pictures, metrics around an engine. */
import "./styles/tokens.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/two-up.css";
import "./styles/start.css";
import "./styles/pairs.css";
import "./styles/iterate.css";
import "./styles/tree.css";
import "./styles/compare.css";
import "./styles/viewer.css";
import "./styles/vote.css";
import "./styles/report.css";
import { createRoot } from "react-dom/client";
import type { Hub, Studio } from "../studio/api.ts";
import { App } from "./app.tsx";
import { countHubRequest, watchRequests } from "./bytes-sent.ts";
import { now } from "./clock.ts";
import { createHubStore } from "./own-model/hub-store.ts";
import { createMetrics } from "./metrics.ts";
import { createPictures } from "./pictures.ts";
import type { PairReader } from "./read-files.ts";
import { projectOf, recall } from "./own-model/last-model.ts";
import { printRoute, type Route } from "./route.ts";
import { WorkbenchProvider } from "./state/context.tsx";
import { createStudioStore } from "./state/store.ts";
import type { BackendName, Deps } from "./state/studio-state.ts";

export interface Mounting {
  readonly element: HTMLElement;
  readonly studio: Studio;
  /** of a project */
  readonly reader: (project: string) => PairReader;
  readonly hub: Hub;
  /** the engine only pretends */
  readonly pretend: boolean;
}

/** `?backend=wasm` or `?backend=webgpu` */
export function askedBackend(search: string): BackendName | null {
  const asked = new URLSearchParams(search).get("backend");
  return asked === "wasm" || asked === "webgpu" ? asked : null;
}

export async function mount({ element, studio, reader: readerOf, hub: speaks, pretend }: Mounting): Promise<void> {
  const root = createRoot(element);
  const force = askedBackend(globalThis.location.search);
  const go = (route: Route): void => {
    globalThis.location.hash = printRoute(route);
  };
  const hub = createHubStore(speaks, countHubRequest);
  let leave = (): void => {};
  const enter: Deps["enter"] = (source, opened) => {
    leave();
    const project = projectOf(source);
    const [pictures, metrics, reader] = [createPictures(), createMetrics(), readerOf(project)];
    const store = createStudioStore({
      studio,
      project,
      source,
      opened,
      enter,
      pictures,
      metrics,
      reader,
      now,
      force,
      go,
    });
    leave = store.leave;
    void store.getState().boot();
    root.render(
      <WorkbenchProvider key={project} workbench={{ store, pictures, metrics, reader, hub, pretend, source }}>
        <App />
      </WorkbenchProvider>,
    );
  };
  watchRequests();
  enter(await recall(studio), null);
}
