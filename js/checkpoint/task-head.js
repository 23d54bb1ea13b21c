// The task head of a checkpoint or an adapter: which of its tensors belong to the head, and the network that they make.
import { BertletError } from '../errors.js';

/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */
/** @typedef {import('../core/dense.js').Dense} Dense */
/** @typedef {import('../types.js').HeadTask} Task */

/**
 * What the configuration says of a head, before its tensors are read.
 * @typedef {object} HeadPlan
 * @property {Task} task
 * @property {string[] | undefined} labels by index; undefined if the files don't name them
 * @property {import('../core/dense.js').Pooling} pooling
 * @property {boolean} [normalize] whether the pooled vector is divided by its length; default false
 * @property {[module: string, activation: Dense['activation']][]} dense the layers' canonical names
 * @property {import('./adapter.js').Adapter} [adapter] if the head is the adapter's
 * @property {string} location URL or path of the file that describes the head, for messages
 */

/**
 * A head that is ready to use.
 * @typedef {object} TaskHead
 * @property {Task} task
 * @property {string[]} labels [outputs] the name of each logit; empty for question answering
 * @property {import('../core/dense.js').HeadNetwork} network
 * @property {import('./head-settings.js').StoredTransitions} [transitions] of an adapter's or a saved model's tags
 * @property {import('../types.js').FitReport} [report] how bertlet trained it
 * @property {'none' | 'sigmoid'} [ranking] what follows its single logit where documents are ranked; undefined: it can't rank
 */

/** Token classification. @type {HeadPlan['dense']} */
const TOKEN_LAYERS = [['classifier', 'none']];

/** Question answering. @type {HeadPlan['dense']} */
const ANSWER_LAYERS = [['qa_outputs', 'none']];

/** By problem_type; any other is 'text-classification'. @type {Map<unknown, Task>} */
export const TEXT_TASKS = new Map([
  ['multi_label_classification', 'multi-label'],
  ['regression', 'regression'],
]);

/** How the names of the classes in `transformers` end, after "For", by PEFT's task_type. */
const CLASS_SUFFIXES = new Map([
  ['SEQ_CLS', 'SequenceClassification'],
  ['TOKEN_CLS', 'TokenClassification'],
  ['QUESTION_ANS', 'QuestionAnswering'],
]);

/**
 * Which head the files describe: the adapter's if it has one, else the checkpoint's.
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @param {import('./adapter.js').Adapter | undefined} adapter
 * @param {string} configFile URL or path of config.json, for messages
 * @returns {HeadPlan | undefined} undefined if there is no head, or of a task that bertlet does not have
 */
export function planHead(json, family, adapter, configFile) {
  const fromAdapter = CLASS_SUFFIXES.get(adapter?.taskType ?? '');
  const suffix = fromAdapter ?? /.*For(\w+)"$/.exec(JSON.stringify(json.architectures?.[0]))?.[1];
  const labels = (fromAdapter && adapter?.labels) || labelsOf(json);
  const source =
    fromAdapter && adapter ? { labels, adapter, location: adapter.location } : { labels, location: configFile };
  if (suffix === 'TokenClassification')
    return { task: 'token-classification', pooling: 'none', dense: TOKEN_LAYERS, ...source };
  if (suffix === 'QuestionAnswering')
    return { task: 'question-answering', pooling: 'none', dense: ANSWER_LAYERS, ...source };
  if (suffix !== 'SequenceClassification') return undefined;

  const {
    pooling,
    normalize,
    problem_type: problemType = json.problem_type,
  } = (fromAdapter && adapter?.settings) || {};
  const task = TEXT_TASKS.get(problemType) ?? 'text-classification';
  if (pooling) return { task, pooling, normalize, dense: family.textHead.slice(-1), ...source };
  return { task, pooling: 'cls', dense: family.textHead, ...source };
}

/**
 * The names of the labels by index.
 * @param {any} json config.json
 * @returns {string[] | undefined} undefined if it does not have any
 */
export function labelsOf({ id2label }) {
  if (typeof id2label !== 'object' || id2label === null) return undefined;
  return Array.from({ length: Object.keys(id2label).length }, (_, id) => {
    const name = id2label[id] ?? `LABEL_${id}`;
    return typeof name === 'object' ? JSON.stringify(name) : String(name);
  });
}

/**
 * The canonical names of the tensors that a head needs.
 * @param {Pick<HeadPlan, 'dense'> | undefined} plan
 * @returns {Set<string>}
 */
export const headTensors = (plan) =>
  new Set(plan?.dense.flatMap(([module]) => [`${module}.weight`, `${module}.bias`]) ?? []);

/**
 * The canonical names of the tensors that heads of all tasks have.
 * @param {import('./families/family.js').Family} family
 * @returns {Set<string>}
 */
export const allHeadTensors = ({ textHead }) =>
  new Set(
    [...textHead, ...TOKEN_LAYERS, ...ANSWER_LAYERS].flatMap(([module]) => [`${module}.weight`, `${module}.bias`]),
  );

/**
 * The head from its tensors, with what its adapter's files say that it has learned besides. Throws MISSING_TENSOR or SHAPE_MISMATCH if they don't fit the plan.
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
  const learned = { network: { layer: numLayers, pooling, normalize, dense }, ...adapter?.learned };
  if (task === 'question-answering') {
    if (inputs === 2) return { task, labels: [], ...learned };
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
  const isMultiLabel = inputs === 1 && task === 'text-classification';
  return { task: isMultiLabel ? 'multi-label' : task, labels: names, ...learned };
}
