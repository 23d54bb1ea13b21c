// What onnxruntime-web and onnxruntime-node have in common: the exported files, and sessions over int64 tensors.

/** The file of each type of weights, as export_onnx.py names them. @type {Record<import('../suites/suite.js').Dtype, string>} */
const FILES = { f32: 'onnx/model.onnx', int8: 'onnx/model_quantized.onnx' };

/**
 * @param {import('../suites/suite.js').Place} place
 * @param {import('../suites/suite.js').Dtype} dtype
 */
export const readModel = ({ exported, read }, dtype) => read(`${exported}/${FILES[dtype]}`);

/**
 * @param {typeof import('onnxruntime-common')} ort
 * @param {import('onnxruntime-common').InferenceSession} session
 * @returns {import('../suites/encoder.js').Encoder}
 */
export function encoder(ort, session) {
  return {
    prepare(ids, batch, tokens) {
      const tensor = (/** @type {BigInt64Array} */ data) => new ort.Tensor('int64', data, [batch, tokens]);
      const feeds = {
        input_ids: tensor(BigInt64Array.from(ids, BigInt)),
        attention_mask: tensor(new BigInt64Array(ids.length).fill(1n)),
        token_type_ids: tensor(new BigInt64Array(ids.length)),
      };
      return async () => {
        const { last_hidden_state: hidden } = await session.run(feeds);
        return /** @type {Float32Array} */ (hidden.data);
      };
    },
    dispose: () => session.release(),
  };
}
