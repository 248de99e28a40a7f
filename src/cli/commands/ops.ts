/** @file `studio ops`: the table of operators. */
import { differentiable, type GradientKind, tested } from "../../graph/coverage.ts";
import { opNames } from "../../graph/ops.ts";
import { command } from "../command.ts";
import { table } from "../table.ts";

const words: { readonly [K in GradientKind]: string } = { yes: "yes", composite: "by a composite", no: "no" };

export const ops = command({
  name: "ops",
  summary: "Lists the graph's operators, their gradients, and the backends on which each is tested.",
  options: {},
  run: async () => {
    const rows = opNames.map((op) => ({ operator: op, gradient: differentiable[op], tested: tested[op] }));
    const lines = rows.map(({ operator, gradient, tested: where }) => [operator, words[gradient], where.join(", ")]);
    return { json: rows, text: table(["operator", "gradient", "tested on"], lines) };
  },
});
