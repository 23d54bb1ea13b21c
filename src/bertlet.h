/* bertlet: BERT as a transfer-learning engine that fits in a web page.
 *
 * The only public header of the C core. The core does no I/O, keeps no global state, allocates nothing and never
 * exits: bytes and numbers in, numbers out.
 *
 * Memory. Every object lives in one block that the caller provides and owns. `bertlet_X_bytes()` says how large the
 * block must be, `bertlet_X_init()` builds the object in it (alignment: BERTLET_ALIGNMENT) and returns it. There is
 * nothing to free but the block, and an object may not be moved. All other arrays are the caller's as well; a function
 * reads or writes them only until it returns, unless its comment says otherwise.
 *
 * Errors. A function that can fail returns a `bertlet_status`; one that returns a pointer or a size returns NULL or 0.
 * Numbers that a caller can get wrong are checked; that pointers are valid and arrays long enough is not.
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
  BERTLET_ERROR_ARGUMENT = -1,   /* a number outside its range: an id past the vocabulary, too many tokens in a batch */
  BERTLET_ERROR_VOCABULARY = -2, /* the vocabulary lacks [UNK], [CLS] or [SEP], or holds no piece at all */
  BERTLET_ERROR_CAPACITY = -3,   /* the output does not fit into the given capacity */
  BERTLET_ERROR_INCOMPLETE = -4, /* some of the model's tensors have not been written */
  BERTLET_ERROR_NUMERIC = -5,    /* a value is NaN or infinite, in the input or in the result */
  BERTLET_ERROR_IMAGE = -6       /* an image is damaged, or of another model */
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

/* Bytes for a tokenizer, or 0 for a vocabulary without a piece or with 2^23 lines or more.
 *   vocab  [vocab_bytes]  the content of a vocab.txt: UTF-8, one piece a line ("\n" or "\r\n"), whose id is the number
 * of the line, from 0. An empty line is an id without a piece. As in Hugging Face's reader, white space at the end of a
 * line is not part of the piece, and a piece that stands on several lines has the id of the last one. */
BERTLET_API size_t bertlet_tokenizer_bytes(const char *vocab, size_t vocab_bytes);

/* Builds a tokenizer in `block`; `flags`: BERTLET_LOWERCASE | ... It keeps pointing into `vocab`, which must live as
 * long as the tokenizer and stay unchanged. Returns NULL when bertlet_tokenizer_bytes() is 0 or the vocabulary lacks
 * [UNK], [CLS] or [SEP]. */
BERTLET_API bertlet_tokenizer *bertlet_tokenizer_init(void *block, const char *vocab, size_t vocab_bytes,
                                                      uint32_t flags);

/* Number of ids, which is the number of lines of the vocabulary. */
BERTLET_API int32_t bertlet_tokenizer_vocab_size(const bertlet_tokenizer *tokenizer);

/* Id of [PAD], [UNK], [CLS], [SEP] or [MASK], or -1 when the vocabulary has none. */
BERTLET_API int32_t bertlet_tokenizer_special(const bertlet_tokenizer *tokenizer, bertlet_special which);

/* Splits `text` [text_bytes] (UTF-8; ill-formed sequences count as U+FFFD) into pieces, by WordPiece (Wu et al. 2016,
 * https://arxiv.org/abs/1609.08144). It adds no special tokens, but finds those that the text spells out ("[SEP]"), as
 * Hugging Face does.
 *   ids      [capacity]      out: ids of the pieces
 *   offsets  [capacity][2]   out: start and end of each piece in the text, in UTF-16 code units; or NULL
 * Returns the number of pieces, which is at most `text_bytes`; BERTLET_ERROR_CAPACITY when there are more than
 * `capacity`, BERTLET_ERROR_ARGUMENT for a text of 2^31 bytes or more. */
BERTLET_API int32_t bertlet_tokenize(const bertlet_tokenizer *tokenizer, const char *text, size_t text_bytes,
                                     int32_t *ids, int32_t *offsets, int32_t capacity);

/* The words of `text` [text_bytes] (UTF-8; ill-formed sequences count as U+FFFD), which a vocabulary is trained on: as
 * a tokenizer with these `flags` normalizes and splits it, before it looks for special tokens and pieces. Only in the
 * modules that train the encoder. words  [capacity]  out: the words in their order, in UTF-8, a space behind each
 * Returns the number of bytes, at most 3 * text_bytes + 1; BERTLET_ERROR_CAPACITY when there are more than `capacity`,
 * BERTLET_ERROR_ARGUMENT for a text of 2^29 bytes or more. A word may have any length; but of more than 25 marks in a
 * row that BERTLET_STRIP_ACCENTS keeps, those past the word's hundredth character may be left out. */
BERTLET_API int32_t bertlet_words(const char *text, size_t text_bytes, uint32_t flags, char *words, int32_t capacity);

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

/* A pool of a fixed number of threads. The core starts none: the caller starts `count - 1` of them and lets each run
 * bertlet_threads_serve(). The thread that calls all other functions is thread 0. Results never depend on `count`. */
