/* Training of the masked-LM head along with the encoder: derivatives against PyTorch's, and the same bits however it
 * runs. Oracle: tests/fixtures/make_masked_lm_fixtures.py. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/support.h"
#include "train/trainer.h"

enum { TENSORS = 40, WORDS = 403, HIDDEN = 16, LENGTH = 60, TEXTS = 3, TOKENS = TEXTS * LENGTH };
enum { HEAD_FLOATS = HIDDEN * (HIDDEN + 3) + WORDS };

static safetensors oracle;
static const int32_t starts[] = {0, LENGTH, 2 * LENGTH, TOKENS};
static const bertlet_config config = {.vocab_size = WORDS,
                                      .hidden_size = HIDDEN,
                                      .num_hidden_layers = 2,
                                      .num_attention_heads = 2,
                                      .intermediate_size = 32,
                                      .max_position_embeddings = LENGTH,
                                      .type_vocab_size = 2,
                                      .hidden_act = BERTLET_GELU,
                                      .layer_norm_eps = 1e-12f,
                                      .max_batch_tokens = TOKENS};

static const void *find(const char *name) { return safetensors_find(&oracle, name).data; }

static const float *floats_of(const char *name, const char *suffix) {
  char key[160];
  snprintf(key, sizeof key, "%s%s", name, suffix);
  return find(key);
}

/* The masked tokens of some texts of the batch, counted from the first of these, and the words in their places. */
typedef struct masked {
  int32_t count, rows[TOKENS], labels[TOKENS];
} masked;

static masked masked_tokens(int32_t first_text, int32_t past_text) {
  masked all = {0};
  const int32_t *labels = find("labels"), first = starts[first_text];
  for (int32_t token = first; token < starts[past_text]; token++) {
    if (labels[token] < 0) continue;
    all.rows[all.count] = token - first;
    all.labels[all.count++] = labels[token];
  }
  return all;
}

/* The oracle's head, or its gradient, in the order of bertlet_trainer_write_masked_lm(). */
static void head_of(const char *suffix, float *head) {
  static const char *const names[] = {"cls.predictions.transform.dense.weight", "cls.predictions.transform.dense.bias",
                                      "cls.predictions.transform.LayerNorm.weight",
                                      "cls.predictions.transform.LayerNorm.bias", "cls.predictions.bias"};
  static const int32_t counts[] = {HIDDEN * HIDDEN, HIDDEN, HIDDEN, HIDDEN, WORDS};
  for (int32_t i = 0; i < 5; head += counts[i++])
    memcpy(head, floats_of(names[i], suffix), (size_t)counts[i] * sizeof(float));
}

/* A trainer and all that belongs to it. */
typedef struct session {
  pool *threads;
  bertlet_model *model;
  bertlet_trainer *trainer;
} session;

static session start(int32_t thread_count, const uint8_t *tuning) {
  session s = {.threads = thread_count > 1 ? pool_start(thread_count) : NULL};
  s.model = load_model(&config, s.threads ? pool_threads(s.threads) : NULL, thread_count, &oracle, 1000);
  const bertlet_training plan = {.end = 2,
                                 .max_tokens = TOKENS,
                                 .kept_layers = 2,
                                 .pooling = -1,
                                 .hidden_dropout = 0.1f,
                                 .attention_dropout = 0.1f,
                                 .masked_lm = true,
                                 .masked_act = BERTLET_GELU};
  const size_t bytes = bertlet_trainer_bytes(&config, thread_count, &plan, tuning, 0);
  CHECK(bytes > 0);
  void *block = allocate(bytes);
  memset(block, 0xff, bytes); /* NaN, should any be read before it is written */
  s.trainer = bertlet_trainer_init(block, s.model, &plan, tuning, NULL);
  float head[HEAD_FLOATS], again[HEAD_FLOATS];
  head_of("", head);
  CHECK(bertlet_trainer_write_masked_lm(s.trainer, head) == BERTLET_OK);
  CHECK(bertlet_trainer_read_masked_lm(s.trainer, again) == BERTLET_OK && memcmp(head, again, sizeof head) == 0);
  return s;
}

