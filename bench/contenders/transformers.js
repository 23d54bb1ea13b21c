// transformers.js's feature-extraction pipeline: on onnxruntime-web in a page, on native onnxruntime in Node.
import { env, pipeline } from '@huggingface/transformers';

/** Its names for the types of weights. @type {Record<string, import('@huggingface/transformers').DataType>} */
const DTYPES = { f32: 'fp32', int8: 'q8' };

/** @type {import('../suite.js').Contender<import('../suite.js').Embedder>} */
export const transformersJs = {
  name: 'transformers.js',
  dtypes: ['f32', 'int8'],
  async create({ exported, wasm }, dtype, threads) {
    env.allowRemoteModels = false;
    env.allowLocalModels = true;
    const [, folder, id] = /** @type {RegExpExecArray} */ (/^(.*\/)([^/]+\/[^/]+)$/.exec(exported));
    env.localModelPath = folder;
    if (wasm) Object.assign(/** @type {object} */ (env.backends.onnx.wasm), { wasmPaths: wasm, numThreads: threads });
    const extract = await pipeline('feature-extraction', id, {
      dtype: DTYPES[dtype],
      device: wasm ? 'wasm' : 'cpu',
      session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
    });
    return {
      // One text a call: batches of mixed length are padded, and at every size that was tried they were not faster.
      async embed(texts) {
        const vectors = [];
        for (const text of texts) {
          const { data } = await extract(text, { pooling: 'mean', normalize: true });
          vectors.push(/** @type {Float32Array} */ (data));
        }
        return vectors;
      },
      dispose: () => extract.dispose(),
    };
  },
};