typedef struct bertlet_threads bertlet_threads;

/* Bytes for a pool of `count` threads, or 0 when this build cannot have that many (single-threaded WebAssembly: 1). */
BERTLET_API size_t bertlet_threads_bytes(int32_t count);
BERTLET_API bertlet_threads *bertlet_threads_init(void *block, int32_t count);

/* What thread `index` (1 .. count - 1) runs: it takes part in the work until bertlet_threads_stop(), then returns. */
BERTLET_API void bertlet_threads_serve(bertlet_threads *threads, int32_t index);

/* Ends the pool: no function that uses it may be called any more. A thread that fails in the midst of a task (it traps)
 * calls this, too: then what thread 0 runs ends in a trap instead of waiting for ever. */
BERTLET_API void bertlet_threads_stop(bertlet_threads *threads);

/* ---- Model: weights and encoder ---------------------------------------------------------------------------------- */

typedef struct bertlet_model bertlet_model;

/* Which tensors a model has, what they are called, and where its layer normalizations stand. */
typedef enum bertlet_architecture {
  /* Post-layer-norm, BERT: Devlin et al. 2019, https://arxiv.org/abs/1810.04805. Also DistilBERT (no token types) and
   * ELECTRA (with embedding_size). */
  BERTLET_ARCHITECTURE_BERT,
  /* Pre-layer-norm, Megatron-LM's BERT: Shoeybi et al. 2019, https://arxiv.org/abs/1909.08053 */
  BERTLET_ARCHITECTURE_MEGATRON_BERT
} bertlet_architecture;

/* Type of the numbers in a checkpoint. */
typedef enum bertlet_dtype { BERTLET_F32, BERTLET_F16, BERTLET_BF16 } bertlet_dtype;

/* How a model keeps its weights: in f32, or in about 8 bits (see bertlet_model_weight_bits()) with scales and zero
 * points. The linear layers of an int8 model multiply integers, and on some processors its attention does; everything
 * else is computed in f32 (docs/decisions/0006-eight-bits.md). */
typedef enum bertlet_weights { BERTLET_WEIGHTS_F32, BERTLET_WEIGHTS_INT8 } bertlet_weights;

typedef enum bertlet_activation { BERTLET_GELU, BERTLET_GELU_TANH, BERTLET_RELU, BERTLET_TANH } bertlet_activation;

/* Hugging Face's config.json in numbers. Every field has 4 bytes. */
typedef struct bertlet_config {
  int32_t vocab_size;
  int32_t hidden_size;       /* a multiple of 8 and of num_attention_heads */
  int32_t num_hidden_layers; /* up to 1000 */
  int32_t num_attention_heads;
  int32_t intermediate_size;       /* a multiple of 8 */
  int32_t max_position_embeddings; /* the longest sequence, in tokens, special tokens included */
  int32_t type_vocab_size;         /* 0: there are no token types (DistilBERT) */
  int32_t hidden_act;              /* bertlet_activation, but not BERTLET_TANH, which is for heads */
  float layer_norm_eps;
  int32_t max_batch_tokens; /* most tokens of one batch, at least 1: the size of the workspace */
  int32_t weights;          /* bertlet_weights */
  int32_t embedding_size;   /* columns of the tables of embeddings, a multiple of 8; 0: hidden_size. Where it is another
                               (only in BERTLET_ARCHITECTURE_BERT), a linear layer from it to hidden_size follows the
                               embeddings' normalization (ELECTRA) */
  int32_t architecture;     /* bertlet_architecture */
} bertlet_config;

/* Bytes for a model, weights and workspace, run by a pool of `threads` threads; or 0 when a field of the configuration
 * is outside its range or the model does not fit into the address space. */
BERTLET_API size_t bertlet_model_bytes(const bertlet_config *config, int32_t threads);

/* Builds a model without weights. `config` is copied. `threads` may be NULL (one thread) and must outlive the model. */
BERTLET_API bertlet_model *bertlet_model_init(void *block, const bertlet_config *config, bertlet_threads *threads);

/* Whole bits of a weight of a linear layer: 32, 8 or 7. 7 stands for between 7 and 8: where the fastest exact product
 * of integers allows two neighbouring weights 256 steps together (docs/decisions/0006-eight-bits.md). */
BERTLET_API int32_t bertlet_model_weight_bits(const bertlet_model *model);

/* The tensors that the model needs, numbered 0 .. bertlet_tensor_count() - 1, with their names in a Hugging Face
 * checkpoint without the prefix "bert." ("encoder.layer.0.attention.self.query.weight"). A vector has one row. */
BERTLET_API int32_t bertlet_tensor_count(const bertlet_model *model);
/* Writes the name, NUL-terminated, into `name` [BERTLET_TENSOR_NAME_BYTES] and returns its length. */
BERTLET_API int32_t bertlet_tensor_name(const bertlet_model *model, int32_t tensor, char *name);
BERTLET_API int32_t bertlet_tensor_rows(const bertlet_model *model, int32_t tensor);
BERTLET_API int32_t bertlet_tensor_columns(const bertlet_model *model, int32_t tensor);

