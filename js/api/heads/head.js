// What all heads have in common, as their users see them.
import { callOptions } from '../call-options.js';
import { guard } from '../guard.js';
import { eachText } from '../parts.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */

/**
 * What heads use of js/api/lazy.js.
 * @typedef {object} Lazy
 * @property {typeof import('../../checkpoint/head-file.js').writeHead} writeHead
 * @property {typeof import('../save-adapter.js').saveAdapter} saveAdapter
 * @property {typeof import('./evaluate-classifier.js').evaluateClassifier} evaluateClassifier
 */

/**
 * A head: what a model was trained to tell apart. It needs the model that it was trained on, but no disposing: its memory in the worker is
 * freed when the object is garbage, or with the model.
 * @template {import('../../types.js').HeadTask} [K=import('../../types.js').HeadTask]
 */
export class Head {
  #data;

  /**
   * @internal
   * @param {import('./remote-head.js').RemoteHead} remote
   * @param {import('../../checkpoint/head-file.js').HeadData} data
   * @param {() => Promise<Lazy>} fetchLazy
   */
  constructor(remote, data, fetchLazy) {
    /** @internal @protected */
    this.fetchLazy = fetchLazy;
    /** @internal @protected */
    this.remote = remote;
    this.#data = data;
    /** The task that it was trained for. */
    this.task = /** @type {K} */ (data.task);
    /** The labels or tags that it tells apart, in the order of its outputs; empty for question answering. @type {readonly string[]} */
    this.labels = Object.freeze([...data.labels]);
    /** How it was trained, and how well; undefined for the head of a checkpoint or an adapter. */
    this.report = /** @type {import('../../types.js').FitReport<K> | undefined} */ (data.report);
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
   * @param {{ baseModel?: string }} [options] `baseModel`: where Python finds the model, by default what `load` was told; to be given if
   *   the model has been trained since, and then its folder, see `save` of models
   * @returns {Promise<Record<string, Uint8Array<ArrayBuffer>>>} by name. Rejects with BAD_INPUT for a head without an adapter, or one that PEFT
   *   has no class for; with HEAD_MODEL_MISMATCH if `modulesToSave` were trained with it and the model has been trained since
   */
  async saveAdapter(options = {}) {
    const { saveAdapter } = await this.fetchLazy();
    return saveAdapter(this.remote, this.#data, options);
  }

  /**
   * @internal
   * What a head is made of, and where the worker keeps it.
   * @param {unknown} head
   * @returns {{ data: import('../../checkpoint/head-file.js').HeadData, remote: import('./remote-head.js').RemoteHead } | undefined} not copied;
   *   undefined if it is no head
   */
  static partsOf(head) {
    return head instanceof Head ? { data: head.#data, remote: head.remote } : undefined;
  }

  /**
   * @internal
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
