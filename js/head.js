// A trained classifier as its user sees it. It is a value: its weights travel with each call, so that there is nothing to dispose of.
import { BertletError } from './errors.js';
import { writeHead } from './head-file.js';
import { listen } from './listen.js';
import { evaluatePredictions } from './metrics.js';
import { softmax } from './network.js';
import { checkExamples, toTexts } from './texts.js';

/** @typedef {import('./types.js').Prediction} Prediction */
/** @typedef {import('./types.js').TaskOptions} TaskOptions */
/** @typedef {import('./types.js').TextInput} TextInput */

export class Head {
  #connection;
  #data;

  /**
   * @param {import('./rpc.js').Connection} connection
   * @param {import('./head-file.js').HeadData} data
   */
  constructor(connection, data) {
    this.#connection = connection;
    this.#data = data;
    /** What it tells apart. @type {readonly string[]} */
    this.labels = Object.freeze([...data.labels]);
    /** How it was trained. */
    this.report = data.report;
  }

  /**
   * Labels with their probabilities, the most likely first.
   * @template {TextInput | TextInput[]} T
   * @param {T} texts
   * @param {import('./types.js').ClassifyOptions & TaskOptions} [options]
   * @returns {Promise<T extends any[] ? Prediction[][] : Prediction[]>}
   */
  async classify(texts, { topK = this.labels.length, ...options } = {}) {
    if (!Number.isInteger(topK) || topK < 1)
      throw new BertletError('BAD_INPUT', `topK is ${topK}; it must be a positive integer.`);
    /** @type {Prediction[][]} */
    const results = [];
    await this.#score(toTexts(texts), options, (index, scores) => {
      const ranking = this.labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
      results[index] = ranking.slice(0, topK);
    });
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * Classifies examples and compares with their labels.
   * @param {import('./types.js').Example[]} examples
   * @param {TaskOptions} [options]
   * @returns {Promise<import('./metrics.js').Metrics>}
   */
  async evaluate(examples, options = {}) {
    const { texts, labels } = checkExamples(examples);
    if (!labels.some((label) => this.labels.includes(label))) {
      const known = this.labels.slice(0, 5).join(', ');
      throw new BertletError(
        'BAD_LABELS',
        `No example has a label that this head knows (${known}); the first has "${labels[0]}".`,
      );
    }
    /** @type {string[]} */
    const predicted = [];
    await this.#score(texts, options, (index, scores) => {
      predicted[index] = this.labels[scores.indexOf(Math.max(...scores))];
    });
    return evaluatePredictions(labels, predicted, [...this.labels]);
  }

  /**
   * The head as one safetensors file, for `model.loadHead()` or for Python.
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async save() {
    return writeHead(this.#data);
  }

  /**
   * @param {import('./texts.js').Text[]} texts
   * @param {TaskOptions} options
   * @param {(index: number, scores: Float32Array) => void} use `scores`: [labels] probabilities
   */
  async #score(texts, { signal, ...listeners }, use) {
    const { network, labels } = this.#data;
    const tell = listen(listeners);
    await this.#connection.call(
      'logits',
      { texts, network },
      {
        signal,
        onEvent(event) {
          const { batch, logits } = event;
          if (!batch) return tell(event);
          batch.indices.forEach((/** @type {number} */ index, /** @type {number} */ i) => {
            use(index, softmax(logits.subarray(i * labels.length, (i + 1) * labels.length)));
          });
        },
      },
    );
  }
}
