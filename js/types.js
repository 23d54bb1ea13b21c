// The public types. They import nothing, so that every room can name them. What a browser and Node have, and a program of neither need not declare,
// is named by way of globalThis: where it is not declared, it is no choice.

/** @template {string} N @typedef {typeof globalThis extends Record<N, { prototype: infer T }> ? T : never} Global */

/** @typedef {Global<'Blob'>} Blob */
/** @typedef {Global<'URL'>} URL */
/** @typedef {Global<'AbortSignal'>} AbortSignal */
/** @typedef {Record<string, string> | [name: string, value: string][] | Global<'Headers'>} HeadersInit */

/**
 * Where a model is: a hub id (`'org/name'`), the URL of a folder, in Node also the path of a directory; or the files
 * themselves, as the user picked them or by name. The folder holds config.json, vocab.txt (or tokenizer.json) and
 * model.safetensors.
 * @typedef {string | URL | Global<'FileList'> | Global<'File'>[] | Record<string, FileContent>} ModelSpec
 */

/**
 * The content of one file, or (a string or URL) where to fetch it. A Response or stream can be given to one call only.
 * @typedef {Blob | ArrayBuffer | Uint8Array | Global<'Response'> | Global<'ReadableStream'> | URL | string} FileContent
 */

/**
 * @typedef {object} Progress
 * @property {'download' | 'embed' | 'classify' | 'fill-mask' | 'features' | 'search' | 'train' | 'words' | 'pieces'} phase
 * @property {number} loaded what is done: bytes of weights in 'download', texts in 'embed', 'classify' and 'features', steps in
 *   'search' and 'train', in a learning curve draws, also parts of one, of a vocabulary texts in 'words', then pieces in 'pieces'; never more
 *   than `total`
 * @property {number} total
 * @property {number} [loss] of the last step, where the encoder is trained; so are the following ones
 * @property {EpochReport[]} [epochs] those that are done
 * @property {PretrainMeasurement[]} [history] of `pretrain`: what was measured so far
 * @property {number} [tokensPerSecond]
 * @property {number} [secondsLeft] estimated
 * @property {number} [memory] bytes of WebAssembly that training takes
 */

/**
 * What an epoch brought.
 * @typedef {object} EpochReport
 * @property {number} epoch from 1
 * @property {number} loss mean over its steps
 * @property {Record<string, number>} [heldOut] after it, of the examples that `validation` held out: their mean `loss`, and their `accuracy`
 *   (one label), `microF1` (several), `r2` of numbers, `f1` of entities, or `exactWindows`, the share of windows whose answer is found exactly
 */

/**
 * Options of every call that may take long.
 * @typedef {object} TaskOptions
 * @property {AbortSignal} [signal] aborting it rejects the call at once with the signal's reason (an AbortError, unless another was
 *   given), and stops the work; a fit that trains the encoder rejects when its last checkpoint has come
 * @property {(progress: Progress) => void} [onProgress] called now and then, and once when all is done
 * @property {(message: string, texts?: number[]) => void} [onWarning] default: `console.warn`. `texts`: indices of the texts that the
 *   warning is about
 */

/**
 * @typedef {object} LoadOptions
 * @property {ModelSpec} [adapter] a LoRA adapter in PEFT's format, merged into the weights while they are read: a folder, given in
 *   any way that a model is, with adapter_config.json, adapter_model.safetensors and, if its labels have names, labels.json (an array
 *   of strings)
 * @property {Dtype} [dtype] what the model computes in, whatever the checkpoint holds. 'f32' gives PyTorch's numbers, and is needed where the
 *   model's own weights are trained or written: `fit` with method 'layers' or 'full' or with modulesToSave, `pretrain`, `save`, `export`.
 *   Default 'int8': a third of the memory and a quarter to two thirds of the time. What it multiplies exactly differs by engine, so the
 *   mean cosine of all-MiniLM-L6-v2's sentence vectors to PyTorch's does, too: 0.9997 in plain SIMD, in relaxed SIMD 0.9985, or 0.9988 where
 *   the processor has dot products; 0.001 to 0.0013 less from the file of `export`, which it takes where there is one
 * @property {boolean} [worker] default true: the model works in a worker of its own; where none can be started (a service worker, say)
 *   on the calling thread, and `info.notes` says why. false: on the calling thread, which is busy for up to some tenths of a second at a
 *   time, with one thread
 * @property {string | URL} [assets] the folder that holds the worker and the .wasm files, a copy of the package's dist/: an address, in Node also
 *   a path. For all that is loaded from then on. Default: where bertlet itself is, or where a bundler has put them
 * @property {number} [threads] 1 to 64; default: one for each core, up to 4, where threads are available
 * @property {string | URL} [hub] base URL of a server that answers the hub's addresses; default https://huggingface.co, in Node
 *   HF_ENDPOINT if that is set
 * @property {string} [revision] of a hub model: a branch, tag or commit; default main
 * @property {string} [token] for private and gated models of the hub, with the right to read them; sent to the hub only. Default in
 *   Node: HF_TOKEN
 * @property {HeadersInit} [headers] sent with every request for files of the model and of the adapter, also to folders on other servers
 * @property {true | false | 'refresh'} [cache] default true: a model that was loaded once is kept in the cache and comes back from
 *   there. 'refresh': load it anew from where it is, and keep that instead. false: neither read the cache nor write it
 * @property {Build} [build] the WebAssembly build to use instead of the best that runs here, for tests and measurements
 */

