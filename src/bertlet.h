/* bertlet: BERT as a transfer-learning engine that fits in a web page.
 *
 * The only public header of the C core. The core does no I/O, keeps no global state, allocates nothing and never
 * exits: bytes and numbers in, numbers out.
 *
 * Memory. Every object lives in one block that the caller provides and owns. `bertlet_X_bytes()` says how large the
 * block must be, `bertlet_X_init()` builds the object in it (alignment: BERTLET_ALIGNMENT) and returns it. There is
 * nothing to free but the block, and an object may not be moved.
 *
 * Errors. A function that can fail returns a `bertlet_status`; one that returns a pointer or a size returns NULL or 0.
 * Arguments that a caller can get wrong are checked; pointers and array lengths are the caller's promise.
 *
 * Shapes. Arrays are row-major and written in comments as [rows][columns]. A batch is ragged: the tokens of all
 * sequences stand one after the other without padding, and `starts` [sequences + 1] holds where each begins
 * (starts[0] == 0, starts[sequences] == number of tokens). */
#ifndef BERTLET_H
#define BERTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define BERTLET_API __attribute__((used, visibility("default")))
#else
#define BERTLET_API
#endif

#define BERTLET_ALIGNMENT 64
#define BERTLET_TENSOR_NAME_BYTES 96

typedef enum bertlet_status {
  BERTLET_OK = 0,
  BERTLET_ERROR_ARGUMENT = -1,   /* a number outside its range: an id past the vocabulary, a batch past the plan */
  BERTLET_ERROR_VOCABULARY = -2, /* the vocabulary lacks [UNK], [CLS] or [SEP], or holds no piece at all */
  BERTLET_ERROR_CAPACITY = -3,   /* the output does not fit into the given capacity */
  BERTLET_ERROR_INCOMPLETE = -4, /* the model still misses weights */
  BERTLET_ERROR_NUMERIC = -5,    /* a value is not finite: the weights or the features hold NaN or infinity */
  BERTLET_ERROR_IMAGE = -6       /* an image is damaged, or not one of this model */
} bertlet_status;

/* ---- Tokenizer: BERT normalizer, BERT pre-tokenizer, WordPiece -------------------------------------------------- */

typedef struct bertlet_tokenizer bertlet_tokenizer;

typedef enum bertlet_tokenizer_flags {
  BERTLET_LOWERCASE = 1,
  BERTLET_STRIP_ACCENTS = 2,      /* Hugging Face's default: the same as lowercase */
  BERTLET_CLEAN_TEXT = 4,         /* drop control characters, turn every white space into U+0020 */
  BERTLET_SPLIT_CHINESE_CHARS = 8 /* put spaces around CJK ideographs */
} bertlet_tokenizer_flags;

typedef enum bertlet_special { BERTLET_PAD, BERTLET_UNK, BERTLET_CLS, BERTLET_SEP, BERTLET_MASK } bertlet_special;

/* Bytes for a tokenizer over a vocabulary of `vocab_bytes` bytes, or 0 when it holds no piece, or 2^23 or more.
 * `vocab` is the content of a vocab.txt: UTF-8, one piece a line ("\n" or "\r\n"), the line number (from 0) is the id;
 * an empty line is an id without a piece. As in Hugging Face's reader white space at the end of a line does not count,
 * and of equal pieces the last one does. */
BERTLET_API size_t bertlet_tokenizer_bytes(const char *vocab, size_t vocab_bytes);

/* Builds a tokenizer in `block`. It keeps pointing into `vocab`, which must live and stay unchanged as long.
 * `flags`: BERTLET_LOWERCASE | ... Returns NULL when [UNK], [CLS] or [SEP] is missing. */
BERTLET_API bertlet_tokenizer *bertlet_tokenizer_init(void *block, const char *vocab, size_t vocab_bytes,
                                                      uint32_t flags);

/* Number of ids (lines of the vocabulary). */
BERTLET_API int32_t bertlet_tokenizer_vocab_size(const bertlet_tokenizer *tokenizer);

