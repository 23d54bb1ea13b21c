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
 * @property {'download' | 'embed' | 'classify' | 'fill-mask' | 'features' | 'search' | 'train'} phase
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
 * @property {ModelSpec} [adapter] a LoRA adapter in PEFT's format, to be merged into the weights as they are read: a folder, given
 *   as a model is, that holds adapter_config.json, adapter_model.safetensors and, for labels with names, labels.json, an array
 * @property {Dtype} [dtype] numbers to compute with, whatever the checkpoint holds. Default 'f32', PyTorch's numbers. 'int8' takes
 *   a third of the memory and a quarter to two thirds of the time; its vectors differ a little (a cosine of 0.9985 to 0.9997 on average)
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
 * @property {string} [adapter] what was merged into it
 * @property {string} modelType
 * @property {number} hiddenSize length of an embedding
 * @property {number} numLayers
 * @property {number} maxTokens longest text in tokens, [CLS] and [SEP] included
 * @property {number} vocabSize
 * @property {Dtype} dtype
 * @property {Build} build the WebAssembly build that runs
 * @property {number} threads
 * @property {string[]} notes why it is this build and not a better one, if int8 weights have less than 8 bits, and what went wrong
 *   with the cache, in sentences; empty when all is at its best
 * @property {boolean} hasMaskedLMHead whether it has a masked-LM head, which `fillMask` needs
 * @property {boolean} fromCache whether the weights came from the cache
 * @property {Record<string, unknown>} config the checkpoint's config.json
 * @property {string} fingerprint 16 hexadecimal digits, a hash of the weights: heads remember it
 */

/**
 * @typedef {object} EmbedOptions
 * @property {'mean' | 'cls' | 'max' | 'none'} [pooling] 'mean': the mean over all tokens; 'cls': the vector of [CLS]; 'max': the
 *   largest value of each component; 'none': a vector for each token. Default: what a sentence-transformers folder says (pooling, dense
 *   layers, greatest length), else 'mean'
 * @property {number} [layer] whose hidden states are taken, 0 (the embeddings) to `info.numLayers`, the default; those above are not computed
 * @property {boolean} [normalize] divide each vector by its length. Default: as the folder says, else false
 * @property {'cut' | 'error'} [truncation] what to do with a text of more than `info.maxTokens` tokens; default 'cut', which warns
 */

/**
 * @typedef {object} Encoding
 * @property {Int32Array} ids with [CLS] and [SEP]
 * @property {Int32Array} tokenTypeIds token type ids: 1 for the second text of a pair and the [SEP] after it, else 0
 * @property {string[]} tokens
 * @property {[start: number, end: number][]} offsets of each token in its text, for `text.slice(start, end)`; [0, 0] for [CLS]
 *   and [SEP]
 */

/** @typedef {{ text: string, textPair?: string, label: string | number }} Example */

/** @typedef {{ text: string, textPair?: string, labels: string[] }} MultiLabelExample any number of labels */

/** @typedef {{ words: string[], tags: string[] }} TaggedExample a sentence, with a tag such as "B-person" or "O" for each word */

/**
 * @typedef {object} AnsweredExample
 * @property {string} question
 * @property {string} context
 * @property {{ text: string, start: number }[]} answers any of which is right, `context.startsWith(text, start)`; none if the
 *   question cannot be answered
 */

/** @typedef {'text-classification' | 'multi-label' | 'token-classification' | 'question-answering'} Task */

/**
 * @template {Task | undefined} K
 * @typedef {K extends 'multi-label' ? MultiLabelExample : K extends 'token-classification' ? TaggedExample
 *   : K extends 'question-answering' ? AnsweredExample : Example} ExampleOf
 */