/* Streaming writer. bertlet_tensor_begin() opens a tensor whose source numbers, little-endian, have type `dtype`;
 * bertlet_tensor_write() takes its bytes in order, in pieces of any length, and packs each row into its final place as
 * soon as it is whole. Tensors may come in any order, one open at a time. Beginning a tensor again starts it over, so
 * that a failed download can be retried.
 * BERTLET_ERROR_ARGUMENT: no such tensor or dtype; none is open; more bytes than it has. BERTLET_ERROR_NUMERIC: a
 * number is NaN or larger than 2^20, which no trained model has. An error of bertlet_tensor_write() closes the tensor,
 * which then counts as missing. */
BERTLET_API bertlet_status bertlet_tensor_begin(bertlet_model *model, int32_t tensor, bertlet_dtype dtype);
BERTLET_API bertlet_status bertlet_tensor_write(bertlet_model *model, const void *bytes, size_t count);

/* Merges a LoRA adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685) into the open tensor W [rows][columns], of
 * which nothing has been written yet: bertlet_tensor_write() then takes W and keeps W + scale . B . A, row by row, so
 * that no memory for the product is needed.
 *   a  [rank][columns], b  [rows][rank]   must stay unchanged until the tensor is written or begun again
 * BERTLET_ERROR_ARGUMENT when no tensor is open, part of it is written, or `rank` is below 1. */
BERTLET_API bertlet_status bertlet_tensor_merge_lora(bertlet_model *model, const float *a, const float *b, int32_t rank,
                                                     float scale);

/* Copies rows begin .. end - 1 of a tensor, as a checkpoint stores them: values [end - begin][columns]. Of an int8
 * model they are what the 8 bits stand for: scale * (q - zero). */
BERTLET_API void bertlet_tensor_read(const bertlet_model *model, int32_t tensor, int32_t begin, int32_t end,
                                     float *values);

/* The first tensor, by number, that is not completely written, or -1 when the model is ready. */
BERTLET_API int32_t bertlet_model_first_missing_tensor(const bertlet_model *model);

/* 64-bit hash of the weights' values as f32, adapters merged: the identity of a base model. It does not depend on the
 * order and the dtype in which they came, nor on how the model keeps them. */
BERTLET_API uint64_t bertlet_model_fingerprint(const bertlet_model *model);

/* The image: the weights as the model keeps them, in one piece within its block, so that they can be stored and brought
 * back by one copy instead of being converted and packed again. An image fits every build and engine of the same byte
 * order and, for an int8 model, of the same bertlet_int8_path().
 *   to store      bertlet_model_seal(), then copy bertlet_model_image_bytes() bytes from bertlet_model_image()
 *   to bring back copy as many bytes there, into a model of the same configuration (only max_batch_tokens and the
 *                 number of threads may differ), then bertlet_model_restore() */
BERTLET_API void *bertlet_model_image(bertlet_model *model);
BERTLET_API size_t bertlet_model_image_bytes(const bertlet_model *model);

/* Writes the image's header: what decides the layout, and a checksum. BERTLET_ERROR_INCOMPLETE while tensors are
 * missing. */
BERTLET_API bertlet_status bertlet_model_seal(bertlet_model *model);

/* Takes an image as the model's weights, with their fingerprint. BERTLET_ERROR_IMAGE when it is damaged or of another
 * model; then all tensors are missing, and can be written, or another image brought back. */
BERTLET_API bertlet_status bertlet_model_restore(bertlet_model *model);

/* Number of the way in which int8 models multiply here: it depends on build, engine and processor. */
BERTLET_API int32_t bertlet_int8_path(void);

/* Adapters that lie beside the weights of a model, which stay as they are: y = W x + scale . B (A x) (LoRA, Hu et al.
 * 2021). Any number of them can share a model, f32 or int8; the adapters' own products are in f32. */
typedef struct bertlet_lora bertlet_lora;

/* Bytes for adapters, or 0 when they do not fit into the address space, a rank is negative or above hidden_size, or a
 * tensor that is no weight of a linear layer has one.
 *   ranks  [tensor count]  of each tensor's adapter; 0: it has none */
BERTLET_API size_t bertlet_lora_bytes(const bertlet_model *model, const int32_t *ranks);

/* Adapters whose numbers are all 0. The model must live as long. Returns NULL when bertlet_lora_bytes() is 0. */
BERTLET_API bertlet_lora *bertlet_lora_init(void *block, const bertlet_model *model, const int32_t *ranks);

/* Sets the adapter of a tensor [rows][columns]; the arrays are copied.
 *   a  [rank][columns], b  [rows][rank]   as PEFT stores them; `rank` as in bertlet_lora_init()
 * BERTLET_ERROR_ARGUMENT when the tensor has none, or none of this rank; BERTLET_ERROR_NUMERIC when a number, of b
 * times `scale`, is NaN or larger than 2^20. */