/* Id of [PAD], [UNK], [CLS], [SEP] or [MASK], or -1 when the vocabulary has none. */
BERTLET_API int32_t bertlet_tokenizer_special(const bertlet_tokenizer *tokenizer, bertlet_special which);

/* Splits `text` (UTF-8, `text_bytes` bytes, ill-formed sequences count as U+FFFD) into pieces, without adding special
 * tokens; special tokens spelled out in the text ("[SEP]") are matched as such, as Hugging Face does.
 *   ids      [capacity]      ids of the pieces
 *   offsets  [capacity][2]   start and end of each piece in the text, in UTF-16 code units, or NULL
 * Returns the number of pieces, at most `text_bytes`, or BERTLET_ERROR_CAPACITY. */
BERTLET_API int32_t bertlet_tokenize(const bertlet_tokenizer *tokenizer, const char *text, size_t text_bytes,
                                     int32_t *ids, int32_t *offsets, int32_t capacity);

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

/* A pool of a fixed number of threads. The core starts none: the caller starts `count - 1` of them and lets each run
 * bertlet_threads_serve(). The thread that calls the other functions is thread 0. Results never depend on `count`. */
typedef struct bertlet_threads bertlet_threads;

/* Bytes for a pool of `count` threads, or 0 when this build cannot have that many (1 in single-threaded WebAssembly).
 */
BERTLET_API size_t bertlet_threads_bytes(int32_t count);
BERTLET_API bertlet_threads *bertlet_threads_init(void *block, int32_t count);

/* Body of thread `index` (1 .. count - 1): waits for work and does its share, until bertlet_threads_stop(). */
BERTLET_API void bertlet_threads_serve(bertlet_threads *threads, int32_t index);
BERTLET_API void bertlet_threads_stop(bertlet_threads *threads);

/* ---- Model: weights and encoder ---------------------------------------------------------------------------------- */

typedef struct bertlet_model bertlet_model;

typedef enum bertlet_dtype { BERTLET_F32, BERTLET_F16, BERTLET_BF16 } bertlet_dtype;
/* How a model keeps its weights: as they are, or 8 bits and less with a scale and a zero point for each row. In an int8
 * model the linear layers multiply integers; everything between them is computed in f32. */
typedef enum bertlet_weights { BERTLET_WEIGHTS_F32, BERTLET_WEIGHTS_INT8 } bertlet_weights;
typedef enum bertlet_activation { BERTLET_GELU, BERTLET_GELU_TANH, BERTLET_RELU, BERTLET_TANH } bertlet_activation;

/* Hugging Face's config.json in numbers. Every field has 4 bytes, so that JavaScript can write it as such. */
typedef struct bertlet_config {
  int32_t vocab_size;
  int32_t hidden_size; /* a multiple of 8 and of num_attention_heads */
  int32_t num_hidden_layers;
  int32_t num_attention_heads;
  int32_t intermediate_size;       /* a multiple of 8 */
  int32_t max_position_embeddings; /* the longest sequence, in tokens, special tokens included */
  int32_t type_vocab_size;         /* 0: there are no token types (DistilBERT) */
  int32_t hidden_act;              /* bertlet_activation, but not BERTLET_TANH, which is for heads */
  float layer_norm_eps;
  int32_t max_batch_tokens; /* most tokens in one call of bertlet_forward(); at least 1. Sizes the workspace. */
  int32_t weights;          /* bertlet_weights; an int8 model's layers have up to 32768 inputs */
  int32_t embedding_size; /* of the tables' rows, a multiple of 8. Where it is not hidden_size (ELECTRA), a linear layer
                             follows the embeddings' normalization. 0: hidden_size */
} bertlet_config;

/* Bytes for a model, weights and workspace, run by a pool of `threads` threads, or 0 when the configuration is not one
 * that the encoder can run or does not fit into the address space. */
BERTLET_API size_t bertlet_model_bytes(const bertlet_config *config, int32_t threads);

