// A trained head as its user sees it. It is a value: its weights travel with each call, so that there is nothing to dispose of.
import { listen } from '../listeners.js';
import { outputCount } from '../../core/dense.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */

/**
 * What heads need of js/api/lazy.js.
 * @typedef {object} Lazy
 * @property {typeof import('../../checkpoint/head-file.js').writeHead} writeHead
 * @property {typeof import('../examples.js').checkExamples} checkExamples
 * @property {typeof import('../examples.js').checkMultiLabelExamples} checkMultiLabelExamples
 * @property {typeof import('../../metrics/classification.js').evaluatePredictions} evaluatePredictions
 * @property {typeof import('../../metrics/classification.js').evaluateMultiLabel} evaluateMultiLabel
 */

export class Head {
  #connection;
  #data;

  /**
   * @param {import('../../rpc/connection.js').Connection} connection
   * @param {import('../../checkpoint/head-file.js').HeadData} data
   * @param {() => Promise<Lazy>} fetchLazy
   */
  constructor(connection, data, fetchLazy) {
    /** @protected */
    this.fetchLazy = fetchLazy;
    this.#connection = connection;
    this.#data = data;
    /** What it was trained for. */
    this.task = data.task;
    /** What it tells apart. @type {readonly string[]} */
    this.labels = Object.freeze([...data.labels]);
    /** How it was trained; undefined of a checkpoint's own head. */
    this.report = data.report;
  }

  /**
   * The head as one safetensors file, for `model.loadHead()` or for Python.
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async save() {
    const { writeHead } = await this.fetchLazy();
    return writeHead(this.#data);
  }

  /**
   * What the head computes of texts.
   * @protected
   * @param {(import('../../tokenize/tokenizer.js').Text | import('../../tokenize/tokenizer.js').Encoded)[]} texts
   * @param {TaskOptions} options
   * @param {(index: number, logits: Float32Array) => void} use `logits`: [outputs], or [tokens][outputs] where the head reads tokens
   */
  async logits(texts, { signal, ...listeners }, use) {
    const { network } = this.#data;
    const outputs = outputCount(network.dense);
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
            const [begin, end] = network.pooling === 'none' ? batch.starts.slice(i, i + 2) : [i, i + 1];
            use(index, logits.slice(begin * outputs, end * outputs));
          });
        },
      },
    );
  }

  /**
   * Tokens of texts, however long.
   * @protected
   * @param {import('../../tokenize/tokenizer.js').Text[]} texts
   * @param {Pick<TaskOptions, 'signal'>} options
   * @returns {Promise<import('../../types.js').Encoding[]>}
   */
  async encodings(texts, { signal }) {
    return this.#connection.call('tokenize', { texts }, { signal });
  }

  /**
   * What the head computes of questions, in windows of their contexts.
   * @protected
   * @param {import('../../tokenize/question-windows.js').Question[]} questions
   * @param {{ maxTokens?: number, stride?: number }} options
   * @param {TaskOptions} taskOptions
   * @param {(question: number, index: number, window: import('../../decode/answers.js').Window) => void} use
   */
  async windows(questions, options, { signal, ...listeners }, use) {
    const tell = listen(listeners);
    const { network } = this.#data;
    await this.#connection.call(
      'questions',
      { questions, network, ...options },
      {
        signal,
        onEvent(event) {
          if (!event.windows) return tell(event);
          for (const { question, index, ...window } of event.windows) use(question, index, window);
        },
      },
    );
  }
}