BERTLET_API bertlet_status bertlet_lora_write(bertlet_lora *lora, int32_t tensor, const float *a, const float *b,
                                              int32_t rank, float scale);

/* The encoder, a Transformer (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762). These three functions share
 *   ids       [tokens]         token ids, 0 .. vocab_size - 1
 *   type_ids  [tokens]         0 .. type_vocab_size - 1, or NULL for all 0; not read by a model without token types
 *   starts    [sequences + 1]  see Shapes; every sequence has 1 .. max_position_embeddings tokens, all together have up
 *                              to max_batch_tokens
 *   hidden    [tokens][hidden_size]  hidden states
 *   lora      adapters of this model, which no other call may use at the same time; or NULL
 * and their errors: BERTLET_ERROR_INCOMPLETE while tensors are missing, BERTLET_ERROR_ARGUMENT for numbers outside
 * these ranges (then `hidden` is not touched), BERTLET_ERROR_NUMERIC when the result is not finite, which takes hidden
 * states that are not, or weights so large that f32 overflows. A sequence gives the same bits alone and in any batch,
 * on any number of threads, and its layers the same bits in one call and in several. */

/* The embeddings -> hidden. */
BERTLET_API bertlet_status bertlet_embed(bertlet_model *model, const int32_t *ids, const int32_t *type_ids,
                                         const int32_t *starts, int32_t sequences, float *hidden, bertlet_lora *lora);

/* Runs layers begin .. end - 1, numbered from 0 to num_hidden_layers - 1, on `hidden` in place: the output of layer
 * begin - 1 (the embeddings, if `begin` is 0) becomes that of layer end - 1. A normalization after the last layer,
 * which pre-layer-norm architectures have, is part of the last layer. */
BERTLET_API bertlet_status bertlet_run_layers(bertlet_model *model, const int32_t *starts, int32_t sequences,
                                              int32_t begin, int32_t end, float *hidden, bertlet_lora *lora);

/* Both: the embeddings, then layers 0 .. layers - 1 -> hidden. */
BERTLET_API bertlet_status bertlet_forward(bertlet_model *model, const int32_t *ids, const int32_t *type_ids,
                                           const int32_t *starts, int32_t sequences, int32_t layers, float *hidden,
                                           bertlet_lora *lora);

/* ---- Heads ------------------------------------------------------------------------------------------------------- */

typedef enum bertlet_pooling { BERTLET_POOL_MEAN, BERTLET_POOL_CLS, BERTLET_POOL_MAX } bertlet_pooling;

/* One vector per sequence: hidden [tokens][hidden_size] -> pooled [sequences][hidden_size]: the mean of its tokens, its
 * first token, or the largest value in each column. With `normalize` each vector is divided by its L2 norm (by at least
 * 1e-12, as torch.nn.functional.normalize). No sequence may be empty. */
BERTLET_API void bertlet_pool(const float *hidden, const int32_t *starts, int32_t sequences, int32_t hidden_size,
                              bertlet_pooling pooling, bool normalize, float *pooled);

/* The backward pass of bertlet_pool(): the derivative by the pooled vectors -> that by the hidden states.
 *   pooled           [sequences][hidden_size]  scratch
 *   pooled_gradient  [sequences][hidden_size]  overwritten
 *   hidden_gradient  [tokens][hidden_size]     out */
BERTLET_API void bertlet_pool_backward(const float *hidden, const int32_t *starts, int32_t sequences,
                                       int32_t hidden_size, bertlet_pooling pooling, bool normalize, float *pooled,
                                       float *pooled_gradient, float *hidden_gradient);

/* logits [rows][classes] = features [rows][feature_count] . weight^T + bias; weight [classes][feature_count] and
 * bias [classes] as in torch.nn.Linear. */
BERTLET_API void bertlet_linear(const float *features, int32_t rows, int32_t feature_count, const float *weight,
                                const float *bias, int32_t classes, float *logits);

/* values[i] = activation(values[i]), for values [count]. */
BERTLET_API void bertlet_activate(float *values, int32_t count, bertlet_activation activation);

/* Layer normalization of every row of values [rows][columns], in place, as torch.nn.LayerNorm; gamma and beta
 * [columns]. */
BERTLET_API void bertlet_layer_norm(float *values, int32_t rows, int32_t columns, const float *gamma, const float *beta,
                                    float epsilon);

/* The decoder of a masked-LM head that shares the word embeddings E [vocab_size][embedding_size] (Devlin et al. 2019,
 * section 3.1): logits [rows][vocab_size] = features [rows][embedding_size] . E^T + bias [vocab_size].
 * BERTLET_ERROR_INCOMPLETE while tensors are missing, BERTLET_ERROR_NUMERIC when the result is not finite. */
BERTLET_API bertlet_status bertlet_word_logits(const bertlet_model *model, const float *features, int32_t rows,
                                               const float *bias, float *logits);