/* Builds a model without weights. `threads` may be NULL (one thread) and must outlive the model. */
BERTLET_API bertlet_model *bertlet_model_init(void *block, const bertlet_config *config, bertlet_threads *threads);

/* Whole bits of a weight of a linear layer: 32, 8, or 7 where this engine's fastest integer product leaves two
 * neighbouring weights 256 steps together, so that a weight has between 7 and 8 (docs/decisions/0006-eight-bits.md). */
BERTLET_API int32_t bertlet_model_weight_bits(const bertlet_model *model);

/* The tensors that the model needs, numbered 0 .. bertlet_tensor_count() - 1, with the names of a Hugging Face
 * checkpoint without the prefix "bert." ("encoder.layer.0.attention.self.query.weight"). A vector has one row. */
BERTLET_API int32_t bertlet_tensor_count(const bertlet_model *model);
/* Writes the name, NUL-terminated, into `name` (at least 96 bytes) and returns its length. */
BERTLET_API int32_t bertlet_tensor_name(const bertlet_model *model, int32_t tensor, char *name);
BERTLET_API int32_t bertlet_tensor_rows(const bertlet_model *model, int32_t tensor);
BERTLET_API int32_t bertlet_tensor_columns(const bertlet_model *model, int32_t tensor);

/* Streaming writer. bertlet_tensor_begin() opens a tensor whose little-endian source elements have type `dtype`;
 * bertlet_tensor_write() takes its bytes in order, cut anywhere, and packs each row into its final place as soon as it
 * is whole. Tensors may come in any order, one open at a time. Beginning a tensor again starts it over, so that a
 * failed download can be retried. Writing past the end is BERTLET_ERROR_ARGUMENT, a value that is not finite
 * BERTLET_ERROR_NUMERIC; either closes the tensor, which stays missing until it is begun again. */
BERTLET_API bertlet_status bertlet_tensor_begin(bertlet_model *model, int32_t tensor, bertlet_dtype dtype);
BERTLET_API bertlet_status bertlet_tensor_write(bertlet_model *model, const void *bytes, size_t count);

/* Merges a LoRA adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685) into the open tensor W [rows][columns]:
 * every row is written as that of W + scale . B . A, so that the product as a whole is never there. a  [rank][columns],
 * b [rows][rank]  stay the caller's; unchanged until the tensor is written or begun again BERTLET_ERROR_ARGUMENT when
 * no tensor is open or part of it is written already, or for a rank below 1. */
BERTLET_API bertlet_status bertlet_tensor_adapt(bertlet_model *model, const float *a, const float *b, int32_t rank,
                                                float scale);

/* Index of the first tensor that is not completely written, or -1 when the model is ready. */
BERTLET_API int32_t bertlet_model_missing(const bertlet_model *model);

/* 64-bit hash of the weights' values as f32, adapters merged, whatever order and dtype they came in and however the
 * model keeps them: the identity of a base model. */
BERTLET_API uint64_t bertlet_model_fingerprint(const bertlet_model *model);

/* The image: the weights as the model keeps them, all in one piece within its block, so that they can be stored and
 * brought back by one copy instead of being converted and packed again. Every build and engine reads the images that
 * one with the same byte order and, for an int8 model, the same bertlet_int8_path() has written.
 *   to store      bertlet_model_seal(), then copy bertlet_model_image_bytes() bytes from bertlet_model_image()
 *   to bring back copy as many bytes there, into a model of the same configuration (only max_batch_tokens and the
 *                 number of threads may differ), then bertlet_model_restore() */
BERTLET_API void *bertlet_model_image(bertlet_model *model);
BERTLET_API size_t bertlet_model_image_bytes(const bertlet_model *model);

/* Writes the header: what decides the layout, and a checksum. BERTLET_ERROR_INCOMPLETE while weights are missing. */
BERTLET_API bertlet_status bertlet_model_seal(bertlet_model *model);

/* Takes an image as the model's weights, with their fingerprint. BERTLET_ERROR_IMAGE when it is damaged or an image of
 * something else; then all weights are missing, and may be written or brought back anew. */
