// What the benchmark uses of transformers.js.

export type DataType = 'fp32' | 'q8';

interface FeatureExtraction {
  (text: string, options: { pooling: 'mean'; normalize?: boolean }): Promise<{ data: Float32Array | BigInt64Array }>;
  dispose(): Promise<void>;
}

export function pipeline(
  task: 'feature-extraction',
  model: string,
  options: { dtype: DataType; device: 'wasm' | 'cpu'; session_options?: object },
): Promise<FeatureExtraction>;

export class AutoTokenizer {
  static from_pretrained(model: string): Promise<AutoTokenizer>;
  encode(text: string): number[];
}

export const env: {
  allowRemoteModels: boolean;
  allowLocalModels: boolean;
  localModelPath: string;
  backends: { onnx: { wasm?: object } };
};
