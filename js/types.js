// The public types that several files share.

/**
 * Where a model is: a hub id (`'org/name'`), the URL of a folder, in Node also the path of a directory; or the files
 * themselves, as the user picked them or by name. The folder holds config.json, vocab.txt (or tokenizer.json) and
 * model.safetensors.
 * @typedef {string | URL | FileList | File[] | Record<string, FileContent>} ModelSpec
 */

/**
 * The content of one file, or (a string or URL) where to fetch it. A Response or stream is read once.
 * @typedef {Blob | ArrayBuffer | Uint8Array | Response | ReadableStream<Uint8Array> | URL | string} FileContent
 */

/**
 * @typedef {object} Progress
 * @property {'download' | 'embed' | 'classify' | 'features' | 'search' | 'train'} phase
 * @property {number} loaded what is done: bytes of weights in 'download', texts in 'embed', 'classify' and 'features', steps in
 *   'search' and 'train'; never more than `total`
 * @property {number} total
 */

/**
 * What everything that takes long accepts.
 * @typedef {object} TaskOptions
 * @property {AbortSignal} [signal] rejects at once with the signal's reason, and stops the work
 * @property {(progress: Progress) => void} [onProgress]
 * @property {(message: string, texts?: number[]) => void} [onWarning] default: console.warn; `texts`: indices of the texts that were cut
 */

/**
 * @typedef {object} LoadOptions
 * @property {Dtype} [dtype] numbers to compute with, whatever the checkpoint holds. Default 'f32', PyTorch's numbers. 'int8' takes
 *   a third of the memory and about half the time; its vectors differ a little (a cosine of 0.9985 to 0.9997 on average)
 * @property {number} [threads] default: up to 4 where threads are available
 * @property {string} [hub] base URL of a server with the hub's addresses, default https://huggingface.co
 * @property {string} [revision] of a hub model: branch, tag or commit, default main
 * @property {true | false | 'refresh'} [cache] default true: what was loaded once is kept, and loaded from there. 'refresh' loads
 *   it anew from where it is, and keeps that; false neither reads the cache nor writes it
 * @property {Build} [build] which WebAssembly build to use instead of the best, for tests and measurements
 */

/** @typedef {'int8' | 'f32'} Dtype */

/** @typedef {'scalar' | 'simd' | 'simd-mt' | 'relaxed' | 'relaxed-mt'} Build */

/**
 * @typedef {object} ModelInfo
 * @property {string} model what was loaded, in the words of the caller
 * @property {string} modelType
 * @property {number} hiddenSize length of an embedding
 * @property {number} layers
 * @property {number} maxTokens longest text in tokens, [CLS] and [SEP] included
 * @property {number} vocabSize
 * @property {Dtype} dtype
 * @property {Build} build the WebAssembly build that runs
 * @property {number} threads
 * @property {string[]} notes why it is this build and not a better one, if int8 weights have less than 8 bits, and what went wrong
 *   with the cache, in sentences; empty when all is at its best
 * @property {boolean} fromCache whether the weights came from the cache
 * @property {string} fingerprint 16 hexadecimal digits, a hash of the weights: heads remember it
 */

/**
 * @typedef {object} EmbedOptions
 * @property {'mean' | 'cls' | 'max' | 'none'} [pooling] default 'mean': the mean over all tokens; 'cls': the vector of [CLS];
 *   'max': the largest value of each component; 'none': a vector for each token
 * @property {number} [layer] whose hidden states are taken, 0 (the embeddings) to `info.layers`, the default; those above are not computed
 * @property {boolean} [normalize] default false: divide each vector by its length
 * @property {'cut' | 'error'} [truncation] what to do with a text of more than `info.maxTokens` tokens; default 'cut', which warns
 */

/**
 * @typedef {object} Encoding
 * @property {Int32Array} ids with [CLS] and [SEP]
 * @property {Int32Array} typeIds token type ids: 1 for the second text of a pair and the [SEP] after it, else 0
 * @property {string[]} tokens
 * @property {[start: number, end: number][]} offsets of each token in its text, for `text.slice(start, end)`; [0, 0] for [CLS]
 *   and [SEP]
 */

/** @typedef {{ text: string, textPair?: string, label: string | number }} Example */

/**
 * @typedef {object} FitOptions
 * @property {'text-classification'} [task]
 * @property {number} [validation] share of the examples (0 to 0.9) held out of training to measure the head on; default 0
 * @property {number} [c] inverse strength of regularization; default: chosen by cross-validation
 * @property {number} [seed] of the draw of the held-out examples and folds; default 0
 */

/**
 * @typedef {object} FitReport
 * @property {number} examples trained on
 * @property {number} classes
 * @property {number} c inverse strength of regularization
 * @property {number} iterations of the optimizer
 * @property {boolean} converged
 * @property {number} trainAccuracy
 * @property {{ c: number, logLoss: number, accuracy: number }[]} search what cross-validation measured for each strength;
 *   empty when `c` was given or there were too few examples
 * @property {{ accuracy: number, macroF1: number, n: number }} [validation] on the held-out examples
 */

/** @typedef {{ label: string, score: number }} Prediction score: probability, 0 to 1 */

/**
 * @typedef {object} ClassifyOptions
 * @property {number} [topK] only the best so many labels
 */

/**
 * A text, or a pair of them that the model reads as one sequence, [CLS] text [SEP] textPair [SEP].
 * @typedef {string | { text: string, textPair?: string }} TextInput
 */

export {};
