// What all heads have in common, as their users see them.
import { BertletError } from '../../errors.js';
import { callOptions } from '../call-options.js';
import { guard } from '../guard.js';
import { rejectUnknownOptions } from '../options.js';
import { eachText } from '../parts.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */

/**
 * What heads use of js/api/lazy.js.
 * @typedef {object} Lazy
 * @property {typeof import('../../checkpoint/head-file.js').writeHead} writeHead
 * @property {typeof import('./evaluate-classifier.js').evaluateClassifier} evaluateClassifier
 */

/**
 * A head: what a model was trained to tell apart. It needs the model that it was trained on, but no disposing: its memory in the worker is
 * freed when the object is garbage, or with the model.
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
    /** The task that it was trained for. */
    this.task = data.task;
    /** The labels or tags that it tells apart, in the order of its outputs; empty for question answering. @type {readonly string[]} */
    this.labels = Object.freeze([...data.labels]);
    /** How it was trained, and how well; undefined for the head of a checkpoint or an adapter. */
    this.report = data.report;
  }

  /**
   * The number of a head in the worker of a connection. Throws BAD_INPUT if it is no head, or one of another model.
   * @param {unknown} head
   * @param {import('../../rpc/connection.js').Connection} connection
   * @returns {number | undefined} undefined if there is no head
   */
  static numberOf(head, connection) {
    if (head === undefined) return undefined;
    if (head instanceof Head && head.remote.isOf(connection)) return head.remote.number;
    throw new BertletError(
      'BAD_INPUT',
      'head is not a head of this model. Give one that its fit() or loadHead() made.',
    );
  }

  /**
   * What follows the single logit where documents are ranked.
   * @returns {'none' | 'sigmoid' | undefined} undefined if the head can't rank
   */
  get ranking() {
    const { ranking, labels, task } = this.#data;
    return labels.length === 1 && (task === 'multi-label' || task === 'regression') ? ranking : undefined;
  }

  /**
   * The head as a safetensors file, which `model.loadHead()` and Python can open.
   * @returns {Promise<Uint8Array<ArrayBuffer>>} the file's bytes, a new copy
   */
  async save() {
    const { writeHead } = await this.fetchLazy();
    return writeHead(this.#data);
  }

  /**
   * The head with its adapter in the files of PEFT, to be opened there or given to `load` as `adapter`.
   * @param {{ baseModel?: string }} [options] `baseModel`: where Python finds the model, by default what `load` was told
   * @returns {Promise<Record<string, Uint8Array<ArrayBuffer>>>} by name. Rejects with BAD_INPUT for a head without an adapter, or one that PEFT
   *   has no class for
   */
  async saveAdapter({ baseModel, ...others } = {}) {
    rejectUnknownOptions(others);
    if (baseModel !== undefined && typeof baseModel !== 'string')
      throw new BertletError('BAD_INPUT', 'baseModel is not a string: the name or path of the model for Python.');
    return this.remote.call('saveAdapter', { data: this.#data, baseModel }, {});
  }

  /**
   * What a head is made of.
   * @param {unknown} head
   * @returns {import('../../checkpoint/head-file.js').HeadData | undefined} not copied; undefined if it is no head
   */
  static dataOf(head) {
    return typeof head === 'object' && head !== null && #data in head ? head.#data : undefined;
  }

  /**
   * Computes the head's logits for texts. Rejects as the methods of `Model` do.
   * @protected
   * @param {import('../../tokenize/tokenizer.js').Text[]} texts
   * @param {TaskOptions} options
   * @param {Parameters<typeof eachText>[1]} use gets the logits of each text, [outputs]
   */
  async logits(texts, options, use) {
    const onPart = (/** @type {any} */ part) => eachText(part, use);
    await this.remote.call('logits', { texts }, { ...callOptions(options), onPart });
  }
}

guard(Head);
