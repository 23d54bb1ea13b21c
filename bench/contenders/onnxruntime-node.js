// onnxruntime's native build, through its Node binding.
import * as ort from 'onnxruntime-node';
import { encoder, readModel } from './onnxruntime.js';

/** @type {import('../suites/suite.js').Contender<import('../suites/encoder.js').Encoder>} */
export const onnxruntimeNode = {
  name: 'onnxruntime native',
  dtypes: ['f32', 'int8'],
  async create(place, dtype, threads) {
    const session = await ort.InferenceSession.create(await readModel(place, dtype), {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    return encoder(ort, session);
  },
};
