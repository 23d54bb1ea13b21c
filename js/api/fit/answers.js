// `fit` for question answering: checks of examples and options, and a head's data from the worker's result.
import { range } from '../../base/numbers.js';
import { random, shuffle } from '../../base/random.js';
import { BertletError } from '../../errors.js';
import { windowOptions } from '../../tokenize/question-windows.js';
import { checkAnsweredExamples } from '../examples.js';
import { checkCommonOptions, layerCandidates, mlpOptions } from './options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {import('../../types.js').HeadTask} Task */

/**
 * See `prepare` in index.js. Throws BAD_INPUT or NO_EXAMPLES.
 * @param {any[]} examples
 * @param {FitOptions & { task: Task, method: import('../../types.js').FitMethod }} options
 * @param {import('../../types.js').ModelInfo} info
 */
export function prepareAnswerer(examples, options, info) {
  const { questions, answers } = checkAnsweredExamples(examples);
  const { seed, validation } = checkCommonOptions({ validation: options.validation ?? 0, seed: options.seed ?? 0 });
  const order = shuffle(range(0, examples.length), random(seed));
  const heldOut = order.splice(Math.max(order.length - Math.round(order.length * validation), 1));
  // Who trains the encoder, too, measures on held-out examples after each epoch.
  const asked = options.method === 'head' ? order : [...order, ...heldOut];
  const [layer] = layerCandidates(options.layer ?? info.numLayers, info, []);
  if (layer === undefined)
    throw new BertletError('BAD_INPUT', "layer is 'auto', which question-answering can't choose; give a number.");
  const { epochs = 1, learningRate = 3e-3 } = options;
  const mlp = mlpOptions({ ...options, head: 'mlp', epochs, learningRate });
  return {
    labels: [],
    params: {
      seed,
      questions: asked.map((i) => questions[i]),
      answers: asked.map((i) => answers[i][0]),
      numbers: asked,
      trained: order.length,
      windows: windowOptions(options, info.maxTokens),
      layer,
      ...mlp,
      hiddenSize: options.head === 'mlp' ? mlp?.hiddenSize : 0,
    },
    /** @param {any} fitted */
    finish: ({ network, report }) => ({ network, report, heldOut: heldOut.map((i) => examples[i]) }),
  };
}
