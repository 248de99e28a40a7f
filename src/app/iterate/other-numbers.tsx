/** @file A run that was begun on another backend: go on with other numbers, or there with the same ones. */
import { Message } from "../parts/message.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nodeOf } from "../state/nodes.ts";
import type { BackendName, Current } from "../state/studio-state.ts";

const NAMES: { readonly [B in BackendName]: string } = {
  webgpu: "WebGPU",
  wasm: "the processor",
  node: "the processor",
  "node-webgpu": "the GPU",
};

export function OtherNumbers({ current: { node, asks } }: { readonly current: Current }) {
  const actions = useActions();
  const begun = useStudio((state) => nodeOf(state, node)?.backend ?? null);
  const preflight = useStudio((state) => state.preflight);
  const here = preflight?.measured.some(({ backend, forwardMs }) => backend === begun && forwardMs !== null) ?? false;
  const back = begun !== null && here && begun !== preflight?.chosen ? begun : null;
  if (!asks || node === null) return null;
  const goBack = async (backend: BackendName): Promise<void> => {
    await actions.chooseBackend(backend);
    await actions.spin(node);
  };
  return (
    <Message
      bad
      glyph="bang"
      title={asks.title}
      buttons={
        <>
          <button type="button" className="button" onClick={() => void actions.spin(node, true)}>
            Go on
          </button>
          {back === null ? null : (
            <button type="button" className="button" onClick={() => void goBack(back)}>
              Use {NAMES[back]}
            </button>
          )}
        </>
      }
    >
      <p>{asks.safe}</p>
    </Message>
  );
}
