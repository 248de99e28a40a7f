/**
 * @file What only a wrapper can measure in the page: how large onnxruntime's WebAssembly heap has grown (it never shrinks, so its end
 * is its peak), and how many kernels were compiled. Imported before anything that makes a memory or a device.
 */

export interface Measured {
  readonly heapBytes: number;
  readonly kernels: number;
}

const memories: WebAssembly.Memory[] = [];
WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(target, given: [WebAssembly.MemoryDescriptor]) {
    const memory = new target(...given);
    memories.push(memory);
    return memory;
  },
});

let kernels = 0;
for (const name of ["createComputePipeline", "createComputePipelineAsync"] as const) {
  const make = GPUDevice.prototype[name] as (descriptor: GPUComputePipelineDescriptor) => never;
  GPUDevice.prototype[name] = function counted(this: GPUDevice, descriptor: GPUComputePipelineDescriptor) {
    kernels += 1;
    return make.call(this, descriptor);
  };
}

export const measured = (): Measured => ({
  heapBytes: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  kernels,
});