/**
 * The model of a pool, and how many workers have it. `threads` of LoadOptions is that of each worker, 1 by default.
 * @typedef {object} PoolOptions
 * @property {ModelSpec} model where it is, as `load` takes it; files as bytes or Blobs, not as streams, since each worker reads them
 * @property {number} [size] number of workers, 1 to 64; default: one for each core, up to 4. It is 1 where no worker can be started
 */

/** @typedef {'int8' | 'f32'} Dtype */

/**
 * What a model's weights are written in: 'f32' as they are, 'f16' in half precision, for any program that reads safetensors; 'int8' in 4 to 8
 * bits, for bertlet (docs/formats.md).
 * @typedef {'f32' | 'f16' | 'int8'} SaveDtype
 */

/** @typedef {'scalar' | 'simd' | 'simd-mt' | 'relaxed' | 'relaxed-mt'} Build */

/**
 * @typedef {object} CacheEntry a model that the cache holds
 * @property {'finished' | 'downloaded'} kind as the core uses it; or, in Node, its files, as they were downloaded from the hub
 * @property {string} model where it was loaded from, as the caller named it; of downloaded files the id, with "@revision" if that is not main
 * @property {string} [adapter] that was merged into it, likewise
 * @property {Dtype} [dtype] of a finished model
 * @property {number} bytes size of the entry
 * @property {Date} lastUsed when it was loaded last
 */

/**
 * @typedef {object} ModelInfo
 * @property {string} model what was loaded, as the caller named it
 * @property {string} [adapter] the adapter that was merged into it, as the caller named it
 * @property {string} modelType model_type of config.json, such as 'bert'
 * @property {number} hiddenSize length of an embedding
 * @property {number} numLayers number of Transformer layers
 * @property {number} maxTokens longest text in tokens, [CLS] and [SEP] included
 * @property {number} vocabSize
 * @property {Dtype} dtype
 * @property {Build} build the WebAssembly build that runs
 * @property {number} threads that run, the worker's own included
 * @property {string[]} notes sentences on what is not at its best: why a better build does not run, why there is one thread, that
 *   int8 weights have fewer than 8 bits here, what went wrong with the cache. Empty when all is at its best
 * @property {boolean} hasMaskedLMHead whether it has a masked-LM head, which `fillMask` needs
 * @property {boolean} fromCache whether the weights came from the cache
 * @property {Record<string, unknown>} config the checkpoint's config.json
 * @property {string} fingerprint 16 hexadecimal digits: a hash of the weights with the adapter, by which a head knows its model
 */

/**
 * @typedef {object} EmbedOptions
 * @property {'mean' | 'cls' | 'max' | 'none'} [pooling] what becomes of a text's token vectors. 'mean': their mean; 'cls': the
 *   vector of [CLS]; 'max': the largest value of each component; 'none': a vector for each token. Default: what a sentence-transformers
 *   folder says (pooling, dense layers, maximum length), else 'mean'
 * @property {number} [layer] whose hidden states are taken: 0 (the embeddings) to `info.numLayers`, the default. The layers above it are
 *   not computed
 * @property {boolean} [normalize] divide each vector by its length. Default: as the folder says, else false
 * @property {'cut' | 'error'} [truncation] what to do with a text of more than `info.maxTokens` tokens: 'cut', the
 *   default, cuts it there and warns; 'error' rejects with TEXT_TOO_LONG
 * @property {string} [promptName] which of the prompts of a sentence-transformers model is put before every text, such as 'query';
 *   default: what its files say (default_prompt_name), mostly none. Of a pair it is put before the first text
 * @property {string} [prompt] what is put before every text instead; '' for nothing
 * @property {HeadLike} [head] a head of this model: where it has an adapter of its own, the vectors are computed with that. Default: the
 *   model as it was loaded
 * @property {'query' | 'document'} [task] what the texts are in a search: without `promptName` and `prompt`, a sentence-transformers model's prompt of
 *   that name is put before them, or none, as `encode_query` and `encode_document` do
 */

