// Trains a head for question answering, which gives each token two logits: of beginning and of ending the answer. The features of all
// tokens would not fit into memory, so each step of training computes those of its batch.
import { forEachEncoded } from '../../engine/batches.js';
import { align } from '../../core/instance.js';
import { createPause, progressReporter } from '../../rpc/progress.js';
import { questionWindows } from '../../tokenize/question-windows.js';
import { spanOf, warnOfCutAnswers } from '../dataset/answer-spans.js';
import { startsOf } from '../dataset/starts.js';
import { Mlp } from '../solvers/mlp.js';
import { Rows } from '../dataset/rows.js';
import { random, shuffle } from '../../base/random.js';

/** Number of windows in a step of training. */
const BATCH = 16;

/**
 * @typedef {object} AnswersParams
 * @property {import('../../tokenize/question-windows.js').Question[]} questions
 * @property {({ start: number, end: number } | undefined)[]} answers [questions] where the answer is in the context, in UTF-16 code
 *   units; undefined if there is none
 * @property {number[]} numbers [questions] indices among the caller's examples, for messages
 * @property {import('../../tokenize/question-windows.js').WindowOptions} windows
 * @property {number} layer whose hidden states the head reads
 * @property {number} hiddenSize number of hidden units; 0 for a linear head
 * @property {number} epochs
 * @property {number} learningRate of AdamW at the beginning; it falls linearly to 0
 * @property {number} seed
 */

/**
 * Trains the head as BertForQuestionAnswering is trained (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 4.2), but with
 * the encoder frozen. In a window that does not hold the whole answer, the answer is [CLS], "no answer".
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {AnswersParams} params
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<{ network: import('../../core/dense.js').HeadNetwork, report: object }>} rejects with TEXT_TOO_LONG for a question that
 *   leaves no tokens for its context, OUT_OF_MEMORY, BAD_WEIGHTS, or the signal's reason
 */
export async function fitAnswers(engine, params, context) {
  const { questions, answers, numbers, layer, hiddenSize, epochs } = params;
  const pause = createPause(context);
  /** @type {{ encoded: import('../../tokenize/tokenizer.js').Encoded, span: [begin: number, end: number] }[]} */
  const windows = [];
  const cutAnswers = []; // numbers of the questions whose answer is in no window as a whole
  for (let i = 0; i < questions.length; i++) {
    const windowsOfQuestion = questionWindows(engine.tokenizer, questions[i], numbers[i], params.windows).map(
      ({ encoded, first, offsets }) => ({ encoded, span: spanOf(answers[i], offsets, first) }),
    );
    if (answers[i] && windowsOfQuestion.every(({ span: [begin] }) => begin === 0)) cutAnswers.push(numbers[i]);
    windows.push(...windowsOfQuestion);
    await pause();
  }
  warnOfCutAnswers(cutAnswers, context);

  const width = engine.config.hiddenSize;
  const maxRows = BATCH * params.windows.maxTokens;
  const shape = { inputs: width, hidden: hiddenSize, outputs: 2, maxRows };
  const sizes = { starts: 4 * (BATCH + 1), spans: 8 * BATCH };
  const rows = await Rows.create(engine.compiled, maxRows, width, {
    layers: hiddenSize > 0 ? [hiddenSize, 2] : [2],
    trainers: (core) => Object.values(sizes).reduce((sum, size) => sum + align(size), Mlp.bytes(core, shape)),
  });
  try {
    const trained = await train(engine, params, windows, rows, shape, sizes, context);
    const found = { examples: questions.length, windows: windows.length, layer, pooling: 'none', epochs };
    return {
      network: { layer, pooling: /** @type {const} */ ('none'), normalize: false, dense: trained.dense },
      report: { ...found, trainLoss: trained.loss },
    };
  } finally {
    rows.free();
  }
}

/**
 * Trains a head on windows.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {AnswersParams} params
 * @param {{ encoded: import('../../tokenize/tokenizer.js').Encoded, span: [begin: number, end: number] }[]} windows shuffled in place
 * @param {Rows} rows for the features of a batch
 * @param {import('../solvers/mlp.js').Shape} shape
 * @param {{ starts: number, spans: number }} sizes in bytes, of what the loss reads
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<{ dense: import('../../core/dense.js').Dense[], loss: number }>} `loss`: mean over the steps of the last epoch
 */
async function train(engine, { layer, epochs, learningRate, seed }, windows, rows, shape, sizes, context) {
  const pause = createPause(context);
  const { core, width } = rows;
  const at = { starts: core.reserve(sizes.starts), spans: core.reserve(sizes.spans) };
  const head = new Mlp(core, shape);
  const next = random(seed);
  await head.reset(next, pause);

  const report = progressReporter(context, 'train');
  const steps = Math.ceil(windows.length / BATCH);
  let loss = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(windows, next);
    loss = 0;
    for (let step = 0; step < steps; step++) {
      const batch = windows.slice(step * BATCH, (step + 1) * BATCH);
      const starts = startsOf(batch.map(({ encoded }) => encoded.ids.length));
      await forEachEncoded(
        engine,
        batch.map(({ encoded }, index) => ({ index, ...encoded })),
        [layer],
        (part) => {
          const hidden = engine.hidden(part, false);
          part.indices.forEach((index, i) => {
            const states = hidden.subarray(part.starts[i] * width, part.starts[i + 1] * width);
            core.floats(rows.address(starts[index]), states.length).set(states);
          });
        },
        pause,
      );
      core.ints(at.starts, starts.length).set(starts);
      core.ints(at.spans, 2 * batch.length).set(batch.flatMap(({ span }) => span));
      const count = starts[batch.length];
      const logits = await head.forward(
        rows.at,
        Int32Array.from({ length: count }, (_, row) => row),
        pause,
      );
      const value = core.fn.span_loss(logits, at.starts, at.spans, batch.length);
      await head.step(value, learningRate * (1 - (epoch * steps + step) / (epochs * steps)), pause);
      loss += value / steps;
      report(epoch * steps + step + 1, epochs * steps);
      await pause();
    }
  }
  return { dense: head.dense(), loss };
}
