/** @file The page: bar, one screen, status line; the address says which screen. */
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { CompareScreen } from "./compare/compare-screen.tsx";
import { IterateScreen } from "./iterate/iterate-screen.tsx";
import { useKeys, type KeyMap } from "./keys.ts";
import { PairsScreen } from "./pairs/pairs-screen.tsx";
import { ProblemMessage } from "./parts/message.tsx";
import { parseRoute } from "./route.ts";
import { Bar } from "./shell/bar.tsx";
import { KeysSheet } from "./shell/keys-sheet.tsx";
import { Notices } from "./shell/notices.tsx";
import { StatusLine } from "./shell/status-line.tsx";
import { StartScreen } from "./start/start-screen.tsx";
import { useActions, useStudio, useWorkbench } from "./state/context.tsx";
import { isRunning } from "./state/selectors.ts";
import { titleInWords } from "./words.ts";

const VoteScreen = lazy(async () => ({ default: (await import("./vote/vote-screen.tsx")).VoteScreen }));
const ReportScreen = lazy(async () => ({ default: (await import("./report/report-screen.tsx")).ReportScreen }));

const LARGEST_WHOLE = 256;

export function App() {
  const [keysOpen, setKeysOpen] = useState(false);
  const problem = useStudio((state) => state.problem);
  useAddress();
  useDocument();
  useGlobalKeys(() => setKeysOpen(true));
  return (
    <>
      <a className="skip button" href="#main" onClick={skipToMain}>
        Skip to the screen
      </a>
      <Bar onKeys={() => setKeysOpen(true)} />
      <main id="main" tabIndex={-1}>
        {problem === null ? null : (
          <div className="obstacle">
            <ProblemMessage problem={problem} />
          </div>
        )}
        <Notices />
        <Screen />
      </main>
      <StatusLine />
      {keysOpen ? <KeysSheet onClose={() => setKeysOpen(false)} /> : null}
    </>
  );
}

function Screen() {
  const route = useStudio((state) => state.route);
  switch (route.screen) {
    case "start":
      return <StartScreen />;
    case "pairs":
      return <PairsScreen />;
    case "iterate":
      return <IterateScreen asked={route.iteration} />;
    case "compare":
      return <CompareScreen viewed={route.viewer} />;
    case "vote":
      return (
        <Suspense>
          <VoteScreen asked={route.rivals} />
        </Suspense>
      );
    case "report":
      return (
        <Suspense>
          <ReportScreen />
        </Suspense>
      );
  }
}

/** `#main` would be read as a screen. */
function skipToMain(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** The address is the truth about the screen. */
function useAddress(): void {
  const actions = useActions();
  const screen = useStudio((state) => state.route.screen);
  useEffect(() => {
    const read = (): void => actions.setRoute(parseRoute(globalThis.location.hash));
    read();
    globalThis.addEventListener("hashchange", read);
    return () => globalThis.removeEventListener("hashchange", read);
  }, [actions]);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    globalThis.scrollTo(0, 0);
  }, [screen]);
}

/** Theme, title and the size of a model's pixel stand on the document. */
function useDocument(): void {
  const theme = useStudio((state) => state.theme);
  const title = useStudio(titleInWords);
  const side = useStudio((state) => state.model?.resolution ?? 64);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    document.documentElement.style.setProperty("--px", `${side <= LARGEST_WHOLE ? side : 1}px`);
  }, [side]);
}

function useGlobalKeys(openSheet: () => void): void {
  const { store } = useWorkbench();
  const open = useRef(openSheet);
  open.current = openSheet;
  const keys = useMemo((): KeyMap => {
    const to = (screen: string) => (): void => {
      globalThis.location.hash = screen;
    };
    return {
      sheet: () => open.current(),
      goPairs: to("#pairs"),
      goIterate: to("#iterate"),
      goCompare: to("#compare"),
      goVote: to("#vote"),
      goReport: to("#report"),
      pause() {
        const state = store.getState();
        if (state.current === null) return;
        void (isRunning(state) ? state.pause() : state.spin());
      },
    };
  }, [store]);
  useKeys(keys);
}
