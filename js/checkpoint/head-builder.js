// The task head of a checkpoint or an adapter, made of its tensors.
import { BertletError } from '../errors.js';

/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */
/** @typedef {import('../core/dense.js').Dense} Dense */
/** @typedef {import('./task-head.js').HeadPlan} HeadPlan */
/** @typedef {import('./task-head.js').TaskHead} TaskHead */

/**
 * The head from its tensors. Throws MISSING_TENSOR or SHAPE_MISMATCH if they don't fit the plan.
 * @param {HeadPlan} plan
 * @param {Map<string, FloatTensor>} tensors by canonical name; not copied
 * @param {{ hiddenSize: number, numLayers: number }} config of the encoder
 * @returns {TaskHead}
 */
export function buildHead(
  { task, labels, pooling, normalize = false, dense: modules, adapter, location },
  tensors,
  { hiddenSize, numLayers },
) {
  let inputs = hiddenSize;
  /** @type {Dense[]} */
  const dense = modules.map(([module, activation]) => {
    const [weight, bias] = ['weight', 'bias'].map((part) => {
      const tensor = tensors.get(`${module}.${part}`);
      if (tensor) return tensor;
      throw new BertletError(
        'MISSING_TENSOR',
        `${location} describes a head for ${task}, but there is no tensor ${module}.${part}. Export the model again.`,
      );
    });
    const [outputs, columns, ...more] = weight.shape;
    if (!outputs || columns !== inputs || more.length > 0 || String(bias.shape) !== String(outputs)) {
      throw new BertletError(
        'SHAPE_MISMATCH',
        `The head's tensors ${module}.weight and ${module}.bias have shapes [${weight.shape}] and [${bias.shape}], which don't fit ` +
          `the ${inputs} values that they get.`,
      );
    }
    inputs = bias.values.length;
    return { weight: weight.values, bias: bias.values, activation };
  });
  const network = { layer: numLayers, pooling, normalize, dense };
  if (task === 'question-answering') {
    if (inputs === 2) return { task, labels: [], network };
    throw new BertletError(
      'SHAPE_MISMATCH',
      `${location}: qa_outputs gives ${inputs} values; it must give two, start and end.`,
    );
  }
  // If an adapter does not name its labels, those of config.json may be of another head.
  const unrelated = adapter && !adapter.labels && labels?.length !== inputs;
  const names = (unrelated ? undefined : labels) ?? Array.from({ length: inputs }, (_, id) => `LABEL_${id}`);
  if (names.length !== inputs) {
    throw new BertletError(
      'SHAPE_MISMATCH',
      `${location} names ${names.length} labels, but the head has ${inputs} outputs. They must be of the same model.`,
    );
  }
  // As in the pipeline of `transformers`, a single output goes through a sigmoid.
  if (inputs === 1 && task === 'text-classification') return { task: 'multi-label', labels: names, network };
  return { task, labels: names, network };
}
