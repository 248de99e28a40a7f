/** @file The bar: the mark, the way through the screens, the theme. */
import { Glyph, type GlyphName } from "../parts/glyph.tsx";
import { Mark } from "../parts/mark.tsx";
import { type Command, useKey, useShortcut } from "../keys.ts";
import type { ScreenName } from "../route.ts";
import { useActions, useStudio, useWorkbench } from "../state/context.tsx";
import { nextNumber } from "../state/selectors.ts";
import type { Theme } from "../state/studio-state.ts";

export const BACKEND_NAMES: { readonly [name: string]: string } = { webgpu: "WebGPU", wasm: "WebAssembly" };

const NEXT_THEME: { readonly [T in Theme]: Theme } = { system: "light", light: "dark", dark: "system" };
const THEME_GLYPHS: { readonly [T in Theme]: GlyphName } = { system: "half", light: "sun", dark: "moon" };

export function Bar({ onKeys }: { readonly onKeys: () => void }) {
  const { pretend } = useWorkbench();
  const screen = useStudio((state) => state.route.screen);
  const open = useStudio((state) => state.pairs.length > 0 || state.nodes.length > 0);
  const model = useStudio((state) => state.model?.title ?? null);
  const backend = useStudio((state) => state.preflight?.chosen ?? null);
  const keptNow = useStudio((state) => state.finished?.node ?? null);
  const parts = [pretend ? "Pretending" : null, model, backend === null ? null : (BACKEND_NAMES[backend] ?? backend)];
  const sheet = useKey("sheet");
  const sheetShortcut = useShortcut("sheet");
  const setup = parts.filter((part) => part !== null).join(", ");

  return (
    <header className="bar">
      <a className="brand" href="#start">
        <Mark key={keptNow} turning={keptNow !== null} />
        SPIN Studio
      </a>
      {screen === "start" && !open ? <span className="wide-only" /> : <Steps screen={screen} />}
      <div className="tools">
        <span className="project" title={pretend ? "Nothing is trained: pictures and numbers are made up." : undefined}>
          {setup}
        </span>
        <ThemeButton />
        <button
          type="button"
          className="button plain icon wide-only"
          aria-label="Keyboard shortcuts"
          title={`Keyboard shortcuts${sheet === null ? "" : ` (${sheet})`}`}
          {...sheetShortcut}
          onClick={onKeys}
        >
          <span aria-hidden="true">?</span>
        </button>
      </div>
    </header>
  );
}

const SCREENS = [
  { name: "pairs", title: "Pairs", by: "goPairs" },
  { name: "iterate", title: "Iterate", by: "goIterate" },
  { name: "compare", title: "Compare", by: "goCompare" },
  { name: "vote", title: "Vote", by: "goVote" },
  { name: "report", title: "Report", by: "goReport" },
] as const satisfies readonly { readonly name: ScreenName; readonly title: string; readonly by: Command }[];

function Steps({ screen }: { readonly screen: ScreenName }) {
  const pairs = useStudio((state) => state.pairs.length);
  const iteration = useStudio(nextNumber);
  const numbers: { readonly [name: string]: number | null } = { pairs: pairs > 0 ? pairs : null, iterate: iteration };
  return (
    <nav aria-label="Project">
      <ol className="steps">
        {SCREENS.map((each) => (
          <Step key={each.name} {...each} number={numbers[each.name] ?? null} here={each.name === screen} />
        ))}
      </ol>
    </nav>
  );
}

interface StepProps {
  readonly name: ScreenName;
  readonly title: string;
  readonly by: Command;
  readonly number: number | null;
  readonly here: boolean;
}

function Step({ name, title, by, number, here }: StepProps) {
  const [go, key] = [useKey("go"), useKey(by)];
  return (
    <li>
      <a
        href={`#${name}`}
        aria-current={here ? "page" : undefined}
        title={go === null || key === null ? undefined : `${go} then ${key}`}
      >
        {title} {number === null ? null : <span>{number}</span>}
      </a>
    </li>
  );
}

function ThemeButton() {
  const actions = useActions();
  const theme = useStudio((state) => state.theme);
  const words = theme === "system" ? "follow system" : theme;
  return (
    <button
      type="button"
      className="button plain icon"
      aria-label={`Theme: ${words}`}
      title={`Theme: ${words}`}
      onClick={() => actions.setTheme(NEXT_THEME[theme])}
    >
      <Glyph name={THEME_GLYPHS[theme]} />
    </button>
  );
}