/* Softmax of every row of values [rows][classes], in place. */
BERTLET_API void bertlet_softmax(float *values, int32_t rows, int32_t classes);

/* ---- Training: multinomial logistic regression by L-BFGS --------------------------------------------------------- */

/* Minimizes the objective of scikit-learn's LogisticRegression (solver lbfgs, L2, intercept not penalized)
 *     sum_i s_i * -log softmax(W x_i + b)[y_i]  /  S   +   |W|^2 / (2 C S),      S = sum_i s_i,
 * where s are the sample weights. As in scikit-learn, two classes have one vector w with p(1) = sigmoid(w.x + b); the
 * result is written as two rows (-w/2, w/2), whose softmax is the same. L-BFGS (Nocedal & Wright, Numerical
 * Optimization, 2nd ed., algorithms 7.4/7.5) with scipy's line search (Moré & Thuente 1994): from zero weights and with
 * its tolerance a fit takes scikit-learn's path and ends at its objective, to the rounding of f32. */
typedef struct bertlet_logreg bertlet_logreg;

typedef enum bertlet_fit_state {
  BERTLET_FIT_RUNNING = 0,
  BERTLET_FIT_CONVERGED = 1, /* the gradient is within the tolerance */
  BERTLET_FIT_STALLED = 2,   /* rounding keeps f32 from a lower point; the weights are the best that were found */
  BERTLET_FIT_UNFINISHED = 3 /* in the middle of a step */
} bertlet_fit_state;

/* Bytes for a fit, or 0 when there is no row or feature, fewer than 2 classes, or 2^31 parameters and more. */
BERTLET_API size_t bertlet_logreg_bytes(int32_t rows, int32_t feature_count, int32_t classes);

/* A fit with all weights 0. features [rows][feature_count] and labels [rows] (0 .. classes - 1) stay the caller's and
 * must live and stay unchanged as long. Returns NULL when a label is out of range. */
BERTLET_API bertlet_logreg *bertlet_logreg_init(void *block, const float *features, const int32_t *labels, int32_t rows,
                                                int32_t feature_count, int32_t classes);

/* Starts a fit from the present weights: a second one, of another strength, begins where the first ended.
 *   sample_weight [rows]  s_i >= 0, not all 0, or NULL for all 1; copied. Rows of weight 0 (a held-out fold) take no
 * time c                     C, the inverse strength of regularization, > 0; INFINITY for none tolerance converged when
 * the largest |component of the gradient| is at most this (scikit-learn's default: 1e-4); 0 goes on until
 * BERTLET_FIT_STALLED BERTLET_ERROR_ARGUMENT for numbers outside these ranges. */
BERTLET_API bertlet_status bertlet_logreg_start(bertlet_logreg *fit, const float *sample_weight, double c,
                                                double tolerance);

/* Sets all weights back to 0, for the next start. */
BERTLET_API void bertlet_logreg_reset(bertlet_logreg *fit);

/* The first step computes the objective where the fit starts; each further one is an L-BFGS iteration. A step that
 * takes more than about so many multiplications is done in several calls, all but the last of which return
 * BERTLET_FIT_UNFINISHED: to stop, no more is needed than not to call again. The results do not depend on the number of
 * calls. Returns a bertlet_fit_state, the error of bertlet_logreg_start(), or BERTLET_ERROR_NUMERIC when the objective
 * is not finite where the fit starts. */
BERTLET_API int32_t bertlet_logreg_step(bertlet_logreg *fit, double multiplications);

/* After a whole step, at the present weights: the objective, and the largest |component of its gradient|. */
BERTLET_API double bertlet_logreg_objective(const bertlet_logreg *fit);
BERTLET_API double bertlet_logreg_max_gradient(const bertlet_logreg *fit);

/* Writes weight [classes][feature_count] and bias [classes] for bertlet_linear(). */
BERTLET_API void bertlet_logreg_weights(const bertlet_logreg *fit, float *weight, float *bias);

/* ---- Training: one or two dense layers by AdamW ------------------------------------------------------------------ */

/* A head  logits = x W^T + b,  or with hidden units  logits = relu(x W1^T + b1) W2^T + b2. A step of training is
 * bertlet_mlp_forward(), a loss, bertlet_mlp_backward(), bertlet_mlp_step(); the first two alone measure the loss. All
 * three only begin what bertlet_mlp_run() then does. Every sum has a fixed order: the same numbers in give the same
 * bits out. */
typedef struct bertlet_mlp bertlet_mlp;

/* Goes on with what was begun last, for about so many multiplications. Returns whether it is done; until then nothing
 * else may be begun, except after bertlet_mlp_reset(). */
BERTLET_API bool bertlet_mlp_run(bertlet_mlp *mlp, double multiplications);

/* Bytes for a head, or 0 when a number is out of range or there are 2^31 parameters and more.
 *   hidden_size      hidden units, 0 for none
 *   max_rows         most rows of one batch
 *   loss_parameters  parameters of the loss that are trained along with the head's (transitions of bertlet_crf_loss())
 */
