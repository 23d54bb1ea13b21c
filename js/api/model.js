// A loaded model as its user sees it: a proxy of the engine in the worker.
import { BertletError } from '../errors.js';
import { callOptions } from './call-options.js';
import { createHead, fetchLazy } from './heads/create.js';
import { RemoteHead } from './heads/remote-head.js';
import { checkChoice } from './options.js';
import { eachText } from './parts.js';
import { toTexts } from './texts.js';

/** @typedef {import('../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../types.js').EmbedOptions} EmbedOptions */
/** @typedef {import('../types.js').FitOptions} FitOptions */
/** @typedef {import('../types.js').Encoding} Encoding */
/** @typedef {import('../types.js').Example} Example */
/** @typedef {import('../types.js').TextInput} TextInput */
/** @typedef {import('../types.js').MaskFill} MaskFill */

export class Model {
  #connection;

  /**
   * @param {import('../rpc/connection.js').Connection} connection
   * @param {import('../types.js').ModelInfo} info
   * @param {import('./heads/create.js').AnyHead} [head]
   */
  constructor(connection, info, head) {
    this.#connection = connection;
    /** What was loaded, and what runs it. */
    this.info = Object.freeze(info);
    /** What the checkpoint or the adapter was trained for. */
    this.head = head;
  }

  /**
   * The tokens of a text, or of each of several, without any limit of length.
   * @template {TextInput | TextInput[]} T
   * @param {T} texts
   * @param {Pick<TaskOptions, 'signal'>} [options]
   * @returns {Promise<T extends any[] ? Encoding[] : Encoding>}
   */
  async tokenize(texts, { signal } = {}) {
    const encodings = await this.#connection.call('tokenize', { texts: toTexts(texts) }, { signal });
    return Array.isArray(texts) ? encodings : encodings[0];
  }

