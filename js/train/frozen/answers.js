// Trains a head that finds answers: two logits of each token, of beginning and ending the answer. There are too many tokens
// to keep the features of all, so each batch is trained on as it comes from the encoder.
import { forEachEncoded } from '../../engine/batches.js';
import { align } from '../../core/instance.js';
import { createPause, progressReporter } from '../../rpc/progress.js';
import { questionWindows } from '../../tokenize/question-windows.js';
import { Mlp } from '../solvers/mlp.js';
import { Rows } from '../dataset/rows.js';
import { random, shuffle } from '../../base/random.js';

/** Windows of a step. */
const BATCH = 16;

/**
 * @typedef {object} AnswersParams
 * @property {import('../../tokenize/question-windows.js').Question[]} questions
 * @property {({ start: number, end: number } | undefined)[]} answers of each, in its context; none if there is none
 * @property {number[]} numbers of the questions among the caller's examples
 * @property {import('../../tokenize/question-windows.js').WindowOptions} windows
 * @property {number} layer
 * @property {number} hiddenSize 0 for a linear head
 * @property {number} epochs
 * @property {number} learningRate
 * @property {number} seed
 */

/**
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {AnswersParams} params
 * @param {import('../../rpc/serve.js').Context} context
 */
export async function fitAnswers(engine, params, context) {
  const { questions, answers, numbers, layer, hiddenSize, epochs, learningRate, seed } = params;
  const pause = createPause(context);
  /** @type {{ encoded: import('../../tokenize/tokenizer.js').Encoded, span: [begin: number, end: number] }[]} */
  const windows = [];
  const unseen = []; // questions whose answer no window shows as a whole
  for (let i = 0; i < questions.length; i++) {
    const own = questionWindows(engine.tokenizer, questions[i], numbers[i], params.windows).map(
      ({ encoded, first, offsets }) => ({ encoded, span: spanOf(answers[i], offsets, first) }),
    );
    if (answers[i] && own.every(({ span: [begin] }) => begin === 0)) unseen.push(numbers[i]);
    windows.push(...own);
    await pause();
  }
  if (unseen.length > 0) {
    const which =
      unseen.length === 1 ? `of example ${unseen[0]}` : `of ${unseen.length} examples (first: ${unseen[0]})`;
    context.emit({
      warning: `The answer ${which} is in no window as a whole, so that it is learnt as "no answer". A larger maxTokens or stride shows more.`,
      texts: unseen,
    });
  }

  const width = engine.config.hiddenSize;
  const mostRows = BATCH * params.windows.maxTokens;
  const shape = { inputs: width, hidden: hiddenSize, outputs: 2, maxRows: mostRows };
  const sizes = { starts: 4 * (BATCH + 1), spans: 8 * BATCH };
  const rows = await Rows.create(engine.compiled, mostRows, width, (core) =>
    Object.values(sizes).reduce((sum, size) => sum + align(size), Mlp.bytes(core, shape)),
  );
  const { core } = rows;
  const at = { starts: core.reserve(sizes.starts), spans: core.reserve(sizes.spans) };
  const head = new Mlp(core, shape);
  const next = random(seed);
  head.reset(next);

  const report = progressReporter(context, 'train');
  const steps = Math.ceil(windows.length / BATCH);
  let loss = 0; // of the last epoch
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(windows, next);
    loss = 0;
    for (let step = 0; step < steps; step++) {
      const batch = windows.slice(step * BATCH, (step + 1) * BATCH);
      const starts = [0];
      for (const { encoded } of batch) starts.push(starts[starts.length - 1] + encoded.ids.length);
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
      const logits = head.forward(
        rows.at,
        Int32Array.from({ length: count }, (_, row) => row),
      );
      const value = core.fn.span_loss(logits, at.starts, at.spans, batch.length);
      head.step(value, learningRate * (1 - (epoch * steps + step) / (epochs * steps)));
      loss += value / steps;
      report(epoch * steps + step + 1, epochs * steps);
    }
  }
  return {
    network: { layer, pooling: /** @type {const} */ ('none'), normalize: false, dense: head.dense() },
    report: { examples: questions.length, windows: windows.length, layer, pooling: 'none', epochs, trainLoss: loss },
  };
}

/**
 * The tokens of an answer in a window; those of [CLS] where it isn't all there.
 * @param {{ start: number, end: number } | undefined} answer
 * @param {[start: number, end: number][]} offsets of the window's tokens
 * @param {number} first place of the first of them
 * @returns {[begin: number, end: number]}
 */
function spanOf(answer, offsets, first) {
  if (!answer) return [0, 0];
  const begin = offsets.findIndex(([, end]) => end > answer.start);
  const last = offsets.findLastIndex(([start]) => start < answer.end);
  const whole = begin >= 0 && last >= begin && offsets[begin][0] <= answer.start && offsets[last][1] >= answer.end;
  return whole ? [first + begin, first + last] : [0, 0];
}