/**
 * What `fillMask` gives for a text, by what the compiler knows of its masks: pieces for one, and for several an array of these.
 * @template {string} T
 * @typedef {string extends T ? MaskFill[] | MaskFill[][] : T extends `${string}[MASK]${string}[MASK]${string}` ? MaskFill[][] : MaskFill[]} MaskFills
 */

/** How many pieces `fillMask` gives, or which words it chooses from; and a head, whose adapter the encoder has meanwhile.
 * @typedef {{ topK?: number, targets?: string[], head?: HeadLike }} FillMaskOptions */

/** @typedef {Pick<LoadOptions, 'hub' | 'revision' | 'token' | 'headers' | 'assets'> & { lowercase?: boolean, signal?: AbortSignal }} TokenizerOptions */

/** @template {EmbedOptions['pooling']} P @typedef {P extends 'none' ? Float32Array[] : Float32Array} Embedding what `embed` gives for one text */

/** What all heads are. @typedef {{ readonly task: HeadTask, readonly labels: readonly string[], save: () => Promise<Uint8Array> }} HeadLike */

/**
 * @typedef {object} Encoding
 * @property {Int32Array} ids [tokens] [CLS] and [SEP] included
 * @property {Int32Array} tokenTypeIds [tokens] 1 for the second text of a pair and the [SEP] after it, else 0
 * @property {string[]} tokens [tokens] the pieces of the vocabulary
 * @property {[start: number, end: number][]} offsets [tokens] where each is in its text, in UTF-16 code units: `text.slice(start, end)`;
 *   [0, 0] for [CLS] and [SEP]
 */

/**
 * @typedef {object} VocabularyOptions
 * @property {number} [size] how many pieces it is to have, special tokens included; default 30000
 * @property {number} [minFrequency] how often two pieces must stand side by side to become one; default 2
 * @property {number} [limitAlphabet] how many different characters are kept, the most frequent ones; default 1000. The others are left out
 * @property {boolean} [lowercase] default true
 * @property {boolean} [stripAccents] whether accents and other marks are taken off letters; default: as `lowercase`
 * @property {boolean} [splitChinese] whether each Chinese character is a word of its own; default true
 */

/**
 * @typedef {object} TrainedVocabulary
 * @property {string[]} vocabulary the pieces by id: [PAD] [UNK] [CLS] [SEP] [MASK], the alphabet, the alphabet with "##", and the pieces made
 *   of them in the order in which they were made
 * @property {Record<'vocab.txt' | 'tokenizer_config.json', Uint8Array>} files the vocabulary, and how texts are normalized for it: what
 *   `loadTokenizer` takes, to be written into a model's folder
 * @property {number} texts how many there were
 * @property {number} words how many these have, each as often as it occurs
 * @property {number} distinctWords how many different ones
 */

/** @typedef {{ text: string, textPair?: string, label: string | number }} Example */

/** @typedef {{ text: string, textPair?: string, labels: string[] }} MultiLabelExample any number of labels */

/** @typedef {{ words: string[], tags: string[] }} TaggedExample a sentence, with a tag such as "B-person" or "O" for each word */

/** @typedef {'IOB1' | 'IOB2' | 'IOE1' | 'IOE2' | 'IOBES' | 'BILOU'} Scheme of tags, as seqeval names them; IOB2 is also called BIO */

/**
 * @typedef {object} AnsweredExample
 * @property {string} question
 * @property {string} context
 * @property {{ text: string, start: number }[]} answers any of which is right; `start` in UTF-16 code units, so that
 *   `context.startsWith(text, start)`. An empty array: the question cannot be answered
 */

/** @typedef {{ text: string, textPair?: string, score: number }} ScoredExample a text, or a pair, with a number of any scale */

/**
 * Two texts that belong together, such as a question and a passage that answers it, perhaps with one that does not belong to the first
 * although it looks as if it did; or two that are alike to some degree, to be tuned on from 0 to 1. Either all examples have a score or none.
 * @typedef {{ text: string, textPair: string, negative?: string, score?: number }} PairExample
 */

