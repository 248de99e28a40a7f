/**
 * @file Runs a program of onnxruntime-node without the copies that it hands back. Its addon fills our preallocated outputs, and then
 * copies each of them once more into fresh memory for the object that `run` returns: 0.5 ms a MB, a quarter of a forward that keeps
 * 40 MB, and as much again for the garbage. It has no switch for that. But it stops where it meets an output that is no tensor.
 * So each program gets one, and it comes first: an empty sequence. The run is over by then, and the complaint is the sign of it.
 * Should a later version copy nothing, or take sequences, then `run` returns and nothing is lost but speed.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ProtoWriter } from "../graph/onnx/protobuf.ts";

const DONE = "spin.done";
const COMPLAINT = /^Non tensor type is temporarily not supported/;

/**
 * ModelProto { graph { node: SequenceEmpty, output: sequence(tensor(float)) } }. Of two messages laid end to end protobuf makes one,
 * repeated fields in their order.
 */
const first = new ProtoWriter()
  .message(7, (graph) =>
    graph
      .message(1, (node) => node.string(2, DONE).string(4, "SequenceEmpty"))
      .message(12, (output) =>
        output
          .string(1, DONE)
          .message(2, (type) =>
            type.message(4, (sequence) => sequence.message(1, (t) => t.message(1, (e) => e.int(1, 1)))),
          ),
      ),
  )
  .finish();

export function silenced(onnx: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + onnx.length);
  both.set(first);
  both.set(onnx, first.length);
  return both;
}

/** The ports that the program had. */
export function ownOutputs(metadata: InferenceSession["outputMetadata"]): InferenceSession["outputMetadata"] {
  return metadata.filter(({ name }) => name !== DONE);
}

/** Resolves when the outputs are filled. */
export async function silentRun(
  session: Pick<InferenceSession, "run">,
  feeds: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
): Promise<void> {
  try {
    await session.run(feeds, { [DONE]: null, ...outputs });
  } catch (error) {
    if (!(error instanceof Error && COMPLAINT.test(error.message))) throw error;
  }
}
