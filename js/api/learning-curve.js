// The caller's side of `learningCurve`: checks of examples and options; mean and standard deviation of what the worker measured.
import { BertletError } from '../errors.js';
import { meanAndStd } from '../metrics/sample.js';
import { callOptions } from './call-options.js';
import { contrastiveSteps, EPOCHS, TUNING, tuningOptions } from './fit/tuning.js';
import { checkChoice, checkInteger, rejectUnknownOptions } from './options.js';
import { checkExamples, labelNames } from './examples.js';

/** The default of `sizes`, as far as there are enough examples; contrastive tuning makes pairs of one label, and needs three of it. */
const SIZES = [1, 2, 4, 8, 16, 32, 64];
const FEWEST_CONTRASTED = 3;

/**
 * The names of the options of each method.
 * @type {Record<NonNullable<import('../types.js').CurveOptions['method']>, (tune: import('../types.js').CurveOptions['tune']) => string[]>}
 */
const OPTIONS = {
  head: () => [],
  lora: () => [...EPOCHS, ...TUNING.lora],
  layers: () => [...EPOCHS, ...TUNING.layers],
  full: () => EPOCHS,
  contrastive: (tune) => [...contrastiveSteps(tune), 'rounds'],
};

/**
 * See `Model.learningCurve`.
 * @param {import('../rpc/connection.js').Caller} connection
 * @param {import('../types.js').ModelInfo} info
 * @param {import('../types.js').Example[]} examples
 * @param {import('../types.js').CurveOptions & import('../types.js').TaskOptions} options
 */
export async function learningCurve(connection, info, examples, { signal, onProgress, onWarning, ...options }) {
  const { test, sizes, draws, baseline, c, method, ...given } = options;
  const tuning = curveTuning(method, given, info);
  const params = {
    ...curveParams(examples, { test, sizes, draws, baseline, c }, method === 'contrastive' ? FEWEST_CONTRASTED : 1),
    tuning,
  };
  return summarize(await connection.call('learningCurve', params, callOptions({ signal, onProgress, onWarning })));
}

/**
 * Parameters for the worker. Throws BAD_INPUT, NO_EXAMPLES, BAD_LABELS or ONE_CLASS.
 * @param {import('../types.js').Example[]} examples
 * @param {import('../types.js').CurveOptions} options
 * @param {number} fewest examples of a label that the method can learn from
 * @returns {import('../train/learning-curve.js').CurveParams} without \`tuning\`
 */
function curveParams(examples, { test, sizes, draws = 5, baseline = true, c }, fewest) {
  const pool = checkExamples(examples);
  const testSet = test === undefined ? { texts: [], labels: [] } : checkExamples(test);
  const names = labelNames(
    pool.labels.map((label) => [label]),
    'text-classification',
  );
  const unknown = testSet.labels.find((label) => !names.includes(label));
  if (unknown !== undefined)
    throw new BertletError('BAD_LABELS', `The label "${unknown}" of a test example occurs in no example to train on.`);
  checkInteger('draws', draws, 1, 1000);
  if (c !== undefined && !(c > 0 && c < Infinity))
    throw new BertletError('BAD_INPUT', `c is ${c}; it must be a positive number.`);

  if (sizes !== undefined && !(Array.isArray(sizes) && sizes.length > 0))
    throw new BertletError('BAD_INPUT', `sizes is ${sizes}; it must be an array of numbers of examples.`);

  // Without a test set, a draw must leave examples over.
  const maxCount = Math.max(...names.map((name) => pool.labels.filter((label) => label === name).length));
  const largest = test === undefined ? maxCount - 1 : maxCount;
  const wrong = (sizes ?? [1]).find((n) => !(Number.isInteger(n) && n >= 1 && n <= largest));
  if (wrong !== undefined) {
    const why = `no label has more than ${maxCount}${test ? '' : ', and some must be left over to measure on'}`;
    throw new BertletError('BAD_INPUT', `A draw of ${wrong} examples of each label is not possible: ${why}.`);
  }
  return {
    texts: [...pool.texts, ...testSet.texts],
    labels: Int32Array.from([...pool.labels, ...testSet.labels], (label) => names.indexOf(label)),
    classes: names.length,
    pool: pool.texts.length,
    sizes: sizes ?? SIZES.filter((n) => n >= fewest && n <= largest),
    draws,
    baseline,
    c,
  };
}

/**
 * How the encoder is tuned for each draw; undefined for method 'head'. Throws BAD_INPUT, also for what is no option of a learning curve.
 * @param {import('../types.js').CurveOptions['method']} method
 * @param {Omit<import('../types.js').CurveOptions, 'method'>} given the options that may belong to it
 * @param {import('../types.js').ModelInfo} info
 */
function curveTuning(method = 'head', given, info) {
  checkChoice('method', method, Object.keys(OPTIONS));
  const known = OPTIONS[method](given.tune);
  const unknown = Object.entries(given).filter(([name]) => !known.includes(name));
  rejectUnknownOptions(Object.fromEntries(unknown), `for a learning curve with method '${method}'`);
  if (method === 'head') return undefined;
  return { ...tuningOptions({ ...given, method, task: 'text-classification' }, info), checkpoints: false };
}

/**
 * What the caller gets of the worker's measurements.
 * @param {import('../train/learning-curve.js').CurvePoint[]} points
 * @returns {import('../types.js').CurvePoint[]}
 */
const summarize = (points) =>
  points.map(({ n, head, tuned, baseline }) => ({
    n,
    ...spread(tuned.length > 0 ? tuned : head),
    ...(tuned.length > 0 && { frozen: spread(head) }),
    ...(baseline.length > 0 && { baseline: spread(baseline) }),
  }));

/** @param {number[]} accuracies */
const spread = (accuracies) => ({ ...meanAndStd(accuracies), accuracies });