/**
 * How well cosines agree with scores: coefficients of correlation, -1 to 1; or, of pairs without scores, how well each first text finds its second
 * one among those of all: the mean of 1 / its place in the ranking, and the share of those in the first place.
 * @typedef {{ spearman?: number, pearson?: number, meanReciprocalRank?: number, recallAt1?: number, n: number }} SimilarityScores
 */

/** @typedef {'text-classification' | 'multi-label' | 'token-classification' | 'question-answering'} Task */

/**
 * What a fit trains besides a head: nothing, low-rank adapters beside the encoder's weights (LoRA, Hu et al. 2021), its last layers, or all of
 * it; or as much of it as `tune` says, on pairs of examples, before the head.
 * @typedef {'head' | 'lora' | 'layers' | 'full' | 'contrastive'} FitMethod
 */

/** What a head is for; 'regression': a number for each text; 'sentence-similarity': vectors. @typedef {Task | 'regression' | 'sentence-similarity'} HeadTask */

/**
 * @template {HeadTask | undefined} K
 * @typedef {K extends 'multi-label' ? MultiLabelExample : K extends 'regression' ? ScoredExample : K extends 'token-classification' ? TaggedExample
 *   : K extends 'question-answering' ? AnsweredExample : K extends 'sentence-similarity' ? PairExample : Example} ExampleOf
 */

/**
 * @typedef {object} FitOptions
 * @property {HeadTask} [task] default 'text-classification': one label for each text. 'multi-label': any number of labels for each text.
 *   'regression': a number for each text. 'token-classification': a tag for each word, for entities. 'question-answering': an answer that is a part of the context.
 *   'sentence-similarity', by method 'contrastive' only, its default: vectors that are alike where pairs of texts say so, for `embed(texts, { head })`
 * @property {FitMethod} [method] 'head', the default: only a head is trained, in seconds. 'lora': adapters too, which belong to the head and lie
 *   beside the model, so that any number of such heads can share it. 'layers' and 'full': the last `layers` layers, or all weights; the model
 *   then has the new weights, and heads that were trained on the old ones are refused. 'contrastive', for few examples of texts' labels: adapters,
 *   or what `tune` says, are tuned on pairs of examples, so that vectors of one label become alike; then a head is trained on the vectors, or on
 *   those of the model as it is, if that turns out better on examples which were left out. docs/fine-tuning.md says which to take
 * @property {number} [validation] share of the examples (0 to 0.9) held out of training to measure the head on; default 0
 * @property {'linear' | 'mlp'} [head] 'linear', the default: logistic regression, solved to its minimum by L-BFGS (for numbers there is ridge
 *   regression only). 'mlp': one hidden layer, trained by AdamW; for entities with a conditional random field on top
 * @property {number} [c] inverse strength of the L2 regularization of a linear head, as scikit-learn's `C`, for numbers `1 / alpha`; default: chosen by
 *   cross-validation
 * @property {'balanced' | Record<string, number>} [classWeight] how much an example of each label counts; default 1. 'balanced': the
 *   rarer a label, the more, so that all labels count the same together, as in scikit-learn
 * @property {number | 'auto'} [layer] whose hidden states the head reads: 0 to `info.numLayers`, the default but for entities. The encoder
 *   then runs no deeper. 'auto', the default for entities: the best by cross-validation
 * @property {'mean' | 'max' | 'cls' | 'auto'} [pooling] of the tokens; default 'mean'; 'auto': the best by cross-validation
 * @property {boolean | 'auto'} [standardize] whether features are brought to mean 0 and standard deviation 1 for training; default: true for
 *   'mlp' and for entities, else false. 'auto' (of texts only): the better by cross-validation
 * @property {Scheme} [scheme] of the tags of entities; default: recognized. A head for tags in IOB1, IOE1 or IOE2 gives tags in IOB2
 * @property {number} [hiddenSize] units of the hidden layer of 'mlp'; default 128
 * @property {number} [epochs] of 'mlp' and of question answering: rounds through the examples, for 'mlp' at most; default 30 for texts, 10
 *   for entities, 1 for question answering. Where the encoder is trained: default 3 for texts, 5 for entities, 2 for question answering, more
 *   if there are few examples
 * @property {number} [learningRate] of AdamW; default 0.001, for question answering 0.003, falling linearly to 0; for 'layers' 0.0003, for
 *   'full' 0.0002
 * @property {number} [maxTokens] of a window of a long context with its question, in question answering; default 384. Of a text, where the
 *   encoder is trained: the rest is not trained on; default 128
 * @property {number} [stride] tokens that a window shares with the one before; default 128
 * @property {boolean} [earlyStopping] of 'mlp': whether a held-out fold decides how many of the epochs are best; default true. Where the
 *   encoder is trained with `validation`: whether training ends when two epochs have brought nothing. The best epoch is kept in any case
 * @property {number} [rank] of 'lora': of each adapter; default 16, or the hidden size if that is less
 * @property {number} [alpha] of 'lora': adapters are multiplied by alpha / rank; default 2 * rank
 * @property {boolean} [rslora] of 'lora': by alpha / sqrt(rank) instead (Kalajdzievski 2023); default false
 * @property {number} [dropout] of 'lora': share of an adapter's inputs that are dropped in training; default 0.05
 * @property {string | string[]} [targetModules] of 'lora': which linear layers get an adapter: 'all-linear', the default; names or ends of
 *   names, such as ['query', 'value']; or a pattern for whole names
 * @property {string[]} [modulesToSave] of 'lora': modules of the encoder that are trained as a whole instead, by names or ends of names in
 *   transformers, such as ['LayerNorm'], ['word_embeddings'] or ['layer.5'], as PEFT's modules_to_save; default: none. The model then has
 *   their new weights, as with 'layers'. The head is always trained
 * @property {'lora' | 'layers' | 'full'} [tune] of 'contrastive': what of the encoder is tuned on pairs: 'lora', the default, adapters; 'layers' or
 *   'full', weights, as the methods of these names. The model has them then, unless what it was before turns out better: then it stays that
 * @property {number} [layers] of 'layers': how many of the last layers are trained; default 2
 * @property {number} [rounds] of 'contrastive': in how many pairs of each kind each example is the first; default 10, fewer of more than 128 examples
 * @property {boolean} [crf] of entities, with all methods but 'head': whether a conditional random field is trained on top; default false
 * @property {number} [batchSize] of all methods but 'head': examples of a step; default 32, for entities and question answering 16
 * @property {number} [warmup] share of the steps in which the learning rate rises; default 0.1
 * @property {number} [weightDecay] of AdamW; default 0.01
 * @property {number} [memory] bytes that training may take; default: what the device has to spare. The less, the more is computed twice
 * @property {(checkpoint: Uint8Array<ArrayBuffer>) => void} [onCheckpoint] gets the state of training now and then, and when the call is aborted or fails, to
 *   go on from it later
 * @property {Blob | ArrayBuffer | Uint8Array} [resume] a checkpoint: with the same examples and options training goes on as if never interrupted
 * @property {number} [seed] of all that is drawn at random: held-out examples, folds, the first weights of 'mlp'; default 0. The same seed
 *   gives the same head
 */

