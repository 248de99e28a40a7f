/** @file What the webgpu backend does when its device goes: the next read says so, and another backend works in the same worker. */
import type { Backend } from "../../src/runtime/backend.ts";
import { checks } from "../../src/runtime/conformance.ts";
import { type Programs, runCheck } from "../../src/runtime/conformance-bench.ts";
import { equal, float32, refuses } from "../../src/runtime/expect.ts";
import { webgpuBackend } from "../../src/runtime/webgpu.ts";

/** A backend, and the device that it asked for. */
async function backendWithDevice(): Promise<{ backend: Backend; device: GPUDevice }> {
  const { requestDevice } = GPUAdapter.prototype;
  let device: GPUDevice | undefined;
  GPUAdapter.prototype.requestDevice = async function request(descriptor) {
    device = await requestDevice.call(this, descriptor);
    return device;
  };
  const backend = await webgpuBackend().finally(() => {
    GPUAdapter.prototype.requestDevice = requestDevice;
  });
  return { backend, device: device as GPUDevice };
}

export async function checkLoss(programs: Programs): Promise<void> {
  const { backend, device } = await backendWithDevice();
  const session = await backend.compile("two", await programs("two"));
  const binding = () => ({ buffer: backend.allocate(20, "slot:check"), type: float32(5) });
  const [a, sum, product] = [binding(), binding(), binding()];
  await backend.run(session, { a, b: a }, { sum, product });

  // In the middle of a read: the map is what fails.
  const reading = backend.read(sum);
  device.destroy();
  await refuses(() => reading, /graphics device was lost/, "device-lost");
  equal(typeof (await backend.lost), "string", "the reason of the loss");
  await refuses(() => backend.run(session, { a, b: a }, { sum, product }), /graphics device was lost/, "device-lost");
  await refuses(() => backend.write(a.buffer, new Float32Array(5)), /graphics device was lost/, "device-lost");
  await backend.dispose();
  equal(backend.ledger.byKind()["slot"]?.live, 0, "our buffers after dispose");

  const next = await webgpuBackend();
  for (const check of checks.slice(0, 2)) await runCheck(check, next, programs);
  await next.dispose();
}
