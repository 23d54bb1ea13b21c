/* The masked-LM head (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1) while it is trained: a linear
 * layer with an activation and a normalization, and a decoder whose weights are the word embeddings. */
#ifndef BERTLET_TRAIN_MASKED_LM_H
#define BERTLET_TRAIN_MASKED_LM_H

#include "base/arena.h"
#include "model/model.h"

/* Masked words that are scored together. So much memory do their logits take, however many there are. */
enum { MASKED_ROWS = 128 };

/* Words of a task, and in how many parts the sums over the whole vocabulary are cut: a number that no thread changes.
 */
enum { MASKED_WORDS = 192, MASKED_PARTS = 16 };

typedef struct masked_lm {
  epilogue apply;
  linear transform, transform_gradient; /* hidden -> embedding */
  norm after, after_gradient;           /* [embedding] */
  float *bias, *bias_gradient;          /* [vocabulary], with room for whole panels */

  /* For MASKED_ROWS rows. */
  int32_t padded;     /* words, rounded up to whole panels */
  float *transformed; /* [rows][embedding]: before the activation */
  float *activated;   /* [rows][embedding] */
  float *decoded;     /* [rows][embedding]: after the normalization, what the decoder reads */
  float *logits;      /* [rows][padded]: then their derivatives */
  float *partial;     /* [MASKED_PARTS][rows][embedding] */
  float *flow;        /* [rows][embedding] */
  double *losses;     /* [rows] */
  int32_t *right;     /* [rows] */
} masked_lm;

/* Lays out what the head computes with, for batches of up to max_tokens tokens. */
void masked_lm_alloc(masked_lm *head, arena *memory, const bertlet_config *config, int32_t max_tokens);

/* Floats that a thread needs of the model's scratch memory. */
size_t masked_lm_scratch(const bertlet_config *config);

#endif