/**
 * What a fit measures on held-out examples, by task: of texts only some numbers, else what the head's `evaluate` gives.
 * @template {HeadTask} K
 * @typedef {K extends 'regression' ? RegressionMetrics : K extends 'token-classification' ? EntityMetrics & { accuracy: number, n: number }
 *   : K extends 'question-answering' ? AnswerMetrics : K extends 'sentence-similarity' ? SimilarityScores : Pick<Metrics, 'accuracy' | 'macroF1' | 'microF1' | 'n'>} MetricsOf
 */

/** How well answers agree with the right ones, as SQuAD measures it; 0 to 1. @typedef {{ exactMatch: number, f1: number, n: number }} AnswerMetrics */

/**
 * @template {HeadTask} [K=HeadTask]
 * @typedef {object} FitReport
 * @property {FitMethod} [method] what was trained, if more than a head
 * @property {number} examples how many were trained on
 * @property {number} [classes] number of labels
 * @property {number} layer whose hidden states the head reads
 * @property {'mean' | 'max' | 'cls' | 'none'} pooling
 * @property {boolean} [standardize] whether features were brought to mean 0 and standard deviation 1
 * @property {Scheme | 'IO'} [scheme] of a tagging head's labels; 'IO': types without a mark where an entity begins
 * @property {number} [trainAccuracy] share of the training examples that the head gets right, 0 to 1
 * @property {number} [windows] of question answering: into how many windows the contexts were cut
 * @property {number} [trainLoss] of question answering, and where the encoder was trained: mean loss of the last epoch that counts;
 *   of 'contrastive' that of the last tenth of the steps
 * @property {number} [temperature] by which the logits were divided, so that among held-out examples a score of 0.8 is right in 80
 *   percent (Guo et al. 2017); 1 where there were none to fit it to
 * @property {number} [c] inverse strength of regularization
 * @property {number} [iterations] of L-BFGS
 * @property {boolean} [converged] whether it reached its tolerance
 * @property {{ c: number, logLoss?: number, accuracy?: number, microF1?: number, mse?: number, r2?: number }[]} [search] what
 *   cross-validation measured for each strength; empty when `c` was given or there were too few examples
 * @property {number} [epochs] how many an 'mlp' was trained for
 * @property {{ epochs: number, logLoss: number, accuracy: number }[]} [epochSearch] what was measured on a held-out fold after each
 *   epoch
 * @property {ContrastiveComparison} [comparison] of method 'contrastive'
 * @property {FeatureStep[]} [featureSearch] what cross-validation measured for each layer, pooling and standardization
 * @property {{ rank: number, alpha: number, rslora: boolean, dropout: number, targetModules: string | string[], modulesToSave?: string[] }} [lora]
 *   where adapters were trained
 * @property {'lora' | 'layers' | 'full'} [tune] of method 'contrastive': what was tuned
 * @property {number} [layers] how many of the last layers were trained, where that is what was
 * @property {number} [learningRate] where the encoder was trained; so are the following ones
 * @property {number} [batchSize]
 * @property {number} [rounds] of method 'contrastive'
 * @property {number} [steps] how many were taken
 * @property {EpochReport[]} [history] what each epoch brought; `epochs` says which was kept
 * @property {MetricsOf<K>} [validation] on the examples that `validation` held out
 */

