// onnxruntime-web's WebAssembly backend: SIMD on, every graph optimization, in the calling thread.
import * as ort from 'onnxruntime-web/wasm';
import { encoder, readModel } from './onnxruntime.js';

/** @type {import('../suites/suite.js').Contender<import('../suites/encoder.js').Encoder>} */
export const onnxruntimeWeb = {
  name: 'onnxruntime-web',
  dtypes: ['f32', 'int8'],
  async create(place, dtype, threads) {
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.simd = true;
    ort.env.logLevel = 'error';
    if (place.wasm) ort.env.wasm.wasmPaths = place.wasm;
    const session = await ort.InferenceSession.create(await readModel(place, dtype), {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
    });
    return encoder(ort, session);
  },
};
