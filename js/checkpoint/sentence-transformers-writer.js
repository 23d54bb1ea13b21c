// Writes the files by which sentence-transformers knows what follows the encoder, in the form that all its versions read.
import { encodeJson } from './json-writer.js';
import { writeSafetensors } from './safetensors-writer.js';
import { layerTensors } from './written-tensors.js';

/** @typedef {import('../core/dense.js').Dense} Dense */
/** @typedef {import('./sentence-transformers.js').SentencePipeline} SentencePipeline */

/** A module after the encoder. @typedef {{ pooling: 'mean' | 'cls' | 'max', includesPrompt: boolean } | { dense: Dense } | 'Normalize'} Module */

/** By activation. @type {Map<string, string>} */
const ACTIVATIONS = new Map([
  ['none', 'torch.nn.modules.linear.Identity'],
  ['tanh', 'torch.nn.modules.activation.Tanh'],
  ['relu', 'torch.nn.modules.activation.ReLU'],
  ['gelu', 'torch.nn.modules.activation.GELU'],
]);

/** The modules of sentence vectors. @param {SentencePipeline} pipeline @returns {Module[]} */
export const pipelineModules = ({ pooling, includesPrompt, dense, normalize }) => [
  { pooling, includesPrompt },
  ...dense.map((one) => ({ dense: one })),
  ...(normalize ? [/** @type {const} */ ('Normalize')] : []),
];

/** The modules that give a head's logits. @param {import('../core/dense.js').HeadNetwork} network @returns {Module[]} */
export const headModules = ({ pooling, normalize, dense }) => [
  { pooling: /** @type {'mean'} */ (pooling), includesPrompt: true },
  ...(normalize ? [/** @type {const} */ ('Normalize')] : []),
  ...dense.map((one) => ({ dense: one })),
];

/**
 * @param {Module[]} modules after the encoder
 * @param {number} hiddenSize
 * @param {number} maxTokens to how many tokens texts are cut
 * @param {SentencePipeline} [pipeline] whose prompts they have
 * @returns {Record<string, Uint8Array<ArrayBuffer>>} by name
 */
export function writeModules(modules, hiddenSize, maxTokens, pipeline) {
  /** @type {Record<string, Uint8Array<ArrayBuffer>>} */
  const files = {};
  const entries = [{ idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' }];
  let size = hiddenSize;
  modules.forEach((module, i) => {
    const kind = module === 'Normalize' ? module : 'dense' in module ? 'Dense' : 'Pooling';
    const path = `${i + 1}_${kind}`;
    entries.push({ idx: i + 1, name: String(i + 1), path, type: `sentence_transformers.models.${kind}` });
    if (module === 'Normalize') return;
    if ('dense' in module) {
      const { bias, activation } = module.dense;
      const linear = { in_features: size, out_features: bias.length, bias: true };
      files[`${path}/config.json`] = encodeJson({ ...linear, activation_function: ACTIVATIONS.get(activation) });
      files[`${path}/model.safetensors`] = writeSafetensors(layerTensors('linear', module.dense), { format: 'pt' });
      size = bias.length;
      return;
    }
    const modes = { cls: 'cls_token', mean: 'mean_tokens', max: 'max_tokens' };
    files[`${path}/config.json`] = encodeJson({
      word_embedding_dimension: size,
      ...Object.fromEntries(
        Object.entries(modes).map(([mode, name]) => [`pooling_mode_${name}`, mode === module.pooling]),
      ),
      include_prompt: module.includesPrompt,
    });
  });
  const { prompts = {}, defaultPrompt, similarity = null } = pipeline ?? {};
  const [defaultName = null] = Object.entries(prompts).find(([, text]) => text === defaultPrompt) ?? [];
  return {
    ...files,
    'modules.json': encodeJson(entries),
    'sentence_bert_config.json': encodeJson({ max_seq_length: maxTokens, do_lower_case: false }),
    'config_sentence_transformers.json': encodeJson({
      prompts,
      default_prompt_name: defaultName,
      similarity_fn_name: similarity,
    }),
  };
}