/**
 * @typedef {object} PretrainOptions
 * @property {'full' | 'lora'} [method] 'full', the default: all weights are trained. 'lora': adapters and the masked-LM head; the adapters are
 *   merged into the weights in the end
 * @property {number} [steps] default: three rounds through the texts
 * @property {number} [batchSize] sequences of a step; default 32
 * @property {number} [maxTokens] of a sequence; default 128, or as many as the model takes
 * @property {boolean} [packed] whether texts follow each other until a sequence is full, the default; else each is a sequence by itself
 * @property {number} [learningRate] the highest, of AdamW; default 0.0005 for 'full', 0.001 for 'lora'
 * @property {number} [warmup] share of the steps in which the learning rate rises; default 0.1. Then it falls to 0
 * @property {number} [weightDecay] of AdamW; default 0.01
 * @property {number} [mlmProbability] share of the tokens that are to be found; default 0.15. Of these 80 % become [MASK], 10 % a random token
 * @property {boolean} [wholeWords] whether all pieces of a word are masked together; default false
 * @property {number | string[]} [validation] share of the texts (0 to 0.9) held out of training, or texts, to measure on; default 0. Then the best
 *   that was measured is kept, at the beginning and ten times after that
 * @property {boolean} [live] of 'full': whether the model itself takes the weights whenever is measured, too, so that `fillMask` and all other calls
 *   use meanwhile what is learnt so far; a call that is aborted or fails then leaves the model with the last of them. Default false
 * @property {number} [rank] and the following four: of 'lora', as in FitOptions
 * @property {number} [alpha]
 * @property {boolean} [rslora]
 * @property {number} [dropout]
 * @property {string | string[]} [targetModules]
 * @property {number} [memory] bytes that training may take; default: what the device has to spare
 * @property {(checkpoint: Uint8Array<ArrayBuffer>) => void} [onCheckpoint] gets the state of training now and then, and when the call is aborted or fails
 * @property {Blob | ArrayBuffer | Uint8Array} [resume] a checkpoint: with the same texts and options training goes on as if never interrupted
 * @property {number} [seed] of all that is drawn at random: order, masks, dropout, held-out texts, a new head; default 0
 */

/**
 * A model of `createModel`.
 * @typedef {object} NewModelOptions
 * @property {string[]} vocabulary the pieces by id, such as the lines of a vocab.txt; [PAD], [UNK], [CLS], [SEP] and [MASK] among them
 * @property {boolean} [lowercase] whether texts are lowercased; this and the following two as the vocabulary was made with; default true
 * @property {boolean} [stripAccents] whether letters lose their accents; default: as `lowercase`
 * @property {boolean} [splitChinese] whether each Chinese character is a word of its own; default true
 * @property {number} [layers] default 4
 * @property {number} [hiddenSize] default 128
 * @property {number} [heads] of attention; default hiddenSize / 32
 * @property {number} [intermediateSize] default 4 * hiddenSize
 * @property {number} [maxTokens] of a text, the longest; default 128
 * @property {number} [dropout] rate with which it is trained; default 0.1
 * @property {number} [seed] of the weights; default 0
 */

