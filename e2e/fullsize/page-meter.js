/**
 * @file Runs in the studio's own worker before it: counts what only a wrapper can see, and tells it on a channel. The page is as
 * built. Heap: of onnxruntime's WebAssembly, which never shrinks.
 */
const memories = [];
WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(target, given) {
    const memory = new target(...given);
    memories.push(memory);
    return memory;
  },
});

const gpu = { live: 0, peak: 0, kernels: 0 };
const alive = new WeakSet();
const { createBuffer } = GPUDevice.prototype;
GPUDevice.prototype.createBuffer = function counted(descriptor) {
  const buffer = createBuffer.call(this, descriptor);
  alive.add(buffer);
  gpu.live += buffer.size;
  gpu.peak = Math.max(gpu.peak, gpu.live);
  return buffer;
};
const { destroy } = GPUBuffer.prototype;
GPUBuffer.prototype.destroy = function counted() {
  if (alive.delete(this)) gpu.live -= this.size;
  destroy.call(this);
};
for (const name of ["createComputePipeline", "createComputePipelineAsync"]) {
  const make = GPUDevice.prototype[name];
  GPUDevice.prototype[name] = function counted(descriptor) {
    gpu.kernels += 1;
    return make.call(this, descriptor);
  };
}

const channel = new BroadcastChannel("meter");
channel.onmessage = () => {
  const heap = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  channel.postMessage({ ...gpu, heap });
  gpu.peak = gpu.live;
};
