// The tensors of a model in the core, as it names and numbers them.
import { TENSOR_NAME_BYTES } from './abi.js';

/**
 * A tensor of the encoder.
 * @typedef {object} CoreTensor
 * @property {number} index the core's number for it
 * @property {number[]} shape
 */

/**
 * The tensors that the encoder needs, by canonical name, in the core's order.
 * @param {import('./instance.js').Core} core
 * @param {number} model address of the bertlet_model
 * @returns {Map<string, CoreTensor>}
 */
export function tensorsOf(core, model) {
  const tensors = new Map();
  const name = core.scratch(TENSOR_NAME_BYTES);
  for (let index = 0; index < core.fn.tensor_count(model); index++) {
    const length = core.fn.tensor_name(model, index, name);
    const rows = core.fn.tensor_rows(model, index);
    const columns = core.fn.tensor_columns(model, index);
    const shape = rows === 1 ? [columns] : [rows, columns];
    tensors.set(new TextDecoder().decode(core.bytes(name, length).slice()), { index, shape });
  }
  return tensors;
}
