// Writes and reads a head as one safetensors file. What is not a tensor is JSON in its metadata; docs/formats.md describes it.
import { BertletError } from '../errors.js';
import { parseSafetensors } from './safetensors.js';
import { writeSafetensors } from './safetensors-writer.js';
import { deltaNames, deltaTensors, layerTensors, readTransitionTensors, transitionTensors } from './written-tensors.js';

/** Version of the format. The first one had no activations, and only heads for text classification. */
const VERSION = 2;

/** That of a head with an adapter of its own, which a reader that knows none must refuse. */
const ADAPTED = 3;

/** Of the names of transitions. */
const CRF = 'crf.';

/** @typedef {import('../types.js').HeadTask} Task */

/**
 * Everything that a head is.
 * @typedef {object} HeadData
 * @property {Task} task
 * @property {string[]} labels [outputs] the name of each logit; empty for question answering, and for an adapter alone
 * @property {import('../core/dense.js').HeadNetwork} network without layers for 'sentence-similarity'
 * @property {import('../decode/viterbi.js').Transitions} [transitions] scores for tags that follow each other, which a conditional random
 *   field has learned
 * @property {'none' | 'sigmoid'} [ranking] of a checkpoint's own head: what follows its single logit where documents are ranked
 * @property {string} baseModel the base model, as the caller of `load` named it
 * @property {string} [adapter] the adapter that was merged into it, as the caller of `load` named it
 * @property {string} fingerprint `info.fingerprint` of the base model with the adapter
 * @property {import('../types.js').FitReport} [report] how it was trained; a checkpoint's head has none
 */

/** @type {Task[]} */
const TASKS = [
  'text-classification',
  'multi-label',
  'token-classification',
  'question-answering',
  'regression',
  'sentence-similarity',
];
const POOLINGS = ['mean', 'cls', 'max', 'none'];
const ACTIVATIONS = ['none', 'gelu', 'relu', 'tanh'];

/**
 * The names of the dense layers in the file, by which Python opens the last one: `linear` for `sentence_transformers.models.Dense` if
 * the head reads pooled vectors, else `classifier` for `BertForTokenClassification` or `qa_outputs` for `BertForQuestionAnswering`.
 * (`BertForSequenceClassification` would not do for [CLS], since it has a pooler below the classifier.)
 * @param {Task} task
 * @param {string} pooling
 * @param {number} layers number of them
 * @param {string} [classifier] name of a classifier's last layer
 * @returns {string[]} [layers]
 */
function layerNames(task, pooling, layers, classifier = pooling === 'none' ? 'classifier' : 'linear') {
  const last = task === 'question-answering' ? 'qa_outputs' : classifier;
  return Array.from({ length: layers }, (_, i) => (i === layers - 1 ? last : `hidden.${i}`));
}

/** The module of a weight. @param {string} tensor its canonical name */
const moduleOf = (tensor) => tensor.replace(/\.weight$/, '');

/**
 * Writes a head.
 * @param {HeadData} head
 * @returns {Uint8Array<ArrayBuffer>} the file's bytes
 */
export function writeHead({ network, transitions, ...rest }) {
  const { dense, lora, ...featureSpec } = network;
  const names = layerNames(rest.task, featureSpec.pooling, dense.length);
  /** @type {import('./safetensors-writer.js').WrittenTensor[]} */
  const tensors = [
    ...dense.flatMap((layer, i) => layerTensors(names[i], layer)),
    ...(transitions ? transitionTensors(transitions, CRF) : []),
    ...[...(lora ?? [])].flatMap(([name, delta]) => deltaTensors(moduleOf(name), delta)),
  ];
  const scales = lora && { lora: Object.fromEntries([...lora].map(([name, { scale }]) => [name, scale])) };
  const activations = dense.map(({ activation }) => activation);
  return writeSafetensors(tensors, {
    format: 'pt',
    bertlet: JSON.stringify({
      version: lora || network.ignoreTokenTypes !== undefined ? ADAPTED : VERSION,
      ...rest,
      ...featureSpec,
      activations,
      ...scales,
    }),
  });
}

/** @param {string} what what is wrong, as a clause */
const badHead = (what) =>
  new BertletError('BAD_HEAD', `This is not a head that bertlet saved: ${what}. Use a file that head.save() made.`);

/**
 * Reads a head. Throws BAD_HEAD if it is damaged, of another version, or not a head.
 * @param {Uint8Array} bytes of the file
 * @returns {HeadData} copies of the tensors
 */