BERTLET_API size_t bertlet_mlp_bytes(int32_t inputs, int32_t hidden_size, int32_t outputs, int32_t max_rows,
                                     int32_t loss_parameters);

/* A head whose parameters are all 0. One with hidden units cannot learn from there: write random ones into
 * bertlet_mlp_parameters(). Returns NULL when bertlet_mlp_bytes() is 0. */
BERTLET_API bertlet_mlp *bertlet_mlp_init(void *block, int32_t inputs, int32_t hidden_size, int32_t outputs,
                                          int32_t max_rows, int32_t loss_parameters);

/* Back to the state after bertlet_mlp_init(). */
BERTLET_API void bertlet_mlp_reset(bertlet_mlp *mlp);

/* The parameters, in the block, to be read and written at any time: W1 [hidden_size][inputs], b1 [hidden_size],
 * W2 [outputs][hidden_size], b2 [outputs]; without hidden units W [outputs][inputs], b [outputs]; then those of the
 * loss. */
BERTLET_API float *bertlet_mlp_parameters(bertlet_mlp *mlp);
BERTLET_API int32_t bertlet_mlp_parameter_count(const bertlet_mlp *mlp);

/* The gradient that bertlet_mlp_backward() has summed since the last step, in the order of the parameters. That of the
 * loss's parameters is for the caller to add. */
BERTLET_API float *bertlet_mlp_gradient(bertlet_mlp *mlp);

/* Computes the logits of a batch.
 *   features  [any number of rows][inputs]  must stay unchanged until bertlet_mlp_backward()
 *   rows      [count]           which rows of the features, or NULL for the first `count`
 *   logits    [count][outputs]  out
 * BERTLET_ERROR_ARGUMENT when `count` is negative or more than max_rows. */
BERTLET_API bertlet_status bertlet_mlp_forward(bertlet_mlp *mlp, const float *features, const int32_t *rows,
                                               int32_t count, float *logits);

/* Backpropagation: given the derivative of the loss by each logit of the last batch, logit_gradient [count][outputs],
 * adds its derivative by each parameter to the gradient. */
BERTLET_API void bertlet_mlp_backward(bertlet_mlp *mlp, const float *logit_gradient);

/* Computes the derivative of the loss by the features of the last batch's rows: feature_gradient [count][inputs]. */
BERTLET_API void bertlet_mlp_backward_inputs(bertlet_mlp *mlp, const float *logit_gradient, float *feature_gradient);

/* One step of AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101) as torch.optim.AdamW does it, all
 * parameters in one group. Afterwards the gradient is 0. */
BERTLET_API void bertlet_mlp_step(bertlet_mlp *mlp, double learning_rate, double weight_decay);

/* Losses: each returns the mean loss and replaces every logit by the derivative of that mean by it. Negative results
 * are statuses: BERTLET_ERROR_ARGUMENT for a label or position out of range, or sample weights that are all 0,
 * BERTLET_ERROR_NUMERIC for logits that are not finite. */

/* torch.nn.CrossEntropyLoss: logits [rows][classes], labels [rows]. With sample_weight [rows] (NULL for all 1) the mean
 * is the weighted one. */
BERTLET_API double bertlet_softmax_loss(float *logits, const int32_t *labels, const float *sample_weight, int32_t rows,
                                        int32_t classes);

/* torch.nn.BCEWithLogitsLoss: logits and targets (0 or 1) [rows][classes], the mean over all. `class_weight` [classes]
 * is its pos_weight, or NULL. */
BERTLET_API double bertlet_sigmoid_loss(float *logits, const uint8_t *targets, const float *class_weight, int32_t rows,
                                        int32_t classes);

/* The loss of BertForQuestionAnswering: logits [tokens][2], of being the answer's first token and its last;
 * spans [sequences][2], the true positions of these two in their sequence. The cross entropy of each of the two is over
 * the tokens of the sequence; the mean is over both and over the sequences. */
BERTLET_API double bertlet_span_loss(float *logits, const int32_t *starts, const int32_t *spans, int32_t sequences);

/* ---- Training: the encoder --------------------------------------------------------------------------------------- */

/* Fine-tuning: gradients of the encoder's weights, or of adapters beside them, and AdamW steps. One step of training
 * is, for each of its batches, bertlet_trainer_forward(), a head on bertlet_trainer_features(), a loss, the derivative
 * of the loss by the features, bertlet_trainer_backward(), and then bertlet_trainer_step(). Gradients add up from batch
 * to batch, so a step may have more tokens than memory has room for. Every sum has a fixed order: the same numbers in
 * give the same bits out, on any number of threads. */
typedef struct bertlet_trainer bertlet_trainer;

/* What is done with a tensor of the model. */
typedef enum bertlet_tuning {
  BERTLET_FROZEN,  /* it stays as it is */
  BERTLET_TRAINED, /* its numbers are trained */
  BERTLET_ADAPTED  /* only for weights of linear layers of the encoder: it gets a LoRA adapter, which is trained */
} bertlet_tuning;