/**
 * What was measured after a step.
 * @typedef {object} PretrainMeasurement
 * @property {number} step 0: before the first
 * @property {number} [loss] mean over the steps since the measurement before
 * @property {{ loss: number, perplexity: number, accuracy: number }} [heldOut] of the masked tokens of held-out texts, whose masks are always the
 *   same: mean cross entropy, e to its power, and the share of tokens for which the right one was the most likely
 */

/**
 * @typedef {object} PretrainReport
 * @property {'full' | 'lora'} method
 * @property {number} texts how many were trained on
 * @property {number} sequences that were made of them
 * @property {number} heldOutSequences
 * @property {number} tokens of the sequences, special ones included
 * @property {boolean} newHead whether the model had no masked-LM head before
 * @property {FitReport['lora']} [lora] of method 'lora'
 * @property {number} learningRate
 * @property {number} batchSize
 * @property {number} maxTokens
 * @property {number} mlmProbability
 * @property {boolean} wholeWords
 * @property {number} steps how many were taken
 * @property {number} kept after how many of them the weights are kept
 * @property {PretrainMeasurement[]} history
 */

/**
 * What a head reaches on examples that neither it nor the tuning has seen, on the model's vectors as they are and on tuned ones. Of labels the
 * tuned ones are kept unless `gain` is below zero by more than its standard error, and 0.005; of pairs what has the higher Spearman's correlation or
 * mean reciprocal rank.
 * @typedef {object} ContrastiveComparison
 * @property {'cross-validation' | 'validation'} measuredOn parts of the examples that were left out in turn, or those that `validation` holds out
 * @property {{ c: number, logLoss: number, accuracy: number, microF1?: number } | SimilarityScores} frozen
 * @property {{ c: number, logLoss: number, accuracy: number, microF1?: number } | SimilarityScores} tuned
 * @property {{ mean: number, standardError: number }} [gain] of labels: by how much the log of an example's probability is higher on tuned
 *   vectors, in nats; with several labels, by how much the F1 of its labels is
 * @property {'frozen' | 'tuned'} kept
 */

/** @typedef {{ layer: number, pooling: string, standardize: boolean, logLoss: number, accuracy: number }} FeatureStep */

/** @typedef {{ label: string, score: number }} Prediction score: probability, 0 to 1 */

/**
 * @typedef {object} ClassifyOptions
 * @property {number} [topK] at most this many labels; default: all
 * @property {number} [threshold] only labels with at least this probability, 0 to 1; default 0
 */

/** @typedef {{ index: number, score: number }} Ranked `index`: of a document */

/**
 * What is measured, and, of the methods that train the encoder, how they are trained, as in `fit`; but without held-out examples, since each
 * draw is measured on those that it leaves over.
 * @typedef {CurveDraws & Pick<FitOptions, 'method' | 'c' | 'batchSize' | 'epochs' | 'learningRate' | 'maxTokens' | 'memory' | 'warmup'
 *   | 'weightDecay' | 'rank' | 'alpha' | 'rslora' | 'dropout' | 'targetModules' | 'modulesToSave' | 'layers' | 'rounds' | 'tune'>} CurveOptions
 */

/**
 * @typedef {object} CurveDraws
 * @property {Example[]} [test] examples to measure on; default: those that a draw leaves over
 * @property {number[]} [sizes] numbers of examples to draw of each label (all of a label that has fewer); default: 1, 2, 4, ... 64, as
 *   far as there are examples
 * @property {number} [draws] how often examples are drawn for each size; default 5
 * @property {boolean} [baseline] whether a classifier that knows words alone (TF-IDF) is measured too; default true
 */

/**
 * @typedef {object} Spread of the accuracies of several draws, 0 to 1
 * @property {number} mean
 * @property {number} std standard deviation of the sample
 * @property {number[]} accuracies [draws]
 */

/**
 * The accuracy of what `fit` makes by the same method. `n`: examples of each label; `frozen`: where the method trains the encoder, the accuracy of
 * a head on the frozen one, on the same draws; `baseline`: of words alone, likewise.
 * @typedef {{ n: number, frozen?: Spread, baseline?: Spread } & Spread} CurvePoint
 */

