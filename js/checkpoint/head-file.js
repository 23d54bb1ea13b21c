// A head as one file: safetensors, with everything that is not a tensor as JSON in its metadata.
import { BertletError } from '../errors.js';
import { parseSafetensors } from './safetensors.js';
import { writeSafetensors } from './safetensors-writer.js';

/** Version 1 had no activations, and knew text classification only. */
const VERSION = 2;

/** @typedef {import('../types.js').HeadTask} Task */

/**
 * @typedef {object} HeadData
 * @property {Task} task
 * @property {string[]} labels what the logits are of
 * @property {import('../core/dense.js').HeadNetwork} network
 * @property {import('../decode/viterbi.js').Transitions} [transitions] what a conditional random field has learned about tags that follow
 *   each other
 * @property {'none' | 'sigmoid'} [ranking] of a checkpoint's own head: what follows its single logit where documents are ranked
 * @property {string} baseModel what the base model was loaded from
 * @property {string} [adapter] what was merged into it
 * @property {string} fingerprint of the base model, with the adapter
 * @property {import('../types.js').FitReport} [report]
 */

/** @type {Task[]} */
const TASKS = ['text-classification', 'multi-label', 'token-classification', 'question-answering', 'regression'];
const POOLINGS = ['mean', 'cls', 'max', 'none'];
const ACTIVATIONS = ['none', 'gelu', 'relu', 'tanh'];

/**
 * The names of the layers' tensors, with which Python opens them: those of `sentence_transformers.models.Dense` on a pooled vector,
 * else of `BertForTokenClassification` and `BertForQuestionAnswering`. On [CLS] too it is Dense: `BertForSequenceClassification`
 * has a pooler in between.
 * @param {Task} task
 * @param {string} pooling
 * @param {number} layers
 * @param {string} [classifier]
 */
function layerNames(task, pooling, layers, classifier = pooling === 'none' ? 'classifier' : 'linear') {
  const last = task === 'question-answering' ? 'qa_outputs' : classifier;
  return Array.from({ length: layers }, (_, i) => (i === layers - 1 ? last : `hidden.${i}`));
}

/**
 * @param {HeadData} head
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeHead({ network, transitions, ...rest }) {
  const { dense, ...reading } = network;
  const names = layerNames(rest.task, reading.pooling, dense.length);
  /** @type {import('./safetensors-writer.js').WrittenTensor[]} */
  const tensors = dense.flatMap(({ weight, bias }, i) => [
    { name: `${names[i]}.weight`, shape: [bias.length, weight.length / bias.length], values: weight },
    { name: `${names[i]}.bias`, shape: [bias.length], values: bias },
  ]);
  if (transitions) {
    // The names of pytorch-crf.
    const { start, next, end } = transitions;
    tensors.push(
      { name: 'crf.start_transitions', shape: [start.length], values: start },
      { name: 'crf.transitions', shape: [start.length, start.length], values: next },
      { name: 'crf.end_transitions', shape: [start.length], values: end },
    );
  }
  const activations = dense.map(({ activation }) => activation);
  return writeSafetensors(tensors, {
    format: 'pt',
    bertlet: JSON.stringify({ version: VERSION, ...rest, ...reading, activations }),
  });
}

/** @param {string} what */
const bad = (what) =>
  new BertletError('BAD_HEAD', `This is not a head that bertlet saved: ${what}. Use what head.save() gave.`);

/**
 * @param {Uint8Array} bytes
 * @returns {HeadData}
 */