export function readHead(bytes) {
  const { header, read } = parse(bytes);
  let json;
  try {
    json = JSON.parse(header.metadata.bertlet);
  } catch {
    throw badHead('its metadata lack a "bertlet" entry');
  }
  if (json?.version !== VERSION && json?.version !== ADAPTED) {
    throw new BertletError(
      'BAD_HEAD',
      `This head has ${typeof json?.version === 'number' ? `version ${json.version}` : 'another version'} of the format; this bertlet reads versions ${VERSION} and ${ADAPTED}. Train it again.`,
    );
  }
  const {
    task,
    labels,
    layer,
    pooling,
    normalize,
    activations,
    baseModel,
    adapter,
    fingerprint,
    report,
    lora,
    ignoreTokenTypes,
  } = json;
  if (!TASKS.includes(task)) throw badHead(`its task is none of ${TASKS.join(', ')}`);
  const forAnswers = task === 'question-answering'; // its two logits, start and end, have no labels
  const isAdapter = task === 'sentence-similarity'; // which has no layers of its own
  const minLabels = forAnswers || isAdapter ? 0 : task === 'multi-label' || task === 'regression' ? 1 : 2;
  if (!Array.isArray(labels) || labels.length < minLabels || labels.some((label) => typeof label !== 'string'))
    throw badHead('it has no labels');
  if (!POOLINGS.includes(pooling) || typeof normalize !== 'boolean' || !Number.isInteger(layer) || layer < 0)
    throw badHead('it does not say what it reads');
  const minLayers = isAdapter ? 0 : 1;
  if (
    !Array.isArray(activations) ||
    activations.length < minLayers ||
    !activations.every((name) => ACTIVATIONS.includes(name))
  )
    throw badHead('it does not say what its layers compute');
  if (typeof baseModel !== 'string' || typeof fingerprint !== 'string')
    throw badHead('it does not name its base model');

  // An earlier bertlet called the layer of a head on [CLS] `classifier`, too.
  const classifier = header.tensors.some(({ name }) => name === 'classifier.weight') ? 'classifier' : undefined;
  const dense = layerNames(task, pooling, activations.length, classifier).map((name, i) => {
    const weight = read(`${name}.weight`);
    const bias = read(`${name}.bias`);
    if (weight.shape.length !== 2 || String(bias.shape) !== String(weight.shape[0]) || weight.values.length === 0)
      throw badHead(`tensors ${name} have the shapes [${weight.shape}] and [${bias.shape}]`);
    return { weight: weight.values, bias: bias.values, activation: activations[i], inputs: weight.shape[1] };
  });
  dense.forEach(({ inputs }, i) => {
    if (i > 0 && inputs !== dense[i - 1].bias.length) throw badHead(`its layers ${i - 1} and ${i} don't fit together`);
  });
  const outputs = dense.at(-1)?.bias.length ?? 0;
  if (outputs !== (forAnswers ? 2 : labels.length))
    throw badHead(`${labels.length} labels don't fit ${outputs} outputs`);
  return {
    task,
    labels,
    network: {
      layer,
      pooling,
      normalize,
      dense: dense.map(({ weight, bias, activation }) => ({ weight, bias, activation })),
      ...(lora !== undefined && { lora: readLora(read, lora) }),
      ...(typeof ignoreTokenTypes === 'boolean' && { ignoreTokenTypes }),
    },
    ...(header.tensors.some(({ name }) => name === `${CRF}transitions`) && {
      transitions: readTransitions(read, labels.length),
    }),
    baseModel,
    ...(typeof adapter === 'string' && { adapter }),
    fingerprint,
    report,
  };
}

/**
 * The adapter. Throws BAD_HEAD.
 * @param {(name: string) => { shape: number[], values: Float32Array }} read
 * @param {unknown} scales by the names of the tensors that it changes
 * @returns {import('../core/dense.js').Lora}
 */
function readLora(read, scales) {
  const entries = Object.entries(typeof scales === 'object' && scales !== null ? scales : {});
  if (entries.length === 0 || !entries.every(([, scale]) => Number.isFinite(scale)))
    throw badHead('it does not say what its adapter changes');
  return new Map(
    entries.map(([tensor, scale]) => {
      const [a, b] = deltaNames(moduleOf(tensor)).map(read);
      const [rank, columns] = a.shape;
      const rows = b.shape[0];
      if (a.shape.length !== 2 || b.shape.length !== 2 || b.shape[1] !== rank || !(rank > 0))
        throw badHead(`the adapter of ${tensor} has tensors of the shapes [${a.shape}] and [${b.shape}]`);
      return [tensor, { a: a.values, b: b.values, rank, rows, columns, scale }];
    }),
  );
}

/**
 * The transitions of a conditional random field. Throws BAD_HEAD.
 * @param {(name: string) => { shape: number[], values: Float32Array }} read
 * @param {number} tags number of them
 * @returns {import('../decode/viterbi.js').Transitions}
 */
function readTransitions(read, tags) {
  const get = (/** @type {string} */ name, /** @type {number[]} */ expected) => {
    const { shape, values } = read(name);
    if (String(shape) !== String(expected)) throw badHead(`tensor ${name} has the shape [${shape}], not [${expected}]`);
    return Float64Array.from(values);
  };
  return readTransitionTensors(get, tags, CRF);
}

/**
 * The header, and a function that copies a tensor's numbers by its name. Both throw BAD_HEAD.
 * @param {Uint8Array} bytes of the file
 */
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
    const found = header.tensors.find((tensor) => tensor.name === name);
    if (found?.dtype !== 'F32') throw badHead(`it has no tensor ${name} of type F32`);
    const view = new DataView(data.buffer, data.byteOffset + found.begin, found.end - found.begin);
    const values = Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
    if (!values.every(Number.isFinite)) throw badHead(`tensor ${name} holds NaN or infinity`);
    return { shape: found.shape, values };
  };
  return { header, read };
}
