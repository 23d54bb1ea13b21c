// What the benchmark uses of TF.js.

export interface Tensor {
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(): void;
}

export type Scalar = Tensor;

export function setBackend(name: 'wasm'): Promise<boolean>;
export function tensor1d(values: Int32Array, dtype: 'int32'): Tensor;
export function tensor2d(values: Float32Array, shape: [number, number]): Tensor;
export function zeros(shape: number[]): Tensor;
export function oneHot(indices: Tensor, depth: number): Tensor;
export function variable(initial: Tensor): Tensor;
export function add(a: Tensor, b: Tensor): Tensor;
export function mul(a: number, b: Tensor): Tensor;
export function matMul(a: Tensor, b: Tensor): Tensor;
export function square(x: Tensor): Tensor;
export function sum(x: Tensor): Tensor;
export function transpose(x: Tensor): Tensor;
export function tidy<T>(compute: () => T): T;
export function dispose(tensors: Tensor[]): void;

export const losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };

export const train: { adam(learningRate: number): Optimizer };

interface Optimizer {
  /** The loss before the step, where `returnCost` asks for it. */
  minimize(loss: () => Scalar, returnCost?: boolean): Scalar | null;
  dispose(): void;
}
