// A loaded model as its user sees it. Its methods check their arguments, and have the worker do the work.
import { guard } from './guard.js';
import { callOptions } from './call-options.js';
import { fetchRerank } from './fetch-ahead.js';
import { fetchLazy } from './fetch-lazy.js';
import { createHead } from './heads/create.js';
import { RemoteHead } from './heads/remote-head.js';
import { checkChoice, checkInteger, rejectUnknownOptions } from './options.js';
import { eachText } from './parts.js';
import { toTexts } from './texts.js';

/** @typedef {import('../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../types.js').EmbedOptions} EmbedOptions */
/** @typedef {import('../types.js').FitOptions} FitOptions */
/** @typedef {import('../types.js').Encoding} Encoding */
/** @typedef {import('../types.js').Example} Example */
/** @typedef {import('../types.js').TextInput} TextInput */
/** @template {string} T @typedef {import('../types.js').MaskFills<T>} MaskFills */
/** @template {EmbedOptions['pooling']} P @typedef {import('../types.js').Embedding<P>} Embedding */
/** @template {import('../types.js').HeadTask} K @typedef {import('./heads/any-head.js').HeadOf<K>} HeadOf */

/**
 * A loaded model, which `load` gives. It lives in a worker, so that the page stays responsive while it works. The methods reject with a
 * `BertletError` whose `code` is BAD_INPUT for wrong arguments, DISPOSED after `dispose`, WORKER_FAILED if the worker ended unexpectedly,
 * BAD_WEIGHTS if the model computes NaN or infinity, OUT_OF_MEMORY, or what the method's description says; or with the reason of their
 * signal when it is aborted.
 */
export class Model {
  #connection;

  /**
   * @internal
   * @param {import('../rpc/connection.js').Caller} connection
   * @param {import('../types.js').ModelInfo} info
   * @param {import('./heads/any-head.js').AnyHead} [head]
   */
  constructor(connection, info, head) {
    this.#connection = connection;
    /** What was loaded, its sizes, and the build and threads that run it. */
    this.info = Object.freeze(info);
    /**
     * The head that the checkpoint or the adapter was trained with, such as a `TextClassifier`; undefined if there is none that bertlet
     * can use.
     */
    this.head = head;
  }

  /**
   * The tokens of a text, or of each text of an array, with their ids and offsets. Long texts are not cut.
   * @template {TextInput | TextInput[]} T
   * @param {T} texts a text, a pair `{ text, textPair }`, or an array of these
   * @param {Pick<TaskOptions, 'signal'>} [options]
   * @returns {Promise<T extends any[] ? Encoding[] : Encoding>} as `texts`: one, or [texts]
   */
  async tokenize(texts, { signal, ...others } = {}) {
    rejectUnknownOptions(others);
    const encodings = await this.#connection.call('tokenize', { texts: toTexts(texts) }, { signal });
    return Array.isArray(texts) ? encodings : encodings[0];
  }