/* Every field has 4 bytes. */
typedef struct bertlet_training {
  int32_t begin; /* layers that run, at least one: begin .. end - 1. With `begin` 0 the embeddings come before them */
  int32_t end;
  int32_t max_tokens;  /* most tokens of a batch, whatever the model's max_batch_tokens */
  int32_t kept_layers; /* of the layers that run, so many at the end keep what their forward pass computes; the others
                          keep their input only, and compute the rest again in the backward pass */
  int32_t pooling;     /* of the features: bertlet_pooling, or -1 for a row of features for each token */
  int32_t normalize;   /* whether each pooled vector is divided by its L2 norm */
  int32_t rank;        /* of the adapters, at least 1 where a tensor is adapted */
  float adapter_scale; /* alpha / rank; with rsLoRA alpha / sqrt(rank) */
  /* Rates, 0 <= rate < 1. */
  float hidden_dropout;    /* of the embeddings, and of what a layer adds to its input */
  float attention_dropout; /* of the attention probabilities */
  float adapter_dropout;   /* of the input of adapters; adapted projections that read the same input share a mask */
  float feature_dropout;   /* of the features */
  int32_t masked_lm;  /* whether there is a masked-LM head, which reads the features of tokens and is trained: only of
                         f32 models */
  int32_t masked_act; /* of its linear layer: bertlet_activation */
} bertlet_training;

/* Bytes for a trainer, or 0 when a number is out of range or the trainer does not fit into the address space.
 *   tuning  [tensor count]  bertlet_tuning of each tensor
 *   head    parameters of a head that bertlet_trainer_init() will be given, or 0 */
BERTLET_API size_t bertlet_trainer_bytes(const bertlet_config *config, int32_t threads, const bertlet_training *plan,
                                         const uint8_t *tuning, int32_t head);

/* A trainer of a model, whose trained tensors it changes in place. The adapters' B are 0, and so are their A until
 * bertlet_trainer_write_adapter(). `head`: a head that is trained along with the encoder, its steps taken by
 * bertlet_trainer_step() instead of bertlet_mlp_step(); or NULL. Model and head must live as long.
 *
 * Of an int8 model adapters and a head can be trained, not its tensors. Its weights multiply in 8 bits in both passes:
 * they must be there already, since the trainer keeps them a second time, transposed.
 *
 * Returns NULL when bertlet_trainer_bytes() is 0, or weights of an int8 model are missing. */
BERTLET_API bertlet_trainer *bertlet_trainer_init(void *block, bertlet_model *model, const bertlet_training *plan,
                                                  const uint8_t *tuning, bertlet_mlp *head);

/* Reads or writes the adapter of a tensor [rows][columns]: a [rank][columns] and b [rows][rank], as PEFT stores them.
 * BERTLET_ERROR_ARGUMENT when it has none. */
BERTLET_API bertlet_status bertlet_trainer_read_adapter(const bertlet_trainer *trainer, int32_t tensor, float *a,
                                                        float *b);
BERTLET_API bertlet_status bertlet_trainer_write_adapter(bertlet_trainer *trainer, int32_t tensor, const float *a,
                                                         const float *b);

/* Computes the features of a batch, and keeps what the backward pass needs. Errors as of bertlet_forward().
 *   ids, type_ids, starts         as for bertlet_forward(), must stay unchanged until the backward pass
 *   hidden [tokens][hidden_size]  what layer `begin` gets, before dropout, must stay unchanged too; NULL: the
 *                                 embeddings of `ids`, which are not read otherwise. It must be given where `begin`
 *                                 is above 0, and must not where the embeddings are trained, or dropped and then
 *                                 projected
 *   rows [row_count]              the tokens whose output of the last layer is read, ascending: only these get one,
 *                                 and only they have features, which spares most of that layer. They must stay
 *                                 unchanged too. NULL: all. Only without pooling
 *   key                           of the dropout masks, another number in each step; 0: no dropout, as in inference
 *   first_token                   how many tokens earlier batches of this step had, so that masks don't depend on
 *                                 how a step is cut */
BERTLET_API bertlet_status bertlet_trainer_forward(bertlet_trainer *trainer, const int32_t *ids,
                                                   const int32_t *type_ids, const int32_t *starts, int32_t sequences,
                                                   const float *hidden, const int32_t *rows, int32_t row_count,
                                                   uint32_t key, int32_t first_token);

/* The features of the last forward pass, in the trainer's block: [sequences][hidden_size], or [rows][hidden_size]
 * without pooling, where the rows are those that are read. */
BERTLET_API float *bertlet_trainer_features(const bertlet_trainer *trainer);

/* The masked-LM head of a trainer (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1): a linear layer
 * with its activation and a layer normalization, and a decoder, whose weights are the word embeddings and have their
 * gradient, where they are trained. Reads or writes its parameters, which are 0 at first, one behind the other: weight
 * [embedding_size][hidden_size], bias [embedding_size], gamma and beta [embedding_size], the decoder's bias
 * [vocab_size]. BERTLET_ERROR_ARGUMENT when there is none. */
