/** @file What training has seen of the prompts that are drawn and voted on, for the screens that show them. */
import { useMemo } from "react";
import { seenInWords } from "./state/compare-prompts.ts";
import { useStudio } from "./state/context.tsx";

export function useSeen(): string {
  const model = useStudio((state) => state.model);
  const pairs = useStudio((state) => state.pairs);
  const prompts = useStudio((state) => state.prompts);
  return useMemo(() => seenInWords({ model, pairs, prompts }), [model, pairs, prompts]);
}