/**
 * A piece in the place of a mask, in the names of Hugging Face's pipelines.
 * @typedef {object} MaskFill
 * @property {number} score probability, 0 to 1
 * @property {number} token id of the piece
 * @property {string} token_str the piece
 * @property {string} sequence the text with the piece in the mask's place
 */

/**
 * A text, or a pair of them that the model reads as one sequence, [CLS] text [SEP] textPair [SEP].
 * @typedef {string | { text: string, textPair?: string }} TextInput
 */

/**
 * @typedef {object} Scores of one label, or of all labels together; each 0 to 1
 * @property {number} precision TP / (TP + FP)
 * @property {number} recall TP / (TP + FN)
 * @property {number} f1 2 TP / (2 TP + FP + FN)
 * @property {number} support how often it occurs in the truth, TP + FN
 */

/**
 * @typedef {object} Metrics
 * @property {number} accuracy share of the examples whose predicted label is the true one
 * @property {number} macroF1 mean of the labels' F1, over the labels that occur in the truth or the predictions
 * @property {number} microF1 F1 of the counts of all labels together; equal to the accuracy, since every example has one label
 * @property {number} n number of examples
 * @property {string[]} labels in the order of the rows and columns of `confusion`, and of `classes`
 * @property {number[][]} confusion [labels][labels] how many examples of the row's label were predicted as the column's
 * @property {Scores[]} classes [labels]
 */

/**
 * @typedef {object} MultiLabelMetrics
 * @property {number} accuracy share of the examples whose predicted labels are exactly the true ones
 * @property {number} macroF1 mean of all labels' F1
 * @property {number} microF1 F1 of the counts of all labels together
 * @property {number} samplesF1 mean of the examples' F1; 0 for one that has no labels, true or predicted
 * @property {number} n number of examples
 * @property {string[]} labels in the order of `classes`
 * @property {Scores[]} classes [labels]
 */

/**
 * @typedef {object} RegressionMetrics
 * @property {number} pearson coefficient of linear correlation, -1 to 1; NaN if either side has one value only, as in scipy
 * @property {number} spearman coefficient of rank correlation, likewise; equal numbers share the mean of their ranks
 * @property {number} r2 share of the variance that is explained: 1 is perfect, 0 as good as the mean
 * @property {number} mse mean of the squared errors
 * @property {number} n number of examples
 */

/** @typedef {Scores & { types: Record<string, Scores> }} EntityMetrics of all entities together (micro average), and of
 *   each type */

/**
 * @typedef {'none' | 'simple' | 'first' | 'average' | 'max'} AggregationStrategy
 *   none     each token is a result of its own
 *   simple   neighbouring tokens of the same type are grouped; a word may be split
 *   first    neighbouring words of the same type are grouped; a word has the tag of its first token,
 *   average  or the tag with the highest mean probability over its tokens,
 *   max      or the tag of the token with the highest probability
 */

/**
 * @typedef {{ entity: string, score: number, index: number, word: string, start: number, end: number }} TokenEntity `entity`: the tag;
 *   `index`: of the token, 0 for [CLS]; `start` and `end`: in UTF-16 code units
 */

/**
 * @typedef {{ entity_group: string, score: number, word: string, start: number, end: number }} EntityGroup `entity_group`: the type;
 *   `word`: the tokens as the tokenizer decodes them; `start` and `end`: in UTF-16 code units
 */

/** @typedef {{ answer: string, score: number, start: number, end: number }} Answer `answer` is `context.slice(start, end)`, '' for
 *   no answer; `score` is a probability */

/**
 * @typedef {object} AnswerOptions
 * @property {number} [topK] maximum number of answers to a question; default 1
 * @property {number} [maxAnswerTokens] maximum length of an answer in tokens; default 30
 * @property {boolean} [noAnswer] whether '', "no answer", is among the possible answers; default false
 * @property {number} [maxTokens] length of a window in tokens, with the question; default 384, or the model's maximum if that is less
 * @property {number} [stride] how many tokens a window shares with the one before; default 128, or a third of `maxTokens` if that is less
 */

/** @typedef {{ question: string, context: string }} QuestionInput */

/**
 * @typedef {object} WindowOptions
 * @property {number} [stride] a long text is read in windows, each of as many tokens as the model reads, and this is how many of them a
 *   window shares with the one before: 0 to `info.maxTokens` - 3. Default: a long text is cut, with a warning
 */

/** How tags of a sentence are chosen: so that they may follow each other, or each by itself. @typedef {'viterbi' | 'argmax'} Decoding */

export {};