/**
 * @typedef {object} FitOptions
 * @property {Task} [task] default 'text-classification', one label for each text; 'multi-label': any number of them
 * @property {number} [validation] share of the examples (0 to 0.9) held out of training to measure the head on; default 0
 * @property {'linear' | 'mlp'} [head] default 'linear': logistic regression, exact; 'mlp': a hidden layer, by AdamW
 * @property {number} [c] inverse strength of regularization of a linear head; default: chosen by cross-validation
 * @property {'balanced' | Record<string, number>} [classWeight] how much examples of a label count; 'balanced': all labels the same
 *   together, as in scikit-learn
 * @property {number | 'auto'} [layer] whose hidden states the head reads, 0 to `info.numLayers`, the default; the encoder then runs no
 *   deeper. 'auto': the best by cross-validation
 * @property {'mean' | 'max' | 'cls' | 'auto'} [pooling] of the tokens; default 'mean'; 'auto': the best by cross-validation
 * @property {boolean | 'auto'} [standardize] whether features are brought to mean 0 and standard deviation 1 for training; default: for 'mlp'
 *   and for entities. 'auto', of texts: the better by cross-validation
 * @property {number} [hiddenSize] units of the hidden layer of 'mlp'; default 128
 * @property {number} [epochs] most rounds through the examples for 'mlp'; default 30
 * @property {number} [learningRate] of 'mlp'; default 0.001
 * @property {number} [maxTokens] of a window of a long context with its question, in question answering; default 384
 * @property {number} [stride] tokens that a window shares with the one before; default 128
 * @property {boolean} [earlyStopping] whether a held-out fold says how many epochs are best for 'mlp'; default true
 * @property {number} [seed] of all draws: held-out examples, folds, the first weights of 'mlp'; default 0
 */

/**
 * @typedef {object} FitReport
 * @property {number} examples trained on
 * @property {number} [classes]
 * @property {number} layer whose hidden states the head reads
 * @property {'mean' | 'max' | 'cls' | 'none'} pooling
 * @property {boolean} [standardize] whether features were brought to mean 0 and standard deviation 1
 * @property {number} [trainAccuracy]
 * @property {number} [windows] of question answering, trained on
 * @property {number} [trainLoss] mean of the last epoch, of question answering
 * @property {number} [temperature] by which the logits were divided, so that scores of held-out examples are as sure as they are right;
 *   1 where none were held out in a search
 * @property {number} [c] inverse strength of regularization
 * @property {number} [iterations] of the optimizer
 * @property {boolean} [converged]
 * @property {{ c: number, logLoss: number, accuracy: number, microF1?: number }[]} [search] what cross-validation measured for each strength;
 *   empty when `c` was given or there were too few examples
 * @property {number} [epochs] of an 'mlp'
 * @property {{ epochs: number, logLoss: number, accuracy: number }[]} [epochSearch] what a held-out fold said after each
 * @property {FeatureStep[]} [featureSearch] what cross-validation measured for each layer, pooling and standardization
 * @property {any} [validation] metrics on the held-out examples: of texts { accuracy, macroF1, microF1, n }, of tokens and answers what
 *   the head's `evaluate` gives
 */

/** @typedef {{ layer: number, pooling: string, standardize: boolean, logLoss: number, accuracy: number }} FeatureStep */

/** @typedef {{ label: string, score: number }} Prediction score: probability, 0 to 1 */

/**
 * @typedef {object} ClassifyOptions
 * @property {number} [topK] only the best so many labels
 * @property {number} [threshold] only labels of at least this probability; default 0
 */

/**
 * @typedef {object} CurveOptions
 * @property {Example[]} [test] examples to measure on; default: those that a draw leaves over
 * @property {number[]} [sizes] numbers of examples of each label, of a label that has fewer all; default: 1, 2, 4, ... 64, as far
 *   as they go
 * @property {number} [draws] draws of each size; default 5
 * @property {boolean} [baseline] whether words alone (TF-IDF) are measured too; default true
 * @property {number} [c] inverse strength of regularization; default: chosen by cross-validation, as in `fit`
 */

/**
 * @typedef {object} Spread of the accuracies of several draws
 * @property {number} mean
 * @property {number} std standard deviation of the sample
 * @property {number[]} accuracies
 */

/** @typedef {{ n: number, baseline?: Spread } & Spread} CurvePoint n: examples of each label */

/**
 * A piece in the place of a mask, in the names of Hugging Face's pipelines.
 * @typedef {object} MaskFill
 * @property {number} score probability
 * @property {number} token its id
 * @property {string} token_str
 * @property {string} sequence the text with it
 */

/**
 * A text, or a pair of them that the model reads as one sequence, [CLS] text [SEP] textPair [SEP].
 * @typedef {string | { text: string, textPair?: string }} TextInput
 */

export {};
