// The head for a task that a checkpoint or an adapter brings with it: which of its tensors make it, and what network they are.
import { BertletError } from '../errors.js';

/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */
/** @typedef {import('../core/dense.js').Dense} Dense */
/** @typedef {import('../types.js').HeadTask} Task */

/**
 * @typedef {object} HeadPlan
 * @property {Task} task
 * @property {string[] | undefined} labels by index, as far as the files say
 * @property {'cls' | 'mean' | 'none'} pooling
 * @property {[module: string, activation: Dense['activation']][]} dense
 * @property {import('./adapter.js').Adapter} [adapter] that brings the head
 * @property {string} where the head is from, in words
 */

/**
 * @typedef {object} TaskHead
 * @property {Task} task
 * @property {string[]} labels by index; none for question answering
 * @property {import('../core/dense.js').HeadNetwork} network
 * @property {'none' | 'sigmoid'} [ranking] what follows its single logit where documents are ranked; undefined: it can't rank
 */

/** @type {HeadPlan['dense']} */
const TOKENS = [['classifier', 'none']];

/** @type {HeadPlan['dense']} */
const SPANS = [['qa_outputs', 'none']];

/** By problem_type; any other is 'text-classification'. @type {Map<unknown, Task>} */
const TEXT_TASKS = new Map([
  ['multi_label_classification', 'multi-label'],
  ['regression', 'regression'],
]);

/** PEFT's task_type to how the name of a class of `transformers` ends. */
const TASK_TYPES = new Map([
  ['SEQ_CLS', 'ForSequenceClassification'],
  ['TOKEN_CLS', 'ForTokenClassification'],
  ['QUESTION_ANS', 'ForQuestionAnswering'],
]);

/**
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @param {import('./adapter.js').Adapter | undefined} adapter
 * @param {string} configFile
 * @returns {HeadPlan | undefined} undefined: there is no head, or none that bertlet knows
 */
export function planHead(json, family, adapter, configFile) {
  const fromAdapter = TASK_TYPES.get(adapter?.taskType ?? '');
  const architecture = String(fromAdapter ?? json.architectures?.[0] ?? '');
  const labels = (fromAdapter && adapter?.labels) || labelsOf(json);
  const source = fromAdapter && adapter ? { labels, adapter, where: adapter.where } : { labels, where: configFile };
  if (architecture.endsWith('ForTokenClassification'))
    return { task: 'token-classification', pooling: 'none', dense: TOKENS, ...source };
  if (architecture.endsWith('ForQuestionAnswering'))
    return { task: 'question-answering', pooling: 'none', dense: SPANS, ...source };
  if (!architecture.endsWith('ForSequenceClassification')) return undefined;

  const task = TEXT_TASKS.get(json.problem_type) ?? 'text-classification';
  if (fromAdapter && adapter?.pooling)
    return { task, pooling: adapter.pooling, dense: family.textHead.slice(-1), ...source };
  return { task, pooling: 'cls', dense: family.textHead, ...source };
}

/**
 * @param {any} json config.json
 * @returns {string[] | undefined}
 */
function labelsOf({ id2label }) {
  if (typeof id2label !== 'object' || id2label === null) return undefined;
  return Array.from({ length: Object.keys(id2label).length }, (_, id) => String(id2label[id] ?? `LABEL_${id}`));
}

/**
 * The canonical names of the tensors that a head needs.
 * @param {HeadPlan | undefined} plan
 * @returns {Set<string>}
 */
export const headTensors = (plan) =>
  new Set(plan?.dense.flatMap(([module]) => [`${module}.weight`, `${module}.bias`]) ?? []);

/**
 * @param {HeadPlan} plan
 * @param {Map<string, FloatTensor>} tensors
 * @param {{ hiddenSize: number, numLayers: number }} config
 * @returns {TaskHead}
 */
export function buildHead(
  { task, labels, pooling, dense: modules, adapter, where },
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
        `${where} promises a head for ${task}, but there is no tensor ${module}.${part}. Export the model again.`,
      );
    });
    if (weight.shape.length !== 2 || weight.shape[1] !== inputs || String(bias.shape) !== String(weight.shape[0])) {
      throw new BertletError(
        'SHAPE_MISMATCH',
        `The head's tensors ${module}.weight and ${module}.bias have shapes [${weight.shape}] and [${bias.shape}], which don't fit the ` +
          `${inputs} values that they get.`,
      );
    }
    inputs = bias.values.length;
    return { weight: weight.values, bias: bias.values, activation };
  });
  const network = { layer: numLayers, pooling, normalize: false, dense };
  if (task === 'question-answering') {
    if (inputs === 2) return { task, labels: [], network };
    throw new BertletError(
      'SHAPE_MISMATCH',
      `${where}: qa_outputs gives ${inputs} values; bertlet wants start and end.`,
    );
  }
  // The labels of the model's config.json may be those of another head than the adapter's.
  const foreign = adapter && !adapter.labels && labels?.length !== inputs;
  const names = (foreign ? undefined : labels) ?? Array.from({ length: inputs }, (_, id) => `LABEL_${id}`);
  if (names.length !== inputs) {
    throw new BertletError(
      'SHAPE_MISMATCH',
      `${where} names ${names.length} labels, but the head has ${inputs} outputs. They must be of the same model.`,
    );
  }
  // As the pipeline of `transformers`: a single output is a probability of its own.
  if (inputs === 1 && task === 'text-classification') return { task: 'multi-label', labels: names, network };
  return { task, labels: names, network };
}

/**
 * What follows the logit where a cross-encoder ranks documents, as sentence-transformers' CrossEncoder has it: what the files ask for, else a
 * sigmoid.
 * @param {any} json config.json
 * @param {any} settings config_sentence_transformers.json
 * @returns {TaskHead['ranking']} undefined: something that bertlet hasn't
 */
export function rankingOf(json, settings) {
  const name =
    json.sentence_transformers?.activation_fn ??
    json.sbert_ce_default_activation_function ??
    (settings.model_type === 'CrossEncoder' ? settings.activation_fn : undefined);
  if (typeof name !== 'string' || !name.startsWith('torch.')) return 'sigmoid'; // sentence-transformers runs no other code unasked
  return RANKINGS.get(name.split('.').at(-1) ?? '');
}

/** @type {Map<string, NonNullable<TaskHead['ranking']>>} */
const RANKINGS = new Map([
  ['Identity', 'none'],
  ['Sigmoid', 'sigmoid'],
]);
