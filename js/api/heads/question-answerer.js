// The head for question answering.
import { guard } from '../guard.js';
import { bestAnswers } from '../../decode/answers.js';
import { squadMetrics } from '../../metrics/answers.js';
import { checkAnsweredExamples, checkQuestions } from '../examples.js';
import { callOptions } from '../call-options.js';
import { checkInteger } from '../options.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../../types.js').Answer} Answer */
/** @typedef {import('../../types.js').QuestionInput} QuestionInput */
/** @typedef {import('../../types.js').AnswerOptions} AnswerOptions */

/**
 * A head that finds the answer to a question in a context.
 * @extends {Head<'question-answering'>}
 */
export class QuestionAnswerer extends Head {
  /**
   * Finds the answers to a question, or to each of several, each in its context. A context that is too long is read in overlapping windows.
   * @example
   * const [{ answer }] = await answerer.answer({ question: 'Who lives in Rome?', context: 'Ada lives in Rome.' });
   * @template {QuestionInput | QuestionInput[]} T
   * @param {T} questions
   * @param {AnswerOptions & TaskOptions} [options]
   * @returns {Promise<T extends any[] ? Answer[][] : Answer[]>} as `questions`: [answers], or [questions][answers], best first. Offsets are
   *   in UTF-16 code units of the context. Rejects with BAD_INPUT, with TEXT_TOO_LONG for a question that leaves too few tokens for its
   *   context, and as the methods of `Model`
   */
  async answer(questions, { topK = 1, maxAnswerTokens = 30, noAnswer = false, maxTokens, stride, ...options } = {}) {
    checkInteger('topK', topK);
    checkInteger('maxAnswerTokens', maxAnswerTokens);
    const list = checkQuestions(Array.isArray(questions) ? questions : [questions]);
    /** @type {Map<number, import('../../decode/answers.js').Window>[]} */
    const windows = list.map(() => new Map());
    const onPart = (
      /** @type {(import('../../decode/answers.js').Window & { text: number, index: number })[]} */ part,
    ) => {
      for (const { text, index, ...window } of part) windows[text].set(index, window);
    };
    const params = { name: 'readQuestions', texts: list, maxTokens, stride };
    await this.remote.call('windows', params, { ...callOptions(options), onPart });
    const results = list.map(([, context], question) => {
      const ordered = [...windows[question]].sort(([a], [b]) => a - b).map(([, window]) => window);
      return bestAnswers(context, ordered, { topK, maxAnswerTokens, noAnswer });
    });
    return /** @type {any} */ (Array.isArray(questions) ? results : results[0]);
  }

  /**
   * Answers the questions of examples, and compares with their answers as SQuAD's evaluation scripts do (Rajpurkar et al. 2016,
   * https://arxiv.org/abs/1606.05250). If some examples have no answer, `noAnswer` is true by default.
   * @param {import('../../types.js').AnsweredExample[]} examples
   * @param {AnswerOptions & TaskOptions} [options] `topK` is always 1
   * @returns {Promise<{ exactMatch: number, f1: number, n: number }>} `exactMatch` and `f1` in percent, `n`: number of examples. Rejects
   *   with NO_EXAMPLES, and as `answer`
   */
  async evaluate(examples, options = {}) {
    checkAnsweredExamples(examples);
    const truth = examples.map(({ answers }) => answers.map(({ text }) => text));
    const noAnswer = truth.some((answers) => answers.length === 0);
    const answers = await this.answer(examples, { noAnswer, ...options, topK: 1 });
    return squadMetrics(
      answers.map(([best]) => best?.answer ?? ''),
      truth,
    );
  }
}

guard(QuestionAnswerer);
