/** @file Which two are voted on; the address keeps it. */
import { printRoute, type VotedOn } from "../route.ts";
import { useStudio } from "../state/context.tsx";
import { models, nameOf, numberOf } from "../state/nodes.ts";
import type { Rivals } from "../state/tally.ts";

function show(rivals: VotedOn): void {
  globalThis.location.hash = printRoute({ screen: "vote", rivals });
}

export function RivalsChoice({ rivals }: { readonly rivals: Rivals }) {
  const nodes = useStudio((state) => state.nodes);
  const shown = models({ nodes });
  const go = ({ a, b }: Rivals): void => show({ a: numberOf({ nodes }, a), b: numberOf({ nodes }, b) });
  // whoever is chosen for one place and stands in the other changes places
  const choose = (place: "a" | "b", node: string): void => {
    const [here, there] = place === "a" ? [rivals.a, rivals.b] : [rivals.b, rivals.a];
    const rest = node === there ? here : there;
    go(place === "a" ? { a: node, b: rest } : { a: rest, b: node });
  };
  const select = (place: "a" | "b", label: string) => (
    <select className="field" aria-label={label} value={rivals[place]} onChange={(e) => choose(place, e.target.value)}>
      {shown.map((node) => (
        <option key={node} value={node}>
          {nameOf({ nodes }, node)}
        </option>
      ))}
    </select>
  );
  return (
    <span className="rivals">
      {select("a", "Model that is voted on")} <span className="quiet">over</span>{" "}
      {select("b", "Model it is compared with")}
    </span>
  );
}