BERTLET_API bertlet_status bertlet_model_restore(bertlet_model *model);

/* Which of the ways to multiply 8-bit numbers an int8 model takes here: it depends on build, engine and processor. */
BERTLET_API int32_t bertlet_int8_path(void);

/* The encoder (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3; post-layer-norm Transformer).
 *   ids       [tokens]         token ids, 0 .. vocab_size - 1
 *   type_ids  [tokens]         0 .. type_vocab_size - 1, or NULL for all 0; not looked at by a model without types
 *   starts    [sequences + 1]  see Shapes; every sequence has 1 .. max_position_embeddings tokens
 *   layers    how many to run, 0 .. num_hidden_layers; 0 gives the embeddings
 *   hidden    [tokens][hidden_size]  out: the hidden states after that many layers
 * A sequence gives the same bits alone and in any batch, on any number of threads. BERTLET_ERROR_INCOMPLETE while
 * weights are missing, BERTLET_ERROR_ARGUMENT for numbers outside the ranges above, BERTLET_ERROR_NUMERIC when the
 * result is not finite, which takes weights so large that f32 overflows. */
BERTLET_API bertlet_status bertlet_forward(bertlet_model *model, const int32_t *ids, const int32_t *type_ids,
                                           const int32_t *starts, int32_t sequences, int32_t layers, float *hidden);

/* ---- Heads ------------------------------------------------------------------------------------------------------- */

typedef enum bertlet_pooling { BERTLET_POOL_MEAN, BERTLET_POOL_CLS, BERTLET_POOL_MAX } bertlet_pooling;

/* One vector per sequence: hidden [tokens][hidden_size] -> pooled [sequences][hidden_size]. With `normalize` each is
 * divided by its L2 norm (by at least 1e-12, as torch.nn.functional.normalize). */
BERTLET_API void bertlet_pool(const float *hidden, const int32_t *starts, int32_t sequences, int32_t hidden_size,
                              bertlet_pooling pooling, bool normalize, float *pooled);

/* logits [rows][classes] = features [rows][feature_count] . weight^T + bias; weight [classes][feature_count] and
 * bias [classes] as in torch.nn.Linear. */
BERTLET_API void bertlet_linear(const float *features, int32_t rows, int32_t feature_count, const float *weight,
                                const float *bias, int32_t classes, float *logits);

/* values[i] = activation(values[i]), for the hidden layers of heads. */
BERTLET_API void bertlet_activate(float *values, int32_t count, bertlet_activation activation);

/* Layer normalization of every row of values [rows][columns], in place, as torch.nn.LayerNorm; gamma and beta
 * [columns].
 */
BERTLET_API void bertlet_layer_norm(float *values, int32_t rows, int32_t columns, const float *gamma, const float *beta,
                                    float epsilon);

/* The decoder of a masked-LM head that shares the word embeddings E [vocab_size][embedding_size]:
 * logits [rows][vocab_size] = features [rows][embedding_size] . E^T + bias [vocab_size]. BERTLET_ERROR_INCOMPLETE while
 * weights are missing, BERTLET_ERROR_NUMERIC when the result is not finite. */
BERTLET_API bertlet_status bertlet_word_logits(const bertlet_model *model, const float *features, int32_t rows,
                                               const float *bias, float *logits);

/* Softmax of every row of values [rows][classes], in place. */
BERTLET_API void bertlet_softmax(float *values, int32_t rows, int32_t classes);

/* ---- Training: multinomial logistic regression by L-BFGS --------------------------------------------------------- */

/* Minimizes scikit-learn's LogisticRegression objective (solver lbfgs, L2, intercept not penalized)
 *     sum_i s_i * -log softmax(W x_i + b)[y_i]  /  S   +   |W|^2 / (2 C S),      S = sum_i s_i,
 * where s are the sample weights. As scikit-learn does, two classes are one vector w with p(1) = sigmoid(w.x + b);
 * the result is written as two rows (-w/2, w/2), whose softmax is the same. L-BFGS (Nocedal & Wright, Numerical
 * Optimization, 2nd ed., algorithms 7.4/7.5) with scipy's line search (Moré & Thuente 1994): from zero weights and with
 * its tolerance a fit takes scikit-learn's path and ends at its objective, to the rounding of f32. */