static void end(session *s) {
  free(s->trainer);
  free(s->model);
  if (s->threads) pool_stop(s->threads);
}

/* Both passes of the batch, whole or in two parts; returns the loss. */
static double passes(session *s, int32_t parts, uint32_t key, int32_t *right) {
  const int32_t cuts[] = {0, parts > 1 ? 1 : TEXTS, TEXTS};
  const int32_t *ids = find("ids"), all = masked_tokens(0, TEXTS).count;
  double loss = 0;
  *right = 0;
  for (int32_t i = 0; i < parts; i++) {
    const masked of = masked_tokens(cuts[i], cuts[i + 1]);
    const int32_t texts = cuts[i + 1] - cuts[i], first = starts[cuts[i]];
    const double share = (double)of.count / all;
    int32_t found;
    CHECK(bertlet_trainer_forward(s->trainer, ids + first, NULL, starts, texts, NULL, of.rows, of.count, key, first) ==
          BERTLET_OK);
    float *gradient = allocate((size_t)of.count * HIDDEN * sizeof(float));
    loss += share * bertlet_trainer_masked_loss(s->trainer, of.labels, share, gradient, &found);
    *right += found;
    bertlet_trainer_backward(s->trainer, gradient);
    free(gradient);
  }
  return loss;
}

/* The gradient of the head, read as the head is. */
static void read_gradient(const session *s, float *gradient) {
  bertlet_trainer copy = *s->trainer;
  copy.masked_lm.transform = copy.masked_lm.transform_gradient;
  copy.masked_lm.after = copy.masked_lm.after_gradient;
  copy.masked_lm.bias = copy.masked_lm.bias_gradient;
  CHECK(bertlet_trainer_read_masked_lm(&copy, gradient) == BERTLET_OK);
}

static void gradients(int32_t parts) {
  uint8_t tuning[TENSORS];
  memset(tuning, BERTLET_TRAINED, sizeof tuning);
  session s = start(1, tuning);
  const masked all = masked_tokens(0, TEXTS);
  CHECK(all.count > MASKED_ROWS && WORDS > 2 * MASKED_WORDS); /* so that there are several blocks of each */
  int32_t right;
  const double loss = passes(&s, parts, 0, &right), expected = (double)*floats_of("loss", "");
  CHECK(fabs(loss - expected) <= 1e-5 * expected);
  CHECK(right >= 0 && right < all.count);
  for (int32_t i = 0; i < bertlet_tensor_count(s.model); i++) {
    char name[BERTLET_TENSOR_NAME_BYTES];
    bertlet_tensor_name(s.model, i, name);
    const parameter *of = &s.trainer->parameters[i];
    const int32_t rows = bertlet_tensor_rows(s.model, i), columns = bertlet_tensor_columns(s.model, i);
    float *values = allocate(of->count * sizeof(float));
    const bool packed = s.model->tensors[i].entry->kind == TENSOR_WEIGHT;
    for (int32_t row = 0; packed && row < rows; row++)
      unpack_row(of->gradient, columns, row, values + (size_t)row * columns);
    check_near(name, packed ? values : of->gradient, floats_of(name, ".gradient"), of->count);
    free(values);
  }
  float got[HEAD_FLOATS], wanted[HEAD_FLOATS];
  read_gradient(&s, got);
  head_of(".gradient", wanted);
  check_near("head", got, wanted, HEAD_FLOATS);
  int32_t decaying = 0;
  for (int32_t i = 0; i < s.trainer->parameter_count; i++) decaying += s.trainer->parameters[i].decays;
  CHECK(decaying == 3 + 2 * 6 + 1); /* tables, linear layers of both layers, the head's */
  end(&s);
}

/* With a frozen encoder the head's gradient is the same, and nothing but the head is trained. */
static void head_alone(void) {
  uint8_t trained[TENSORS], frozen[TENSORS] = {BERTLET_FROZEN};
  memset(trained, BERTLET_TRAINED, sizeof trained);
  session s[] = {start(1, trained), start(1, frozen)};
  float gradient[2][HEAD_FLOATS];
  int32_t right;
  for (int32_t i = 0; i < 2; i++) {
    passes(&s[i], 1, 0, &right);
    read_gradient(&s[i], gradient[i]);
  }
  CHECK(memcmp(gradient[0], gradient[1], sizeof gradient[0]) == 0);
  CHECK(bertlet_trainer_floats(s[1].trainer) == HEAD_FLOATS);
  end(&s[0]);
  end(&s[1]);
}

