// Which class of `transformers` computes a head, and under which names its layers stand there: for folders that Python opens.
import { BertletError } from '../errors.js';

/** @typedef {import('../core/dense.js').Dense} Dense */
/** @typedef {import('./families/family.js').Family} Family */
/** @typedef {import('./task-head.js').TaskHead | import('./head-file.js').HeadData} WrittenHead */
/** @typedef {import('./head-settings.js').HeadSettings} HeadSettings */

/**
 * @typedef {object} HeadClass
 * @property {'SequenceClassification' | 'TokenClassification' | 'QuestionAnswering' | 'FeatureExtraction'} suffix how the name of the class ends,
 *   after "For"; of an adapter without a head PEFT's word for the class that has none
 * @property {[module: string, dense: Dense][]} layers with their canonical names; if the head is `pooled`, no class has more of them than
 *   the last
 * @property {boolean} pooled whether it reads a vector of the tokens that no class reads
 */

/**
 * Throws BAD_INPUT for a head that no files of Python's libraries describe.
 * @param {WrittenHead} head
 * @param {Pick<import('./config.js').Config, 'family' | 'numLayers' | 'hiddenSize'>} config
 * @returns {HeadClass}
 */
export function classOf({ task, network }, { family, numLayers, hiddenSize }) {
  const { layer, pooling, normalize, dense } = network;
  if (layer !== numLayers)
    throw notWritten(`reads layer ${layer} of ${numLayers}, but the classes of Python's libraries read the last one`);
  if (task === 'sentence-similarity') return { suffix: 'FeatureExtraction', layers: [], pooled: true };
  if (pooling === 'none') {
    const forAnswers = task === 'question-answering';
    if (dense.length > 1 || normalize)
      throw notWritten('has more than one layer, but the class of transformers has one');
    return forAnswers
      ? { suffix: 'QuestionAnswering', layers: [['qa_outputs', dense[0]]], pooled: false }
      : { suffix: 'TokenClassification', layers: [['classifier', dense[0]]], pooled: false };
  }
  const suffix = 'SequenceClassification';
  const own = family.textHead;
  const isOwn =
    pooling === 'cls' &&
    !normalize &&
    dense.length === own.length &&
    dense.every(
      ({ bias, activation }, i) => activation === own[i][1] && (i === own.length - 1 || bias.length === hiddenSize),
    );
  if (isOwn) return { suffix, layers: dense.map((one, i) => [own[i][0], one]), pooled: false };
  const [last] = own[own.length - 1];
  return { suffix, layers: dense.map((one, i) => [i === dense.length - 1 ? last : `hidden.${i}`, one]), pooled: true };
}

/** @param {string} why */
const notWritten = (why) =>
  new BertletError('BAD_INPUT', `This head ${why}. head.save() gives it as a file that bertlet loads.`);

/** config.json's problem_type by a task of texts. @type {Map<string, string>} */
const PROBLEM_TYPES = new Map([
  ['text-classification', 'single_label_classification'],
  ['multi-label', 'multi_label_classification'],
  ['regression', 'regression'],
]);

/**
 * problem_type of config.json.
 * @param {WrittenHead} head
 * @returns {string | undefined} undefined if it is not for texts
 */
export const problemTypeOf = ({ task }) => PROBLEM_TYPES.get(task);

/**
 * What bertlet's own part of the files says of a head.
 * @param {WrittenHead} head
 * @param {HeadClass} headClass
 * @returns {HeadSettings}
 */
export function settingsOf({ network, transitions, report }, { pooled }) {
  const { pooling, normalize } = network;
  return {
    ...(pooled && { pooling: /** @type {'mean'} */ (pooling), normalize }),
    ...(transitions && { crf: true }),
    ...(report && { report }),
  };
}
