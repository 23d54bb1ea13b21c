// What the benchmark uses of onnxruntime-common, onnxruntime-node and onnxruntime-web, so that types are checked without 1.1 GB of peers.

export class Tensor {
  constructor(type: 'int64', data: BigInt64Array, dims: readonly number[]);
  readonly data: Float32Array | BigInt64Array;
}

export class InferenceSession {
  static create(model: Uint8Array, options: SessionOptions): Promise<InferenceSession>;
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

interface SessionOptions {
  executionProviders: ('cpu' | 'wasm')[];
  graphOptimizationLevel: 'all';
  executionMode?: 'sequential';
  intraOpNumThreads?: number;
  interOpNumThreads?: number;
  logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
}

export const env: {
  logLevel: 'verbose' | 'info' | 'warning' | 'error' | 'fatal';
  wasm: { numThreads: number; simd: boolean; wasmPaths: string };
};