typedef struct bertlet_logreg bertlet_logreg;

typedef enum bertlet_fit_state {
  BERTLET_FIT_RUNNING = 0,
  BERTLET_FIT_CONVERGED = 1,
  BERTLET_FIT_STALLED = 2
} bertlet_fit_state;

BERTLET_API size_t bertlet_logreg_bytes(int32_t rows, int32_t feature_count, int32_t classes);

/* features [rows][feature_count] and labels [rows] (0 .. classes - 1) stay the caller's and must live as long. Returns
 * NULL when a label is out of range. */
BERTLET_API bertlet_logreg *bertlet_logreg_init(void *block, const float *features, const int32_t *labels, int32_t rows,
                                                int32_t feature_count, int32_t classes);

/* Starts a fit from the present weights (zero after init, so that a path of strengths is warm-started).
 *   sample_weight [rows]  s_i >= 0, not all 0, or NULL for all 1; copied; a row of weight 0, as of a held-out fold,
 *                         costs nothing
 *   c                     inverse strength of regularization, > 0; INFINITY for none
 *   tolerance             converged when the largest |gradient| is at most this (scikit-learn's default: 1e-4);
 *                         0 goes on until rounding ends it (BERTLET_FIT_STALLED) */
BERTLET_API bertlet_status bertlet_logreg_start(bertlet_logreg *fit, const float *sample_weight, double c,
                                                double tolerance);

/* Sets all weights back to zero, for the next start. */
BERTLET_API void bertlet_logreg_reset(bertlet_logreg *fit);

/* One L-BFGS iteration. Returns a bertlet_fit_state (STALLED: the line search finds no lower point in f32; the weights
 * are the best found) or BERTLET_ERROR_NUMERIC. */
BERTLET_API int32_t bertlet_logreg_step(bertlet_logreg *fit);

BERTLET_API double bertlet_logreg_objective(const bertlet_logreg *fit);
BERTLET_API double bertlet_logreg_gradient(const bertlet_logreg *fit); /* largest |component| */

/* Writes weight [classes][feature_count] and bias [classes] for bertlet_linear(). */
BERTLET_API void bertlet_logreg_weights(const bertlet_logreg *fit, float *weight, float *bias);

/* ---- Training: one or two dense layers by AdamW ------------------------------------------------------------------ */

/* A head  logits = x W^T + b,  or with hidden units  logits = relu(x W1^T + b1) W2^T + b2. A step of training is
 * bertlet_mlp_forward(), a loss, bertlet_mlp_backward(), bertlet_mlp_step(); without the last two it is a measurement.
 * Every sum has a fixed order: the same numbers in give the same bits out. */
typedef struct bertlet_mlp bertlet_mlp;

/* `hidden_size`: 0 for no hidden units; `max_rows`: the most rows of one batch; `extra`: how many parameters of the
 * loss are trained along (transitions of a bertlet_crf_loss()). 0 when the numbers are out of range. */
BERTLET_API size_t bertlet_mlp_bytes(int32_t inputs, int32_t hidden_size, int32_t outputs, int32_t max_rows,
                                     int32_t extra);

/* With all parameters 0, which a head with hidden units can't learn from: see bertlet_mlp_parameters(). */
BERTLET_API bertlet_mlp *bertlet_mlp_init(void *block, int32_t inputs, int32_t hidden_size, int32_t outputs,
                                          int32_t max_rows, int32_t extra);

/* Back to the state after bertlet_mlp_init(). */
BERTLET_API void bertlet_mlp_reset(bertlet_mlp *mlp);