export function readHead(bytes) {
  const { header, read } = parse(bytes);
  let json;
  try {
    json = JSON.parse(header.metadata.bertlet);
  } catch {
    throw bad('its metadata lack a "bertlet" entry');
  }
  if (json?.version !== VERSION) {
    throw new BertletError(
      'BAD_HEAD',
      `This head has version ${json?.version} of the format; this bertlet reads version ${VERSION}. Train it again.`,
    );
  }
  const { task, labels, layer, pooling, normalize, activations, baseModel, adapter, fingerprint, report } = json;
  if (!TASKS.includes(task)) throw bad(`its task is "${task}"`);
  const forAnswers = task === 'question-answering'; // whose two logits have no labels
  const least = forAnswers ? 0 : task === 'multi-label' || task === 'regression' ? 1 : 2;
  if (!Array.isArray(labels) || labels.length < least || labels.some((label) => typeof label !== 'string'))
    throw bad('it has no labels');
  if (!POOLINGS.includes(pooling) || typeof normalize !== 'boolean' || !Number.isInteger(layer) || layer < 0)
    throw bad('it does not say what it reads');
  if (!Array.isArray(activations) || activations.length < 1 || !activations.every((name) => ACTIVATIONS.includes(name)))
    throw bad('it does not say what its layers compute');
  if (typeof baseModel !== 'string' || typeof fingerprint !== 'string') throw bad('it does not name its base model');

  // Heads on [CLS] once had the name that heads for tokens have.
  const older = header.tensors.some(({ name }) => name === 'classifier.weight') ? 'classifier' : undefined;
  const dense = layerNames(task, pooling, activations.length, older).map((name, i) => {
    const weight = read(`${name}.weight`);
    const bias = read(`${name}.bias`);
    if (weight.shape.length !== 2 || String(bias.shape) !== String(weight.shape[0]) || weight.values.length === 0)
      throw bad(`tensors ${name} have the shapes [${weight.shape}] and [${bias.shape}]`);
    return { weight: weight.values, bias: bias.values, activation: activations[i], inputs: weight.shape[1] };
  });
  dense.forEach(({ inputs }, i) => {
    if (i > 0 && inputs !== dense[i - 1].bias.length) throw bad(`its layers ${i - 1} and ${i} don't fit together`);
  });
  const outputs = dense[dense.length - 1].bias.length;
  if (outputs !== (forAnswers ? 2 : labels.length))
    throw bad(`${labels.length} labels don't go with ${outputs} outputs`);
  return {
    task,
    labels,
    network: {
      layer,
      pooling,
      normalize,
      dense: dense.map(({ weight, bias, activation }) => ({ weight, bias, activation })),
    },
    ...(header.tensors.some(({ name }) => name === 'crf.transitions') && {
      transitions: readTransitions(read, labels.length),
    }),
    baseModel,
    ...(typeof adapter === 'string' && { adapter }),
    fingerprint,
    report,
  };
}

/**
 * @param {(name: string) => { shape: number[], values: Float32Array }} read
 * @param {number} tags
 * @returns {import('../decode/viterbi.js').Transitions}
 */
function readTransitions(read, tags) {
  const get = (/** @type {string} */ name, /** @type {number[]} */ wanted) => {
    const { shape, values } = read(`crf.${name}`);
    if (String(shape) !== String(wanted)) throw bad(`tensor crf.${name} has the shape [${shape}], not [${wanted}]`);
    return Float64Array.from(values);
  };
  return {
    start: get('start_transitions', [tags]),
    next: get('transitions', [tags, tags]),
    end: get('end_transitions', [tags]),
  };
}

/** @param {Uint8Array} bytes */
function parse(bytes) {
  let header;
  try {
    header = parseSafetensors(bytes, 'The head');
  } catch (error) {
    throw new BertletError('BAD_HEAD', /** @type {Error} */ (error).message, { cause: error });
  }
  const data = bytes.subarray(header.dataStart);
  /** @param {string} name */
  const read = (name) => {
    const found = header.tensors.find((one) => one.name === name);
    if (found?.dtype !== 'F32') throw bad(`it has no tensor ${name} of type F32`);
    const view = new DataView(data.buffer, data.byteOffset + found.begin, found.end - found.begin);
    const values = Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
    if (!values.every(Number.isFinite)) throw bad(`tensor ${name} holds NaN or infinity`);
    return { shape: found.shape, values };
  };
  return { header, read };
}