  /**
   * A vector (embedding) for a text, or for each text of an array. By default a sentence-transformers model gives the vectors that it gives
   * in Python, and any other model the mean of the token vectors. Texts that are too long are cut, with a warning.
   * @example
   * const [a, b] = await model.embed(['a lovely film', 'what a beautiful movie']);
   * cosineSimilarity(a, b);
   * @template {TextInput | TextInput[]} T
   * @template {EmbedOptions['pooling']} [P=undefined]
   * @param {T} texts a text, a pair `{ text, textPair }`, or an array of these
   * @param {EmbedOptions & { pooling?: P } & TaskOptions} [options]
   * @returns {Promise<T extends any[] ? Embedding<P>[] : Embedding<P>>} as `texts`: one vector, or [texts]. A vector has `info.hiddenSize`
   *   numbers, unless dense layers of a sentence-transformers model change that. With `pooling: 'none'` there is an array of vectors for
   *   each text: one for each token, [CLS] and [SEP] included. Rejects with TEXT_TOO_LONG if `truncation` is 'error' and a text is too long,
   *   BAD_INPUT for the name of a prompt that the model does not have, or a head of another model
   */
  async embed(texts, options = {}) {
    const { numLayers } = this.info;
    const { pooling, layer, normalize, truncation = 'cut', prompt, promptName, task, head, ...taskOptions } = options;
    if (pooling !== undefined) checkChoice('pooling', pooling, ['mean', 'cls', 'max', 'none']);
    if (layer !== undefined) checkInteger('layer', layer, 0, numLayers);
    checkChoice('truncation', truncation, ['cut', 'error']);
    const number = head === undefined ? undefined : (await fetchLazy()).numberOf(head, this.#connection);
    /** @type {any[]} */
    const results = [];
    await this.#connection.call(
      'embed',
      { texts: toTexts(texts), pooling, layer, normalize, truncation, prompt, promptName, task, head: number },
      {
        ...callOptions(taskOptions),
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
   * The most likely pieces of the vocabulary in the place of [MASK]. The model must have a masked-LM head (`info.hasMaskedLMHead`), as
   * checkpoints of BertForMaskedLM do.
   * @example
   * await model.fillMask('Paris is the [MASK] of France.'); // [{ token_str: 'capital', score, token, sequence }, ...]
   * @template {string | string[]} T
   * @param {T} texts a text, or an array of texts
   * @param {import('../types.js').FillMaskOptions & TaskOptions} [options] `topK`: how many pieces to
   *   give, default 5; `targets`: the only words to choose from; `head`: a head of this model, whose adapter the encoder has meanwhile
   * @returns {Promise<T extends string ? MaskFills<T> : { [I in keyof T]: T[I] extends string ? MaskFills<T[I]> : never }>} as `texts`: one result, or [texts]. A
   *   result is [pieces], best first; for a text with several masks it is [masks][pieces]. Rejects with UNSUPPORTED_MODEL if the model has
   *   no masked-LM head, BAD_VOCABULARY if its vocabulary has no [MASK], BAD_INPUT if a text has none, or TEXT_TOO_LONG
   */
  async fillMask(texts, options = {}) {
    const { fillMask } = await fetchLazy();
    return /** @type {any} */ (fillMask(this.#connection, texts, options));
  }

  /**
   * Ranks documents by how well they answer a query, as a cross-encoder: a model whose head reads a pair and gives one number.
   * @param {string} query
   * @param {string[]} documents
   * @param {{ topK?: number } & TaskOptions} [options] `topK`: at most this many; default: all
   * @returns {Promise<import('../types.js').Ranked[]>} the best first, equal ones in their order; `score` as sentence-transformers'
   *   CrossEncoder gives it. Rejects with BAD_INPUT for other arguments, with UNSUPPORTED_MODEL if the model has no such head
   */
  async rerank(query, documents, options = {}) {
    const { rerank } = await fetchRerank();
    return rerank(this.head, query, documents, options);
  }

  /**
   * Trains a head on labelled examples: a small network on the model's hidden states. The model itself does not change, so any number of
   * heads can share it.
   * @example
   * const classifier = await model.fit([{ text: 'great', label: 'pos' }, { text: 'awful', label: 'neg' }, ...]);
   * await classifier.classify('what a lovely film'); // [{ label: 'pos', score: 0.98 }, { label: 'neg', score: 0.02 }]
   * @template {import('../types.js').HeadTask} [K='text-classification']
   * @param {import('../types.js').ExampleOf<K>[]} examples in the form of the task
   * @param {FitOptions & { task?: K } & TaskOptions} [options]
   * @returns {Promise<import('./heads/any-head.js').FittedHead<K>>} a `TextClassifier`, `TokenClassifier` or `QuestionAnswerer`; its `report` says how it was trained.
   *   Rejects with NO_EXAMPLES if there are none, ONE_CLASS if all have the same label, BAD_LABELS if labels or tags are missing or wrong
   */
  async fit(examples, options = {}) {
    const { fit } = await fetchLazy();
    return /** @type {any} */ (fit(this.#connection, this, createHead, examples, options));
  }

  /**
   * Trains the model as a masked language model, on texts without labels: one of `createModel` from nothing, any other one goes on. A model
   * without a masked-LM head gets a new one. Heads that were trained on the old weights are refused afterwards.
   * @example
   * await model.pretrain(texts, { steps: 1000, validation: 0.05 });
   * await model.fillMask('The [MASK] sat on the mat.');
   * @param {string[]} texts
   * @param {import('../types.js').PretrainOptions & TaskOptions} [options]
   * @returns {Promise<import('../types.js').PretrainReport>} Rejects with NO_EXAMPLES if there are no texts, BAD_VOCABULARY if the vocabulary has
   *   no [MASK] or does not know most of the texts, UNSUPPORTED_MODEL if the decoder does not share the word embeddings, BAD_CHECKPOINT
   */
  async pretrain(texts, options = {}) {
    const { pretrain } = await fetchLazy();
    return pretrain(this.#connection, this, texts, options);
  }

  /**
   * How the accuracy of a classifier grows with the number of training examples, next to that of a classifier that knows words alone
   * (TF-IDF). For each size, examples are drawn several times. With a `method` that trains the encoder, too, the head on the frozen encoder
   * is measured beside it, on the same draws. The model stays as it is.
   * @param {Example[]} examples to draw from
   * @param {import('../types.js').CurveOptions & TaskOptions} [options]
   * @returns {Promise<import('../types.js').CurvePoint[]>} [sizes]. Rejects as `fit`: with NO_EXAMPLES, ONE_CLASS or BAD_LABELS, and with
   *   BAD_WEIGHTS or OUT_OF_MEMORY if a draw can't be trained on
   */
  async learningCurve(examples, options = {}) {
    const { learningCurve } = await fetchLazy();
    return learningCurve(this.#connection, this.info, examples, options);
  }

  /**
   * Loads a head that `head.save()` wrote, or an adapter in PEFT's format with the head that it brings. It must have been trained on this
   * model, in f32 or int8, with the same adapter merged, if any. What a head has of an adapter of its own lies beside the model, which stays as it is: so
   * any number of heads can be used at the same time.
   * @template {import('../types.js').HeadTask} [K=import('../types.js').HeadTask]
   * @param {import('../types.js').FileContent | import('../types.js').ModelSpec} content of a head its bytes, a Blob, a Response, a stream,
   *   or a URL; of an adapter its folder: in Node a path, a URL that ends in a slash, a hub id, or its files
   * @param {Pick<TaskOptions, 'signal'> & Pick<import('../types.js').LoadOptions, 'hub' | 'revision' | 'token' | 'headers'>} [options]
   * @returns {Promise<HeadOf<K>>} Rejects with BAD_ADAPTER if an adapter has no head, or can't lie beside the model
   *   (then `load` can merge it); for a head with BAD_HEAD if it is damaged or not a head, HEAD_MODEL_MISMATCH if it
   *   was trained on another model, FILE_NOT_FOUND, FILE_ACCESS or NETWORK if it can't be read
   */
  async loadHead(content, options = {}) {
    options.signal?.throwIfAborted();
    const { openHead } = await fetchLazy();
    const remote = new RemoteHead(this.#connection);
    return /** @type {any} */ (createHead(remote, await openHead(content, this.info, remote, options)));
  }

  /**
   * The model as a folder that `transformers`, sentence-transformers and `load` open, with its head: the files by their paths in it.
   * @param {{ head?: import('./heads/any-head.js').AnyHead, dtype?: import('../types.js').SaveDtype } & TaskOptions} [options] `head`: instead of
   *   the model's own; its adapter, if it has one, is merged into what is saved. `dtype`: default 'f32'
   * @returns {Promise<Record<string, import('../types.js').Blob | Uint8Array<ArrayBuffer>>>} weights as a Blob, which need not be in memory, the small files as bytes.
   *   Rejects with UNSUPPORTED_DTYPE for a model that was not loaded with dtype 'f32', HEAD_MODEL_MISMATCH for a head of another one, BAD_INPUT for a head that neither
   *   library can compute
   */
  async save(options = {}) {
    const { saveModel } = await fetchLazy();
    return saveModel(this.#connection, this.info, { head: this.head, ...options });
  }

  /**
   * The model as a folder for web pages, a fifth as large: `save` with weights in 4 to 8 bits, or in half precision. `load` takes it like any other.
   * @param {Parameters<Model['save']>[0]} [options] `dtype`: default 'int8'
   * @returns {ReturnType<Model['save']>} rejects as `save`
   */
  export(options) {
    return this.save({ dtype: 'int8', ...options });
  }

  /**
   * Ends the worker, which frees all memory of the model and its heads. Running calls and later ones reject with DISPOSED.
   * @returns {Promise<void>} resolves when the worker has ended
   */
  dispose() {
    return this.#connection.close();
  }
}

guard(Model);