/* Some steps, from a state if there is one -> the state. Free with free(). */
static float *state_after(int32_t thread_count, int32_t from, int32_t steps, const float *state, size_t *floats) {
  uint8_t tuning[TENSORS];
  memset(tuning, BERTLET_TRAINED, sizeof tuning);
  session s = start(thread_count, tuning);
  *floats = 3 * bertlet_trainer_floats(s.trainer);
  if (state) bertlet_trainer_write_state(s.trainer, 0, *floats, state);
  bertlet_trainer_set_steps(s.trainer, from);
  for (int32_t step = from; step < steps; step++) {
    int32_t right;
    passes(&s, 2, 1 + (uint32_t)step, &right);
    CHECK(bertlet_trainer_step(s.trainer, 1e-2, 0.01, 1) > 0);
  }
  float *after = allocate(*floats * sizeof(float));
  bertlet_trainer_read_state(s.trainer, 0, *floats, after);
  end(&s);
  return after;
}

static void same_bits(void) {
  size_t floats, others;
  float *one = state_after(1, 0, 4, NULL, &floats);
  for (int32_t threads = 2; threads <= 4; threads += 2) {
    float *more = state_after(threads, 0, 4, NULL, &others);
    CHECK(others == floats && memcmp(one, more, floats * sizeof(float)) == 0);
    free(more);
  }
  float *half = state_after(1, 0, 2, NULL, &others), *resumed = state_after(1, 2, 4, half, &others);
  CHECK(memcmp(one, half, floats * sizeof(float)) != 0 && memcmp(one, resumed, floats * sizeof(float)) == 0);
  free(one);
  free(half);
  free(resumed);
}

static void what_is_refused(void) {
  uint8_t tuning[TENSORS] = {BERTLET_FROZEN};
  bertlet_training plan = {.end = 2, .max_tokens = TOKENS, .kept_layers = 2, .pooling = -1, .masked_lm = true};
  CHECK(bertlet_trainer_bytes(&config, 1, &plan, tuning, 0) > 0);
  plan.pooling = BERTLET_POOL_MEAN;
  CHECK(bertlet_trainer_bytes(&config, 1, &plan, tuning, 0) == 0);
  plan.pooling = -1;
  plan.masked_act = 4;
  CHECK(bertlet_trainer_bytes(&config, 1, &plan, tuning, 0) == 0);
  plan.masked_act = BERTLET_GELU;
  bertlet_config int8 = config; /* the decoder reads the word embeddings in f32 */
  int8.weights = BERTLET_WEIGHTS_INT8;
  CHECK(bertlet_trainer_bytes(&int8, 1, &plan, tuning, 0) == 0);

  session s = start(1, tuning);
  int32_t row = 0, label = 5, right = 0;
  CHECK(bertlet_trainer_forward(s.trainer, find("ids"), NULL, starts, 1, NULL, &row, 1, 0, 0) == BERTLET_OK);
  CHECK(bertlet_trainer_masked_loss(s.trainer, &label, 1, NULL, &right) > 0);
  label = WORDS;
  CHECK(bertlet_trainer_masked_loss(s.trainer, &label, 1, NULL, &right) == (double)BERTLET_ERROR_ARGUMENT);
  float head[HEAD_FLOATS];
  head_of("", head);
  head[3] = NAN;
  CHECK(bertlet_trainer_write_masked_lm(s.trainer, head) == BERTLET_OK);
  label = 5;
  CHECK(bertlet_trainer_masked_loss(s.trainer, &label, 1, NULL, &right) == (double)BERTLET_ERROR_NUMERIC);
  end(&s);
}

int main(void) {
  if (!CHECK(safetensors_open(&oracle, "tests/fixtures/train/masked-lm.safetensors"))) return report();
  gradients(1);
  gradients(2);
  head_alone();
  same_bits();
  what_is_refused();
  safetensors_close(&oracle);
  return report();
}
