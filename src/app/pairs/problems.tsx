/** @file Pairs that need a look: what is wrong, of which file, and what can be done, one click each. */
import { count } from "../format.ts";
import { Glyph } from "../parts/glyph.tsx";
import { PictureView } from "../parts/picture.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { isFaulty } from "../state/selectors.ts";
import type { Edit, Fault, PairItem } from "../state/studio-state.ts";
import { captionFromName, plainText } from "../plain-text.ts";

const SINGLE = 3;

/** On the picture, and as the head of a line about one or several. */
export function faultInWords(fault: Fault): { readonly flag: string; readonly head: string } {
  switch (fault.kind) {
    case "caption":
      return { flag: "no caption", head: "No caption." };
    case "twin":
      return fault.exact
        ? { flag: "same twice", head: "Same picture twice." }
        : { flag: "nearly the same", head: "Nearly the same picture." };
    case "small":
      return { flag: "too small", head: "Too small." };
  }
}

function nameOf(path: string): string {
  return plainText(path.replace(/^.*\//, ""), 60);
}

/** What is wrong with one pair. */
function sentence(pair: PairItem): string {
  const { fault, whole } = pair;
  if (fault?.kind === "twin") return `${nameOf(fault.of)} and ${nameOf(pair.source)}.`;
  if (fault?.kind === "small") {
    return `${nameOf(pair.source)} is ${whole?.width} × ${whole?.height} px, the model needs ${fault.needs} px or more.`;
  }
  return `${nameOf(pair.source)} has no .txt beside it and no line in a table.`;
}

export function Problems({ onWrite }: { readonly onWrite: (id: string) => void }) {
  const faulty = useStudio((state) => state.pairs).filter(isFaulty);
  if (faulty.length === 0) return null;
  const groups = new Map<string, PairItem[]>();
  for (const pair of faulty) {
    const head = pair.fault === null ? "" : faultInWords(pair.fault).head;
    groups.set(head, [...(groups.get(head) ?? []), pair]);
  }
  return (
    <section className="problems" aria-labelledby="problems-h">
      <h2 id="problems-h">
        <Glyph name="bang" />
        {count(faulty.length, "pair needs a look", "pairs need a look")}
      </h2>
      <ul>
        {[...groups].flatMap(([head, pairs]) =>
          pairs.length <= SINGLE && !(pairs.length > 1 && head === "No caption.")
            ? pairs.map((pair) => <Line key={pair.id} head={head} pairs={[pair]} onWrite={onWrite} />)
            : [<Line key={head} head={head} pairs={pairs} onWrite={onWrite} />],
        )}
      </ul>
    </section>
  );
}

interface LineProps {
  readonly head: string;
  readonly pairs: readonly PairItem[];
  readonly onWrite: (id: string) => void;
}

function Line({ head, pairs, onWrite }: LineProps) {
  const actions = useActions();
  const [first] = pairs;
  const kind = first?.fault?.kind;
  if (first === undefined || kind === undefined) return null;
  const several = pairs.length > 1;
  const edit = (words: string, change: (pair: PairItem) => Edit) => (): void =>
    actions.edit(
      words,
      pairs.map((pair) => pair.id),
      change,
    );
  const accept = (words: string, what: "twin" | "small") =>
    edit(words, (pair) => ({ accepted: [...pair.accepted, what] }));
  const some = several ? count(pairs.length, "pair") : "a pair";
  const leaveOut = edit(`leave out ${some}`, () => ({ leftOut: true }));
  const fromNames = edit(`name ${some} by file`, (pair) => ({ caption: captionFromName(pair.source) }));
  const pictures = count(pairs.length, "picture");
  return (
    <li>
      <PictureView id={first.picture} label="" />
      <span className="what">
        <b>{head}</b>{" "}
        <span className="quiet">
          {several
            ? `${pictures}: ${pairs
                .slice(0, SINGLE)
                .map((pair) => nameOf(pair.source))
                .join(", ")}${pairs.length > SINGLE ? ", …" : "."}`
            : sentence(first)}
        </span>
      </span>
      <span className="row">
        {kind === "caption" ? (
          <>
            <button type="button" className="button" onClick={() => onWrite(first.id)}>
              Write one
            </button>
            <button type="button" className="button" onClick={fromNames}>
              {several ? `Use the file names as captions for ${pictures}` : "Use the file name"}
            </button>
          </>
        ) : null}
        <button type="button" className={kind === "caption" ? "button plain" : "button"} onClick={leaveOut}>
          {kind === "twin"
            ? several
              ? "Keep the first ones"
              : "Keep the first"
            : several
              ? "Leave them out"
              : "Leave out"}
        </button>
        {kind === "twin" ? (
          <button type="button" className="button plain" onClick={accept(`keep ${some}`, "twin")}>
            {several ? "Keep all" : "Keep both"}
          </button>
        ) : null}
        {kind === "small" ? (
          <button type="button" className="button plain" onClick={accept(`enlarge ${some}`, "small")}>
            {several ? "Enlarge them" : "Enlarge it"}
          </button>
        ) : null}
      </span>
    </li>
  );
}