/* The parameters, in the block, to be read and written at any time: W1 [hidden_size][inputs], b1 [hidden_size],
 * W2 [outputs][hidden_size], b2 [outputs]; without hidden units W [outputs][inputs], b [outputs]; then the extra ones.
 */
BERTLET_API float *bertlet_mlp_parameters(bertlet_mlp *mlp);
BERTLET_API int32_t bertlet_mlp_parameter_count(const bertlet_mlp *mlp);

/* What bertlet_mlp_backward() has summed since the last step, in the same order; the extra ones' is the caller's to
 * add. */
BERTLET_API float *bertlet_mlp_gradient(bertlet_mlp *mlp);

/* Puts some rows of features [any][inputs] through the head. The features must stay until bertlet_mlp_backward().
 *   rows    [count]           which rows, or NULL for the first `count`
 *   logits  [count][outputs]  out
 * BERTLET_ERROR_ARGUMENT when `count` is more than the plan has. */
BERTLET_API bertlet_status bertlet_mlp_forward(bertlet_mlp *mlp, const float *features, const int32_t *rows,
                                               int32_t count, float *logits);

/* Adds to the gradient of the parameters, for the batch that was last put through, given the derivative of the loss by
 * each logit [count][outputs]. */
BERTLET_API void bertlet_mlp_backward(bertlet_mlp *mlp, const float *logit_gradient);

/* One step of AdamW (Loshchilov & Hutter 2019) as torch.optim.AdamW does it, all parameters in one group; the gradient
 * is 0 afterwards. */
BERTLET_API void bertlet_mlp_step(bertlet_mlp *mlp, double learning_rate, double weight_decay);

/* Losses: each returns the mean loss and replaces every logit by the derivative of that mean by it. Negative results
 * are statuses: BERTLET_ERROR_ARGUMENT for a label or position out of range, or no weight at all, BERTLET_ERROR_NUMERIC
 * for logits that are not finite. */

/* torch.nn.CrossEntropyLoss: logits [rows][classes], labels [rows]. With sample_weight [rows] (NULL for all 1) the mean
 * is the weighted one. */
BERTLET_API double bertlet_softmax_loss(float *logits, const int32_t *labels, const float *sample_weight, int32_t rows,
                                        int32_t classes);

/* torch.nn.BCEWithLogitsLoss: logits and targets (0 or 1) [rows][classes], the mean over all. `class_weight` [classes]
 * is its pos_weight, or NULL. */
BERTLET_API double bertlet_sigmoid_loss(float *logits, const uint8_t *targets, const float *class_weight, int32_t rows,
                                        int32_t classes);

/* The loss of BertForQuestionAnswering: logits [tokens][2], spans [sequences][2] positions of the answer's first and
 * last token in their sequence; the mean of the two cross entropies over its tokens, and over the sequences. */
BERTLET_API double bertlet_span_loss(float *logits, const int32_t *starts, const int32_t *spans, int32_t sequences);

/* ---- Training: a linear-chain conditional random field on a head's logits -------------------------------------------
 */

/* The loss of tags that follow each other (Lafferty et al. 2001): the mean over all rows of -log p(tags of a sequence),
 *   p ~ exp(begin[y_0] + sum_t emissions[t][y_t] + sum_t transitions[y_t-1][y_t]).
 *   emissions    [rows][tags]       logits; replaced by the derivative of the loss by each
 *   labels       [rows]             0 .. tags - 1
 *   starts       [sequences + 1]    see Shapes
 *   transitions  [tags + 1][tags]   from tag (row) to tag (column), the last row: begin
 *   block        bertlet_crf_bytes(longest sequence, tags), scratch
 *   gradient     [tags + 1][tags]   the derivative by the transitions is added to it
 * Returns the loss or, negative, a status as the losses above. */
BERTLET_API double bertlet_crf_loss(float *emissions, const int32_t *labels, const int32_t *starts, int32_t sequences,
                                    int32_t tags, const float *transitions, void *block, float *gradient);
BERTLET_API size_t bertlet_crf_bytes(int32_t length, int32_t tags);

#endif
