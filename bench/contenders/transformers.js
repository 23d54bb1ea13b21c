// transformers.js: its feature-extraction pipeline, on onnxruntime-web in a page and on native onnxruntime in Node, and its
// tokenizer.
import { AutoTokenizer, env, pipeline } from '@huggingface/transformers';

/** Its names for the types of weights. @type {Record<import('../suites/suite.js').Dtype, import('@huggingface/transformers').DataType>} */
const DTYPES = { f32: 'fp32', int8: 'q8' };

const name = 'transformers.js';

/**
 * Makes it look for the model in a folder of ours.
 * @param {string} exported
 * @returns {string} the model's id
 */
function localModel(exported) {
  const [, folder, id] = /** @type {RegExpExecArray} */ (/^(.*\/)([^/]+\/[^/]+)$/.exec(exported));
  Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: folder });
  return id;
}

/** @type {import('../suites/suite.js').Contender<import('../suites/texts.js').Embedder>} */
export const transformersJs = {
  name,
  dtypes: ['f32', 'int8'],
  async create({ exported, wasm }, dtype, threads) {
    if (wasm) Object.assign(/** @type {object} */ (env.backends.onnx.wasm), { wasmPaths: wasm, numThreads: threads });
    const extract = await pipeline('feature-extraction', localModel(exported), {
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

/** @type {import('../suites/suite.js').Contender<import('../suites/tokenizer.js').Splitter, ''>} */
export const transformersTokenizer = {
  name,
  dtypes: [''],
  async create({ exported }) {
    const tokenizer = await AutoTokenizer.from_pretrained(localModel(exported));
    return { ids: (text) => tokenizer.encode(text) };
  },
};