  /**
   * One vector for each text; with `pooling: 'none'` an array of vectors for each text, one per token, [CLS] and [SEP] included.
   * Without `pooling` and `layer` a sentence-transformers folder gives what its modules say.
   * @template {TextInput | TextInput[]} T
   * @template {EmbedOptions['pooling']} [P=undefined]
   * @param {T} texts
   * @param {EmbedOptions & { pooling?: P } & TaskOptions} [options]
   * @returns {Promise<T extends any[] ? Embedding<P>[] : Embedding<P>>}
   */
  async embed(texts, options = {}) {
    const { numLayers } = this.info;
    const { pooling, layer, normalize, truncation = 'cut', ...others } = options;
    if (pooling !== undefined) checkChoice('pooling', pooling, ['mean', 'cls', 'max', 'none']);
    if (layer !== undefined && !(Number.isInteger(layer) && layer >= 0 && layer <= numLayers))
      throw new BertletError('BAD_INPUT', `layer is ${layer}; it must be an integer from 0 to ${numLayers}.`);
    checkChoice('truncation', truncation, ['cut', 'error']);
    /** @type {any[]} */
    const results = [];
    await this.#connection.call(
      'embed',
      { texts: toTexts(texts), pooling, layer, normalize, truncation },
      {
        ...callOptions(others),
        onPart: (part) =>
          eachText(part, (index, rows, columns) => {
            const count = rows.length / columns;
            const vectors = Array.from({ length: count }, (_, i) => rows.slice(i * columns, (i + 1) * columns));
            results[index] = pooling === 'none' ? vectors : vectors[0];
          }),
      },
    );
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * What may stand where a text has [MASK], the most likely first: the model must have a masked-LM head, as BertForMaskedLM. Where
   * a text has several masks, its result is an array for each of them.
   * @template {string | string[]} T
   * @param {T} texts
   * @param {{ topK?: number, targets?: string[] } & TaskOptions} [options] `topK`: how many, default 5; `targets`: only these words
   * @returns {Promise<T extends any[] ? (MaskFill[] | MaskFill[][])[] : MaskFill[] | MaskFill[][]>}
   */
  async fillMask(texts, { topK = 5, targets, ...others } = {}) {
    if (!Number.isInteger(topK) || topK < 1)
      throw new BertletError('BAD_INPUT', `topK is ${topK}; it must be a positive integer.`);
    if (targets !== undefined && !(Array.isArray(targets) && targets.every((target) => typeof target === 'string')))
      throw new BertletError('BAD_INPUT', `targets is ${targets}; it must be an array of words.`);
    /** @type {MaskFill[][][]} */
    const fills = await this.#connection.call(
      'fillMask',
      { texts: toTexts(texts), topK, targets },
      callOptions(others),
    );
    const results = fills.map((masks) => (masks.length === 1 ? masks[0] : masks));
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * Ranks documents by how well they answer a query, as a cross-encoder: a model whose head reads a pair and gives one number.
   * @param {string} query
   * @param {string[]} documents
   * @param {{ topK?: number } & TaskOptions} [options] `topK`: at most this many; default: all
   * @returns {Promise<import('../types.js').Ranked[]>} the best first, equal ones in their order; `score` as sentence-transformers'
   *   CrossEncoder gives it. Rejects with UNSUPPORTED_MODEL where the model has no such head
   */
  async rerank(query, documents, { topK = documents?.length, ...options } = {}) {
    if (typeof query !== 'string' || !Array.isArray(documents) || documents.some((one) => typeof one !== 'string'))
      throw new BertletError('BAD_INPUT', 'rerank() takes a query and an array of documents, which are strings.');
    if (!Number.isInteger(topK) || topK < Math.min(1, documents.length))
      throw new BertletError('BAD_INPUT', `topK is ${topK}; it must be a positive integer.`);
    if (!this.head)
      throw new BertletError('UNSUPPORTED_MODEL', 'This model has no head that ranks. Load a cross-encoder.');
    const scores = await this.head.rank(
      documents.map((document) => [query, document]),
      options,
    );
    return scores
      .map((score, index) => ({ index, score }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topK);
  }

  /**
   * Trains a head on examples. The model itself stays as it is.
   * @template {FitOptions['task']} [K=undefined]
   * @param {import('../types.js').ExampleOf<K>[]} examples
   * @param {FitOptions & { task?: K } & TaskOptions} [options]
   * @returns {Promise<HeadOf<K>>}
   */
  async fit(examples, options = {}) {
    const { fitHead } = await fetchLazy();
    const { signal, onWarning } = options;
    const remote = new RemoteHead(this.#connection);
    const { data, heldOut } = await fitHead(remote, this.info, examples, options);
    const head = /** @type {any} */ (await createHead(remote, data));
    if (data.report && heldOut.length > 0) data.report.validation = await head.evaluate(heldOut, { signal, onWarning });
    return head;
  }

  /**
   * How good a classifier becomes with how many examples of each label, beside one that has nothing but their words (TF-IDF).
   * @param {Example[]} examples to draw from
   * @param {import('../types.js').CurveOptions & TaskOptions} [options]
   * @returns {Promise<import('../types.js').CurvePoint[]>} one for each size
   */
  async learningCurve(examples, { signal, onProgress, onWarning, ...options } = {}) {
    const { curveParams, summarize } = await fetchLazy();
    const params = curveParams(examples, options);
    const called = callOptions({ signal, onProgress, onWarning });
    return summarize(await this.#connection.call('learningCurve', params, called));
  }

  /**
   * Brings back a head that `head.save()` wrote. It must have been trained on this model.
   * @param {import('../types.js').FileContent} content bytes, a Blob, a Response, a stream, or a URL
   * @param {Pick<TaskOptions, 'signal'>} [options]
   * @returns {Promise<import('./heads/create.js').AnyHead>}
   */
  async loadHead(content, { signal } = {}) {
    signal?.throwIfAborted();
    const { openHead } = await fetchLazy();
    const head = await openHead(content, this.info, signal);
    const remote = new RemoteHead(this.#connection);
    remote.keep(head.network);
    return createHead(remote, head);
  }

  /** Ends the worker and gives all memory back. Calls that are still running reject with DISPOSED. */
  dispose() {
    return this.#connection.close();
  }
}

/**
 * @template {import('../types.js').Task | undefined} K
 * @typedef {K extends 'token-classification' ? import('./heads/token-classifier.js').TokenClassifier
 *   : K extends 'question-answering' ? import('./heads/question-answerer.js').QuestionAnswerer
 *   : import('./heads/text-classifier.js').TextClassifier} HeadOf
 */

/**
 * @template {EmbedOptions['pooling']} P
 * @typedef {P extends 'none' ? Float32Array[] : Float32Array} Embedding
 */
