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
import type { Studio } from "../studio/api.ts";
import { App } from "./app.tsx";
import { watchRequests } from "./bytes-sent.ts";
import { now } from "./clock.ts";
import { createMetrics } from "./metrics.ts";
import { createPictures } from "./pictures.ts";
import type { PairReader } from "./read-files.ts";
import { printRoute } from "./route.ts";
import { WorkbenchProvider } from "./state/context.tsx";
import { createStudioStore } from "./state/store.ts";
import type { BackendName } from "./state/studio-state.ts";

export interface Mounting {
  readonly element: HTMLElement;
  readonly studio: Studio;
  readonly reader: PairReader;
  /** the engine only pretends */
  readonly pretend: boolean;
}

const PROJECT = "studio";

/** `?backend=wasm` or `?backend=webgpu` */
export function askedBackend(search: string): BackendName | null {
  const asked = new URLSearchParams(search).get("backend");
  return asked === "wasm" || asked === "webgpu" ? asked : null;
}

export function mount({ element, studio, reader, pretend }: Mounting): void {
  const pictures = createPictures();
  const metrics = createMetrics();
  const store = createStudioStore({
    studio,
    project: PROJECT,
    pictures,
    metrics,
    reader,
    now,
    force: askedBackend(globalThis.location.search),
    go: (route) => {
      globalThis.location.hash = printRoute(route);
    },
  });
  watchRequests();
  void store.getState().boot();
  createRoot(element).render(
    <WorkbenchProvider workbench={{ store, pictures, metrics, reader, pretend }}>
      <App />
    </WorkbenchProvider>,
  );
}
