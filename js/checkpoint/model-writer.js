// What the files of a model's folder hold, in the form in which `transformers` and sentence-transformers write them: everything but the
// encoder's numbers, which whoever has the encoder puts in.
import { classOf, problemTypeOf, settingsOf } from './head-class.js';
import { CRF_FILE, writeTransitions } from './head-settings.js';
import { encodeJson } from './json-writer.js';
import { modelCard } from './model-card.js';
import { nameInClass, nameInModel } from './own-names.js';
import { headModules, pipelineModules, writeModules } from './sentence-transformers-writer.js';
import { TEXT_TASKS } from './task-head.js';
import { layerTensors } from './written-tensors.js';

/** @typedef {import('./head-class.js').WrittenHead} WrittenHead */
/** @typedef {import('./head-class.js').HeadClass} HeadClass */
/** @typedef {import('./config.js').Config} Config */

/**
 * A tensor of model.safetensors. Those without `values` are the encoder's.
 * @typedef {object} ModelTensor
 * @property {string} name in the file
 * @property {number[]} shape
 * @property {Float32Array} [values] row by row
 * @property {string} [canonical] name of one without `values`
 */

/**
 * @typedef {object} ModelParts
 * @property {Record<string, unknown>} configJson the checkpoint's config.json
 * @property {Config} config
 * @property {{ name: string, shape: number[] }[]} encoder its tensors, by canonical name
 * @property {WrittenHead} [head]
 * @property {import('./masked-head.js').MaskedHead} [maskedHead]
 * @property {{ weight: Float32Array, bias: Float32Array }} [pooler]
 * @property {import('./sentence-transformers.js').SentencePipeline} [pipeline]
 * @property {import('../types.js').SaveDtype} dtype that the weights are written in
 */

/**
 * Plans the files. Throws BAD_INPUT for a head that no files of Python's libraries describe.
 * @param {ModelParts} parts
 * @returns {{ files: Record<string, Uint8Array<ArrayBuffer>>, tensors: ModelTensor[] }} `files`: all but those of the tokenizer and
 *   that of the weights, which holds `tensors`
 */
export function planModel({ configJson, config, encoder, head, maskedHead, pooler, pipeline, dtype }) {
  const { family } = config;
  const headClass = head && classOf(head, config);
  const className = `${family.className}${classSuffix(headClass, maskedHead)}`;
  const nameOf = (/** @type {string} */ name) =>
    (className.endsWith('Model') ? nameInModel : nameInClass)(name, family);
  const layers = headClass && !headClass.pooled ? headClass.layers : [];
  const tensors = [
    ...encoder.map(({ name, shape }) => ({ name: nameOf(name), shape: storedShape(name, shape), canonical: name })),
    ...(pooler && layers[0]?.[0] !== 'pooler.dense' ? layerTensors(nameOf('pooler.dense'), pooler) : []),
    ...layers.flatMap(([module, dense]) => layerTensors(nameOf(module), dense)),
    ...(maskedHead ? maskedTensors(maskedHead, config) : []),
  ];
  const isPooled = head && headClass?.pooled;
  const modules = isPooled ? headModules(head.network) : pipeline && pipelineModules(pipeline);
  const maxTokens = (!isPooled && pipeline?.maxTokens) || config.maxPositions;
  return {
    files: {
      'config.json': encodeJson(writtenConfig(configJson, config, { className, head, headClass, dtype })),
      ...(modules && writeModules(modules, config.hiddenSize, maxTokens, isPooled ? undefined : pipeline)),
      ...(head?.transitions && { [CRF_FILE]: writeTransitions(head.transitions) }),
      'README.md': modelCard({ className, head, headClass, isSentenceModel: modules !== undefined, dtype }),
    },
    tensors: tensors.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/**
 * How the name of the class ends.
 * @param {HeadClass | undefined} headClass
 * @param {unknown} maskedHead
 */
function classSuffix(headClass, maskedHead) {
  if (headClass && !headClass.pooled) return `For${headClass.suffix}`;
  return maskedHead ? 'ForMaskedLM' : 'Model';
}

/** The shape in files: the core takes a table of one row for a vector. @param {string} name @param {number[]} shape */
const storedShape = (name, shape) => (/_embeddings\.weight$/.test(name) && shape.length === 1 ? [1, ...shape] : shape);

/**
 * The tensors of a masked-LM head, without those that are the word embeddings, or the same as another.
 * @param {import('./masked-head.js').MaskedHead} head
 * @param {Config} config
 * @returns {ModelTensor[]}
 */
function maskedTensors({ transform, norm, decoder, bias }, { family, vocabSize }) {
  const names = family.maskedHead;
  const biases = decoder ? names.bias : names.bias.slice(-1);
  return [
    ...layerTensors(names.transform, transform),
    { name: `${names.norm}.weight`, shape: [norm.gamma.length], values: norm.gamma },
    { name: `${names.norm}.bias`, shape: [norm.beta.length], values: norm.beta },
    ...biases.map((name) => ({ name, shape: [vocabSize], values: bias })),
    ...(decoder
      ? [{ name: `${names.decoder}.weight`, shape: [vocabSize, decoder.length / vocabSize], values: decoder }]
      : []),
  ];
}

/** Of config.json: what is of the checkpoint's head, or of the numbers that it stored. */
const REPLACED = ['bertlet', 'id2label', 'label2id', 'num_labels', 'problem_type', 'torch_dtype'];

/**
 * The checkpoint's config.json for what is written.
 * @param {Record<string, unknown>} configJson
 * @param {Config} config
 * @param {{ className: string, head: ModelParts['head'], headClass: HeadClass | undefined, dtype: ModelParts['dtype'] }} written
 */
function writtenConfig(configJson, { vocabSize }, { className, head, headClass, dtype }) {
  const kept = Object.fromEntries(Object.entries(configJson).filter(([key]) => !REPLACED.includes(key)));
  const base = {
    ...kept,
    architectures: [className],
    vocab_size: vocabSize,
    dtype: dtype === 'f16' ? 'float16' : 'float32',
  };
  if (!head || !headClass) return base;
  const { labels } = head;
  const settings = settingsOf(head, headClass);
  return {
    ...base,
    ...(labels.length > 0 && {
      id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
      problem_type: keepsTask(configJson.problem_type, head) ? configJson.problem_type : problemTypeOf(head),
    }),
    // A cross-encoder's single logit counts as it is; without this it would go through a sigmoid.
    ...(head.ranking === 'none' && {
      sentence_transformers: {
        .../** @type {any} */ (configJson.sentence_transformers),
        activation_fn: 'torch.nn.modules.linear.Identity',
      },
    }),
    ...(Object.keys(settings).length > 0 && { bertlet: settings }),
  };
}

/**
 * Whether a checkpoint's problem_type says the task of a head; a single label goes through a sigmoid unless it says otherwise.
 * @param {unknown} problemType
 * @param {WrittenHead} head
 */
function keepsTask(problemType, { task, labels }) {
  const said = TEXT_TASKS.get(problemType) ?? 'text-classification';
  return said === task || (said === 'text-classification' && task === 'multi-label' && labels.length === 1);
}
