// A trained head as its user sees it: a value, of which there is nothing to dispose.
import { sigmoid } from '../../base/numbers.js';
import { BertletError } from '../../errors.js';
import { callOptions } from '../call-options.js';
import { eachText } from '../parts.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */

/**
 * What heads need of js/api/lazy.js.
 * @typedef {object} Lazy
 * @property {typeof import('../../checkpoint/head-file.js').writeHead} writeHead
 * @property {typeof import('./evaluate-classifier.js').evaluateClassifier} evaluateClassifier
 */

export class Head {
  #data;

  /**
   * @param {import('./remote-head.js').RemoteHead} remote
   * @param {import('../../checkpoint/head-file.js').HeadData} data
   * @param {() => Promise<Lazy>} fetchLazy
   */
  constructor(remote, data, fetchLazy) {
    /** @protected */
    this.fetchLazy = fetchLazy;
    /** @protected */
    this.remote = remote;
    this.#data = data;
    /** What it was trained for. */
    this.task = data.task;
    /** What it tells apart. @type {readonly string[]} */
    this.labels = Object.freeze([...data.labels]);
    /** How it was trained; undefined of a checkpoint's own head. */
    this.report = data.report;
  }

  /**
   * What `bert.rerank` makes of pairs of a query and a document.
   * @param {import('../../tokenize/tokenizer.js').Text[]} pairs
   * @param {TaskOptions} options
   * @returns {Promise<number[]>} rejects with UNSUPPORTED_MODEL where it isn't a head that ranks
   */
  async rank(pairs, options) {
    const { ranking, labels, task } = this.#data;
    if (!ranking || labels.length !== 1 || !['multi-label', 'regression'].includes(task)) {
      throw new BertletError(
        'UNSUPPORTED_MODEL',
        'This model has no head that ranks: one with a single logit, and none or a sigmoid after it. Load a cross-encoder.',
      );
    }
    /** @type {number[]} */
    const scores = [];
    await this.logits(pairs, options, (index, [logit]) => {
      scores[index] = ranking === 'sigmoid' ? sigmoid(logit) : logit;
    });
    return scores;
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
   * @param {import('../../tokenize/tokenizer.js').Text[]} texts
   * @param {TaskOptions} options
   * @param {Parameters<typeof eachText>[1]} use gets logits: [outputs], or, where the head reads tokens, [tokens][outputs]
   * @param {boolean} [located] whether the tokens are wanted as well
   */
  async logits(texts, options, use, located) {
    const onPart = (/** @type {any} */ part) => eachText(part, use);
    await this.remote.call('logits', { texts, located }, { ...callOptions(options), onPart });
  }
}
