/** @file A network and its cut -> the calls of a plan: forward alone, or forward that keeps and backward that uses it. */
import { graphOf, inputName } from "../graph/ir.ts";
import { BackwardPlanner } from "./backward-planner.ts";
import type { TrainingOptions } from "./backward-planner.ts";
import type { Draft, PlanBuilder } from "./builder.ts";
import type { NetworkOptions } from "./network-planner.ts";
import { NetworkPlanner } from "./network-planner.ts";
import { splitSaved } from "./split.ts";
import type { Call } from "./types.ts";

/** The calls that run a network once and keep nothing. */
export function forwardPlan(builder: PlanBuilder, options: NetworkOptions): Draft {
  const planner = new NetworkPlanner(builder, options);
  return {
    inputs: Object.keys(options.network.inputs),
    outputs: options.outputs,
    calls: planner.groups.map((g) => planner.forward(g, {})),
  };
}

export interface TrainingPlans {
  readonly forward: Draft;
  readonly backward: Draft;
}

/** forward keeps what backward needs; backward adds to the gradient accumulators. */
export function trainingPlans(builder: PlanBuilder, options: TrainingOptions): TrainingPlans {
  const planner = new NetworkPlanner(builder, options);
  const backward = new BackwardPlanner(builder, options, planner);
  const upstream = new Set<string>(options.inputGradients ?? []);
  const drafts = planner.groups.map((built) => {
    const wants = built.reads.map((name) => upstream.has(name));
    const parameters = graphOf(built.outputs).inputs.filter(
      (t) => t.source.kind === "input" && t.source.role === "weight" && planner.trains(built.full(inputName(t))),
    );
    const needed = parameters.length > 0 || wants.some(Boolean);
    if (needed) for (const name of built.writes) upstream.add(name);
    return { built, wants, parameters, needed };
  });
  const forward: Call[] = [];
  const halves = drafts.map((draft) => {
    const gradients = draft.needed ? backward.gradients(draft.built, draft.wants, draft.parameters) : {};
    const whole = options.cut === "whole";
    const { saved, backward: graph } = whole
      ? splitSaved(draft.built.outputs, gradients)
      : { saved: {}, backward: gradients };
    forward.push(planner.forward(draft.built, saved));
    if (draft.parameters.length > 0) backward.declare(draft.built, draft.parameters);
    return { ...draft, graph };
  });
  for (const half of [...halves].reverse()) if (half.needed) backward.calls(half.built, half.wants, half.graph);
  const inputs = Object.keys(options.network.inputs);
  const dInputs = (options.inputGradients ?? []).map((name) => backward.cotangent(name) ?? name);
  return {
    forward: { inputs, outputs: options.outputs, calls: forward },
    backward: { inputs: ["seeds"], outputs: dInputs, calls: backward.made, swaps: backward.swaps },
  };
}