BERTLET_API bertlet_status bertlet_trainer_read_masked_lm(const bertlet_trainer *trainer, float *values);
BERTLET_API bertlet_status bertlet_trainer_write_masked_lm(bertlet_trainer *trainer, const float *values);

/* The loss of masked words of the last forward pass, whose rows are the tokens in whose places words are to be found:
 * the mean over them of the cross entropy of the whole vocabulary.
 *   labels            [rows]  these words
 *   share             by which the loss is multiplied before its derivatives
 *   feature_gradient  [rows][hidden_size]  out: what bertlet_trainer_backward() wants; the derivatives by the head's
 *                     parameters are added to the gradients. NULL: the loss is only measured
 *   right             out: for how many of them the true word was the most likely one
 * Returns the mean loss (without `share`) or, negative, BERTLET_ERROR_ARGUMENT for a label out of range,
 * BERTLET_ERROR_NUMERIC for a loss that is not finite. */
BERTLET_API double bertlet_trainer_masked_loss(bertlet_trainer *trainer, const int32_t *labels, double share,
                                               float *feature_gradient, int32_t *right);

/* The backward pass of the last forward pass: adds to the gradients. feature_gradient, of the shape of the features, is
 * the derivative of the loss by them, and is overwritten. */
BERTLET_API void bertlet_trainer_backward(bertlet_trainer *trainer, float *feature_gradient);

/* One step of AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101) as torch.optim.AdamW does it, of the
 * encoder and the head, without weight decay on biases and normalizations. Before it the gradient is scaled down to
 * `max_norm` where its L2 norm is larger (0: never), as torch.nn.utils.clip_grad_norm_ does. Afterwards the gradient
 * is 0. Returns its norm, or BERTLET_ERROR_NUMERIC when that is not finite: then nothing has changed but the gradient.
 */
BERTLET_API double bertlet_trainer_step(bertlet_trainer *trainer, double learning_rate, double weight_decay,
                                        double max_norm);

/* The state of training: all that is trained, the head included, then AdamW's two moving averages:
 * [3][bertlet_trainer_floats()]. It is read and written in pieces: `count` of its numbers, from number `begin` on.
 * Whoever writes all of it back, and sets the number of steps that were taken, goes on as if never interrupted, bit for
 * bit. */
BERTLET_API size_t bertlet_trainer_floats(const bertlet_trainer *trainer);
BERTLET_API void bertlet_trainer_read_state(const bertlet_trainer *trainer, size_t begin, size_t count, float *state);
BERTLET_API void bertlet_trainer_write_state(bertlet_trainer *trainer, size_t begin, size_t count, const float *state);
BERTLET_API void bertlet_trainer_set_steps(bertlet_trainer *trainer, int32_t steps);

/* Sets all gradients to 0, which discards the batches since the last step. */
BERTLET_API void bertlet_trainer_discard(bertlet_trainer *trainer);

/* ---- Training: a linear-chain conditional random field on a head's logits --------------------------------------- */

/* The loss of tags that follow each other (Lafferty, McCallum & Pereira 2001): the sum of -log p(tags of a sequence)
 * over all sequences, divided by the number of their tokens,
 *   p ~ exp(begin[y_0] + sum_t emissions[t][y_t] + sum_t transitions[y_t-1][y_t]). */
typedef struct bertlet_crf bertlet_crf;

/* Bytes for sequences of at most `length` tokens, or 0 when a number is out of range; bertlet_crf_init() then returns
 * NULL. */
BERTLET_API size_t bertlet_crf_bytes(int32_t length, int32_t tags);
BERTLET_API bertlet_crf *bertlet_crf_init(void *block, int32_t length, int32_t tags);

/* Begins to compute the loss of sequences and its derivatives. All arrays stay the caller's and must live until
 * bertlet_crf_run() has returned true.
 *   emissions    [tokens][tags]     logits; replaced by the derivative of the loss by each
 *   labels       [tokens]           0 .. tags - 1; for others BERTLET_ERROR_ARGUMENT is returned
 *   starts       [sequences + 1]    see Shapes
 *   transitions  [tags + 1][tags]   from tag (row) to tag (column); the last row: begin
 *   gradient     [tags + 1][tags]   the derivative by the transitions is added to it */
BERTLET_API bertlet_status bertlet_crf_start(bertlet_crf *crf, float *emissions, const int32_t *labels,
                                             const int32_t *starts, int32_t sequences, const float *transitions,
                                             float *gradient);

/* Goes on with it for about so many multiplications. Returns whether it is done. */
BERTLET_API bool bertlet_crf_run(bertlet_crf *crf, double multiplications);

/* Then the loss or, negative, BERTLET_ERROR_NUMERIC. */
BERTLET_API double bertlet_crf_loss(const bertlet_crf *crf);

#endif
