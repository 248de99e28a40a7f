/** @file The text form of a graph: what tests assert and errors show. */
import { showType } from "../lib/tensor.ts";
import type { Graph, Node, Tensor } from "./ir.ts";

function showAttrs(node: Node): string {
  const entries = Object.entries(node.attrs as Record<string, unknown>);
  if (entries.length === 0) return "";
  return ` {${entries.map(([key, value]) => `${key}=${Array.isArray(value) ? `[${value.join(",")}]` : String(value)}`).join(", ")}}`;
}

/** Names in order of appearance: inputs by their name, constants by value, node outputs as %0, %1, … */
export function namer(): (tensor: Tensor) => string {
  const names = new Map<Tensor, string>();
  return (tensor) => {
    const { source } = tensor;
    if (source.kind === "input") return source.name;
    if (source.kind === "constant")
      return typeof source.values === "number" ? `${source.values}` : `const[${tensor.shape.join(",")}]`;
    const known = names.get(tensor);
    if (known) return known;
    const name = `%${names.size}`;
    names.set(tensor, name);
    return name;
  };
}

export function printNode(node: Node, name: (tensor: Tensor) => string): string {
  const outputs = node.outputs.map(name).join(", ");
  return `${outputs} = ${node.op}(${node.inputs.map(name).join(", ")})${showAttrs(node)} : ${node.outputs.map(showType).join(", ")}`;
}

export function print(graph: Graph): string {
  const name = namer();
  const inputs = graph.inputs.map((t) => `${name(t)}: ${showType(t)}`).join(", ");
  const nodes = graph.nodes.map((node) => `  ${printNode(node, name)}`);
  const outputs = Object.entries(graph.outputs).map(([key, t]) => `${key}=${name(t)}`);
  return [`graph(${inputs}) {`, ...nodes, `  return ${outputs.join(", ")}`, "}"].join("\n");
}
