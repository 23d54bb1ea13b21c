/* The trainer of the encoder: derivatives against PyTorch's, and what it promises about batches, threads, memory and
 * resuming. Oracle: tests/fixtures/make_training_fixtures.py. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/support.h"
#include "train/trainer.h"

enum { TENSORS = 40, RANK = 3 };

/* tests/fixtures/train/encoder.safetensors: what PyTorch computes for tiny fixtures. */
static safetensors derivatives;

/* A tensor of the oracle: "<fixture>.<all|adapted>.<name><suffix>". */
static const float *oracle(const tiny_fixture *f, const char *group, const char *name, const char *suffix) {
  char key[160];
  snprintf(key, sizeof key, "%s.%s.%s%s", f->name, group, name, suffix);
  return (const float *)(const void *)safetensors_find(&derivatives, key).data;
}

/* A trainer and all that belongs to it. */
typedef struct session {
  bertlet_model *model;
  bertlet_trainer *trainer;
} session;

static bertlet_training plan_for(const tiny_fixture *f) {
  return (bertlet_training){.end = 2,
                            .max_tokens = f->tokens,
                            .kept_layers = 2,
                            .pooling = BERTLET_POOL_MEAN,
                            .rank = RANK,
                            .adapter_scale = 1.7f};
}

static session start(const tiny_fixture *f, pool *threads, int32_t thread_count, const bertlet_training *plan,
                     const uint8_t *tuning) {
  bertlet_threads *of = threads ? pool_threads(threads) : NULL;
  session s = {.model = load_model(&f->config, of, thread_count, &f->checkpoint, 1000)};
  size_t bytes = bertlet_trainer_bytes(&f->config, thread_count, plan, tuning, 0);
  CHECK(bytes > 0);
  void *block = allocate(bytes);
  memset(block, 0xff, bytes); /* NaN, should any be read before it is written */
  s.trainer = bertlet_trainer_init(block, s.model, plan, tuning, NULL);
  return s;
}

static void end(session *s) {
  free(s->trainer);
  free(s->model);
}

static void all_trained(const bertlet_model *model, uint8_t *tuning) {
  memset(tuning, BERTLET_TRAINED, (size_t)bertlet_tensor_count(model));
}

static bool ends_with(const char *name, const char *end_of) {
  size_t a = strlen(name), b = strlen(end_of);
  return a >= b && strcmp(name + a - b, end_of) == 0;
}

/* The adapters of make_training_fixtures.py. */
static void adapted(const bertlet_model *model, uint8_t *tuning) {
  static const char *const first[] = {"query.weight", "value.weight", "attention.output.dense.weight",
                                      "intermediate.dense.weight", ".output.dense.weight"};
  for (int32_t i = 0; i < bertlet_tensor_count(model); i++) {
    char name[BERTLET_TENSOR_NAME_BYTES];
    bertlet_tensor_name(model, i, name);
    tuning[i] = BERTLET_FROZEN;
    if (strncmp(name, "encoder.layer.1.", 16) == 0 && ends_with(name, "key.weight")) tuning[i] = BERTLET_ADAPTED;
    if (strncmp(name, "encoder.layer.0.", 16) != 0) continue;
    for (size_t j = 0; j < sizeof first / sizeof *first; j++)
      if (ends_with(name, first[j])) tuning[i] = BERTLET_ADAPTED;
  }
}

static void write_adapters(const tiny_fixture *f, session *s, const uint8_t *tuning) {
  for (int32_t i = 0; i < bertlet_tensor_count(s->model); i++) {
    char name[BERTLET_TENSOR_NAME_BYTES];
    if (tuning[i] != BERTLET_ADAPTED) continue;
    bertlet_tensor_name(s->model, i, name);
    CHECK(bertlet_trainer_write_adapter(s->trainer, i, oracle(f, "adapted", name, ".a"),
                                        oracle(f, "adapted", name, ".b")) == BERTLET_OK);
  }
}

static int32_t feature_count(const tiny_fixture *f, const bertlet_training *plan) {
  return (plan->pooling < 0 ? f->tokens : f->sequences) * f->config.hidden_size;
}

/* Forward and backward passes for the loss sum(weights * features), in `batches` batches. */
static void passes(const tiny_fixture *f, session *s, const bertlet_training *plan, const float *weights,
                   int32_t batches, uint32_t key) {
  const int32_t n = f->config.hidden_size;
  for (int32_t batch = 0; batch < batches; batch++) {
    const int32_t begin = f->sequences * batch / batches, past = f->sequences * (batch + 1) / batches;
    const int32_t first = f->starts[begin], rows = past - begin;
    int32_t starts[64];
    for (int32_t i = begin; i <= past; i++) starts[i - begin] = f->starts[i] - first;
    CHECK(bertlet_trainer_forward(s->trainer, f->ids + first, f->type_ids + first, starts, rows, NULL, NULL, 0, key,
                                  first) == BERTLET_OK);
    const size_t at = (size_t)(plan->pooling < 0 ? first : begin) * n;
    const size_t count = (size_t)(plan->pooling < 0 ? starts[rows] : rows) * n;
    float *gradient = allocate(count * sizeof(float));
    memcpy(gradient, weights + at, count * sizeof(float));
    bertlet_trainer_backward(s->trainer, gradient);
    free(gradient);
  }
}

/* Both passes of the whole batch, for the loss sum(weights * features) of some rows [count][hidden], or of what is
 * pooled where `rows` is NULL. Leaves the features in `features`, unless that is NULL. */
static void passes_of_rows(const tiny_fixture *f, session *s, const int32_t *rows, int32_t count, const float *weights,
                           uint32_t key, float *features) {
  const size_t bytes = (size_t)count * f->config.hidden_size * sizeof(float);
  CHECK(bertlet_trainer_forward(s->trainer, f->ids, f->type_ids, f->starts, f->sequences, NULL, rows, rows ? count : 0,
                                key, 0) == BERTLET_OK);
  if (features) memcpy(features, bertlet_trainer_features(s->trainer), bytes);
  float *gradient = allocate(bytes);
  memcpy(gradient, weights, bytes);
  bertlet_trainer_backward(s->trainer, gradient);
  free(gradient);
}

/* Every third token, from the second on, into rows [tokens]. Returns how many. */
static int32_t every_third(const tiny_fixture *f, int32_t *rows) {
  int32_t count = 0;
  for (int32_t token = 1; token < f->tokens; token += 3) rows[count++] = token;
  return count;
}

/* A packed gradient as rows. */
static void check_packed(const char *name, const float *packed, int32_t rows, int32_t columns, const float *expected) {
  float *values = allocate((size_t)rows * columns * sizeof(float));
  for (int32_t row = 0; row < rows; row++) unpack_row(packed, columns, row, values + (size_t)row * columns);
  check_near(name, values, expected, (size_t)rows * columns);
  free(values);
}

static void gradients_of_all(const char *name, int32_t kept_layers, int32_t batches) {
  tiny_fixture f;
  open_tiny_fixture(&f, name);
  bertlet_training plan = plan_for(&f);
  plan.kept_layers = kept_layers;
  uint8_t tuning[TENSORS];
  memset(tuning, BERTLET_TRAINED, sizeof tuning);
  session s = start(&f, NULL, 1, &plan, tuning);
  passes(&f, &s, &plan, oracle(&f, "all", "weights", ""), batches, 0);
  CHECK(s.trainer->parameter_count == bertlet_tensor_count(s.model));
  for (int32_t i = 0; i < bertlet_tensor_count(s.model); i++) {
    char tensor_name[BERTLET_TENSOR_NAME_BYTES];
    bertlet_tensor_name(s.model, i, tensor_name);
    const parameter *of = &s.trainer->parameters[i];
    const int32_t rows = bertlet_tensor_rows(s.model, i), columns = bertlet_tensor_columns(s.model, i);
    const float *expected = oracle(&f, "all", tensor_name, "");
    CHECK(of->count == (size_t)rows * columns);
    CHECK(of->decays == (rows > 1));
    if (s.model->tensors[i].entry->kind == TENSOR_WEIGHT) {
      check_packed(tensor_name, of->gradient, rows, columns, expected);
    } else {
      check_near(tensor_name, of->gradient, expected, of->count);
    }
  }
  end(&s);
  close_tiny_fixture(&f);
}

/* Without type ids all are 0, in the gradient of their embeddings, too. */
static void type_ids_default_to_zero(void) {
  tiny_fixture f;
  open_tiny_fixture(&f, "tiny-f32");
  const bertlet_training plan = plan_for(&f);
  uint8_t tuning[TENSORS];
  memset(tuning, BERTLET_TRAINED, sizeof tuning);
  session s[] = {start(&f, NULL, 1, &plan, tuning), start(&f, NULL, 1, &plan, tuning)};
  const size_t bytes = (size_t)f.tokens * sizeof(int32_t), count = (size_t)feature_count(&f, &plan);
  int32_t *zeros = allocate(bytes);
  memset(zeros, 0, bytes);
  for (int32_t i = 0; i < 2; i++) {
    float *gradient = allocate(count * sizeof(float));
    memcpy(gradient, oracle(&f, "all", "weights", ""), count * sizeof(float));
    CHECK(bertlet_trainer_forward(s[i].trainer, f.ids, i ? zeros : NULL, f.starts, f.sequences, NULL, NULL, 0, 0, 0) ==
          BERTLET_OK);
    bertlet_trainer_backward(s[i].trainer, gradient);
    free(gradient);
  }
  for (int32_t i = 0; i < bertlet_tensor_count(s[0].model); i++) {
    const parameter *without = &s[0].trainer->parameters[i], *with = &s[1].trainer->parameters[i];
    CHECK(memcmp(without->gradient, with->gradient, with->count * sizeof(float)) == 0);
  }
  free(zeros);
  end(&s[0]);
  end(&s[1]);
  close_tiny_fixture(&f);
}

/* What a step computes with does not grow with positions that no text of a step can have. */
static void memory_of_positions(void) {
  tiny_fixture f;
  open_tiny_fixture(&f, "tiny-f32");
  bertlet_training plan = plan_for(&f);
  plan.max_tokens = f.config.max_position_embeddings;
  uint8_t tuning[TENSORS] = {BERTLET_FROZEN};
  bertlet_config longer = f.config;
  longer.max_position_embeddings *= 8;
  CHECK(bertlet_trainer_bytes(&longer, 2, &plan, tuning, 0) == bertlet_trainer_bytes(&f.config, 2, &plan, tuning, 0));
  close_tiny_fixture(&f);
}

/* Beside weights in 8 bits, which stand for other numbers than the oracle's, and with derivatives rounded to 8 bits.
 * Errors of 0.2 are for so few and so large weights; of a real model see tests/train/int8.test.js. */
static void check_alike(const char *name, const float *got, const float *expected, size_t count) {
  double error = 0, size = 0;
  for (size_t i = 0; i < count; i++) {
    error += pow((double)got[i] - (double)expected[i], 2);
    size += pow((double)expected[i], 2);
  }
  if (!CHECK(sqrt(error) <= 0.25 * sqrt(size))) printf("  %s: off by %.3g of its size\n", name, sqrt(error / size));
}

static void gradients_of_adapters(const char *name, int32_t kept_layers, bertlet_weights weights) {
  tiny_fixture f;
  open_tiny_fixture(&f, name);
  f.config.weights = weights;
  void (*const compare)(const char *, const float *, const float *, size_t) =
      weights == BERTLET_WEIGHTS_INT8 ? check_alike : check_near;
  bertlet_training plan = plan_for(&f);
  plan.pooling = -1;
  plan.kept_layers = kept_layers;
  bertlet_model *probe = load_model(&f.config, NULL, 1, &f.checkpoint, 1000);
  uint8_t tuning[TENSORS];
  adapted(probe, tuning);
  free(probe);
  session s = start(&f, NULL, 1, &plan, tuning);
  write_adapters(&f, &s, tuning);
  passes(&f, &s, &plan, oracle(&f, "adapted", "weights", ""), 1, 0);

  /* Gradients lie as the adapters do, so what reads the ones reads the others. */
  layer_adapters values[2];
  memcpy(values, s.trainer->adapters, sizeof values);
  memcpy(s.trainer->adapters, s.trainer->adapter_gradients, sizeof values);
  for (int32_t i = 0; i < bertlet_tensor_count(s.model); i++) {
    char tensor_name[BERTLET_TENSOR_NAME_BYTES];
    bertlet_tensor_name(s.model, i, tensor_name);
    const int32_t rows = bertlet_tensor_rows(s.model, i), columns = bertlet_tensor_columns(s.model, i);
    float *a = allocate((size_t)RANK * columns * sizeof(float)), *b = allocate((size_t)RANK * rows * sizeof(float));
    const bertlet_status status = bertlet_trainer_read_adapter(s.trainer, i, a, b);
    CHECK((status == BERTLET_OK) == (tuning[i] == BERTLET_ADAPTED));
    if (status == BERTLET_OK) {
      compare(tensor_name, a, oracle(&f, "adapted", tensor_name, ".a.gradient"), (size_t)RANK * columns);
      compare(tensor_name, b, oracle(&f, "adapted", tensor_name, ".b.gradient"), (size_t)RANK * rows);
    }
    free(a);
    free(b);
  }
  memcpy(s.trainer->adapters, values, sizeof values);
  end(&s);
  close_tiny_fixture(&f);
}

/* Some steps with every kind of dropout, without pooling of a third of the rows -> the state, [3][floats]. Free with
 * free(). */
static float *state_after(const tiny_fixture *f, int32_t pooling, int32_t thread_count, int32_t kept_layers,
                          int32_t steps, int32_t from, const float *state, const uint8_t *tuning, size_t *floats) {
  pool *threads = thread_count > 1 ? pool_start(thread_count) : NULL;
  bertlet_training plan = plan_for(f);
  plan.kept_layers = kept_layers;
  plan.pooling = pooling;
  plan.normalize = true;
  plan.hidden_dropout = plan.attention_dropout = 0.1f;
  plan.adapter_dropout = plan.feature_dropout = 0.2f;
  session s = start(f, threads, thread_count, &plan, tuning);
  write_adapters(f, &s, tuning);
  int32_t *rows = allocate((size_t)f->tokens * sizeof(int32_t));
  const int32_t row_count = every_third(f, rows);
  *floats = bertlet_trainer_floats(s.trainer);
  const size_t all = 3 * *floats, piece = 777; /* such that pieces begin and end anywhere */
  for (size_t at = 0; state && at < all; at += piece)
    bertlet_trainer_write_state(s.trainer, at, all - at < piece ? all - at : piece, state + at);
  bertlet_trainer_set_steps(s.trainer, from);
  for (int32_t step = from; step < steps; step++) {
    const float *weights = oracle(f, "adapted", "weights", ""); /* [tokens][hidden] */
    passes_of_rows(f, &s, pooling < 0 ? rows : NULL, pooling < 0 ? row_count : f->sequences, weights,
                   1 + (uint32_t)step, NULL);
    CHECK(bertlet_trainer_step(s.trainer, 1e-2, 0.01, 1) > 0);
  }
  float *after = allocate(all * sizeof(float));
  bertlet_trainer_read_state(s.trainer, 0, piece, after);
  bertlet_trainer_read_state(s.trainer, piece, all - piece, after + piece);
  free(rows);
  end(&s);
  if (threads) pool_stop(threads);
  return after;
}

static void same_bits(const char *name, int32_t pooling) {
  tiny_fixture f;
  open_tiny_fixture(&f, name);
  bertlet_model *probe = load_model(&f.config, NULL, 1, &f.checkpoint, 1000);
  uint8_t tuning[2][TENSORS];
  all_trained(probe, tuning[0]);
  adapted(probe, tuning[1]);
  free(probe);
  for (int32_t way = 0; way < 2; way++) {
    size_t floats, others;
    float *one = state_after(&f, pooling, 1, 2, 4, 0, NULL, tuning[way], &floats);
    const size_t bytes = 3 * floats * sizeof(float);
    for (int32_t threads = 2; threads <= 4; threads += 2) {
      float *more = state_after(&f, pooling, threads, 2, 4, 0, NULL, tuning[way], &others);
      CHECK(others == floats && memcmp(one, more, bytes) == 0);
      free(more);
    }
    for (int32_t kept = 0; kept < 2; kept++) {
      float *again = state_after(&f, pooling, 1, kept, 4, 0, NULL, tuning[way], &others);
      CHECK(others == floats && memcmp(one, again, bytes) == 0);
      free(again);
    }
    float *half = state_after(&f, pooling, 1, 2, 2, 0, NULL, tuning[way], &others);
    CHECK(memcmp(one, half, bytes) != 0);
    float *resumed = state_after(&f, pooling, 1, 2, 4, 2, half, tuning[way], &others);
    CHECK(memcmp(one, resumed, bytes) == 0);
    free(one);
    free(half);
    free(resumed);
  }
  close_tiny_fixture(&f);
}

/* Rows that are read have the features, bit for bit, that they have when all are read, every kind of dropout included;
 * and gradients are those of a loss that does not depend on the others. `pooling`: none, of every third token, or of
 * the first of each text. */
static void rows_that_are_read(const char *name, int32_t pooling, int32_t kept_layers) {
  tiny_fixture f;
  open_tiny_fixture(&f, name);
  const int32_t n = f.config.hidden_size;
  bertlet_training plan = plan_for(&f);
  plan.kept_layers = kept_layers;
  plan.hidden_dropout = plan.attention_dropout = 0.1f;
  plan.adapter_dropout = plan.feature_dropout = 0.2f;
  bertlet_model *probe = load_model(&f.config, NULL, 1, &f.checkpoint, 1000);
  uint8_t tuning[2][TENSORS];
  all_trained(probe, tuning[0]);
  adapted(probe, tuning[1]);
  free(probe);
  int32_t *third = allocate((size_t)f.tokens * sizeof(int32_t)), count = every_third(&f, third);
  const int32_t *rows = third;
  if (pooling == BERTLET_POOL_CLS) {
    rows = f.starts;
    count = f.sequences;
  }
  const size_t floats = (size_t)f.tokens * n, row_bytes = (size_t)n * sizeof(float);
  float *sparse = allocate(floats * sizeof(float)), *dense = allocate(floats * sizeof(float));
  float *all = allocate(floats * sizeof(float)), *some = allocate(floats * sizeof(float));
  memset(sparse, 0, floats * sizeof(float));
  for (int32_t i = 0; i < count; i++) {
    memcpy(dense + (size_t)i * n, oracle(&f, "adapted", "weights", "") + (size_t)i * n, row_bytes);
    memcpy(sparse + (size_t)rows[i] * n, dense + (size_t)i * n, row_bytes);
  }
  for (int32_t way = 0; way < 3; way++) { /* everything, adapters, adapters beside int8 */
    session s[2];
    f.config.weights = way < 2 ? BERTLET_WEIGHTS_F32 : BERTLET_WEIGHTS_INT8;
    for (int32_t few = 0; few < 2; few++) {
      plan.pooling = few && pooling == BERTLET_POOL_CLS ? BERTLET_POOL_CLS : -1;
      s[few] = start(&f, NULL, 1, &plan, tuning[way > 0]);
      write_adapters(&f, &s[few], tuning[way > 0]);
    }
    passes_of_rows(&f, &s[0], NULL, f.tokens, sparse, 9, all);
    passes_of_rows(&f, &s[1], pooling == BERTLET_POOL_CLS ? NULL : rows, count, dense, 9, some);
    for (int32_t i = 0; i < count; i++) CHECK(memcmp(all + (size_t)rows[i] * n, some + (size_t)i * n, row_bytes) == 0);
    for (int32_t i = 0; i < s[0].trainer->parameter_count; i++) {
      const parameter *expected = &s[0].trainer->parameters[i], *got = &s[1].trainer->parameters[i];
      check_near("gradient of few rows", got->gradient, expected->gradient, expected->count);
    }
    end(&s[0]);
    end(&s[1]);
  }
  free(third);
  free(sparse);
  free(dense);
  free(all);
  free(some);
  close_tiny_fixture(&f);
}

/* With every kind of dropout a text has the same features, whatever else is in its batch: masks belong to its place. */
static void features_in_batches(void) {
  tiny_fixture f;
  open_tiny_fixture(&f, "tiny-f32");
  bertlet_training plan = plan_for(&f);
  plan.hidden_dropout = plan.feature_dropout = 0.1f;
  const uint8_t tuning[TENSORS] = {BERTLET_FROZEN};
  for (int32_t kind = 0; kind < 2; kind++) {
    plan.attention_dropout = kind ? 0.3f : 0;
    session s = start(&f, NULL, 1, &plan, tuning);
    const int32_t n = f.config.hidden_size;
    const size_t bytes = (size_t)f.sequences * n * sizeof(float);
    float *whole = allocate(bytes);
    CHECK(bertlet_trainer_forward(s.trainer, f.ids, f.type_ids, f.starts, f.sequences, NULL, NULL, 0, 7, 0) ==
          BERTLET_OK);
    memcpy(whole, bertlet_trainer_features(s.trainer), bytes);
    for (int32_t i = 0; i < f.sequences; i++) {
      const int32_t first = f.starts[i], starts[] = {0, f.starts[i + 1] - first};
      CHECK(bertlet_trainer_forward(s.trainer, f.ids + first, f.type_ids + first, starts, 1, NULL, NULL, 0, 7, first) ==
            BERTLET_OK);
      CHECK(memcmp(bertlet_trainer_features(s.trainer), whole + (size_t)i * n, (size_t)n * sizeof(float)) == 0);
    }
    free(whole);
    end(&s);
  }
  close_tiny_fixture(&f);
}

/* The state of an adapter whose rank fills whole panels is its numbers and no others. */
static void state_of_whole_panels(void) {
  tiny_fixture f;
  open_tiny_fixture(&f, "tiny-f32");
  bertlet_training plan = plan_for(&f);
  plan.rank = PANEL;
  bertlet_model *probe = load_model(&f.config, NULL, 1, &f.checkpoint, 1000);
  uint8_t tuning[TENSORS];
  adapted(probe, tuning);
  size_t floats = 0;
  for (int32_t i = 0; i < bertlet_tensor_count(probe); i++)
    if (tuning[i] == BERTLET_ADAPTED)
      floats += (size_t)PANEL * (size_t)(bertlet_tensor_rows(probe, i) + bertlet_tensor_columns(probe, i));
  free(probe);
  session s = start(&f, NULL, 1, &plan, tuning);
  CHECK(bertlet_trainer_floats(s.trainer) == floats);
  end(&s);
  close_tiny_fixture(&f);
}

/* Without dropout, features are those of inference; with hidden states from a lower layer too. */
static void features(const char *name) {
  tiny_fixture f;
  open_tiny_fixture(&f, name);
  uint8_t tuning[TENSORS] = {BERTLET_FROZEN};
  bertlet_training plan = plan_for(&f);
  const int32_t n = f.config.hidden_size;
  const size_t bytes = (size_t)f.sequences * n * sizeof(float);
  session s = start(&f, NULL, 1, &plan, tuning);
  float *hidden = allocate((size_t)f.tokens * n * sizeof(float)), *pooled = allocate(bytes);
  CHECK(bertlet_forward(s.model, f.ids, f.type_ids, f.starts, f.sequences, 2, hidden, NULL) == BERTLET_OK);
  bertlet_pool(hidden, f.starts, f.sequences, n, BERTLET_POOL_MEAN, false, pooled);
  CHECK(bertlet_trainer_forward(s.trainer, f.ids, f.type_ids, f.starts, f.sequences, NULL, NULL, 0, 0, 0) ==
        BERTLET_OK);
  check_near("features", bertlet_trainer_features(s.trainer), pooled, (size_t)f.sequences * n);
  end(&s);

  plan.begin = plan.kept_layers = 1;
  s = start(&f, NULL, 1, &plan, tuning);
  CHECK(bertlet_forward(s.model, f.ids, f.type_ids, f.starts, f.sequences, 1, hidden, NULL) == BERTLET_OK);
  CHECK(bertlet_trainer_forward(s.trainer, NULL, NULL, f.starts, f.sequences, hidden, NULL, 0, 0, 0) == BERTLET_OK);
  check_near("features of given states", bertlet_trainer_features(s.trainer), pooled, (size_t)f.sequences * n);
  CHECK(bertlet_trainer_forward(s.trainer, f.ids, NULL, f.starts, f.sequences, NULL, NULL, 0, 0, 0) ==
        BERTLET_ERROR_ARGUMENT);
  end(&s);
  free(hidden);
  free(pooled);
  close_tiny_fixture(&f);
}

/* Embeddings that the caller brings give the bits of those that are computed here, dropout included. */
static void given_embeddings(const char *name) {
  tiny_fixture f;
  open_tiny_fixture(&f, name);
  uint8_t tuning[TENSORS] = {BERTLET_FROZEN};
  bertlet_training plan = plan_for(&f);
  plan.hidden_dropout = 0.1f;
  const size_t bytes = (size_t)feature_count(&f, &plan) * sizeof(float);
  float *hidden = allocate((size_t)f.tokens * f.config.hidden_size * sizeof(float)), *computed = allocate(bytes);
  session s = start(&f, NULL, 1, &plan, tuning);
  CHECK(bertlet_forward(s.model, f.ids, f.type_ids, f.starts, f.sequences, 0, hidden, NULL) == BERTLET_OK);
  CHECK(bertlet_trainer_forward(s.trainer, f.ids, f.type_ids, f.starts, f.sequences, NULL, NULL, 0, 7, 0) ==
        BERTLET_OK);
  memcpy(computed, bertlet_trainer_features(s.trainer), bytes);
  CHECK(bertlet_trainer_forward(s.trainer, NULL, NULL, f.starts, f.sequences, hidden, NULL, 0, 7, 0) == BERTLET_OK);
  CHECK(memcmp(computed, bertlet_trainer_features(s.trainer), bytes) == 0);
  end(&s);

  tuning[0] = BERTLET_TRAINED; /* a table: its gradient needs ids */
  s = start(&f, NULL, 1, &plan, tuning);
  CHECK(bertlet_trainer_forward(s.trainer, NULL, NULL, f.starts, f.sequences, hidden, NULL, 0, 7, 0) ==
        BERTLET_ERROR_ARGUMENT);
  end(&s);
  free(hidden);
  free(computed);
  close_tiny_fixture(&f);
}

static void what_is_refused(void) {
  tiny_fixture f;
  open_tiny_fixture(&f, "tiny-f32");
  const bertlet_training good = plan_for(&f);
  uint8_t tuning[TENSORS] = {BERTLET_FROZEN};
  CHECK(bertlet_trainer_bytes(&f.config, 1, &good, tuning, 0) > 0);
  bertlet_training bad[] = {good, good, good, good, good, good};
  bad[0].end = 3;
  bad[1].begin = -1;
  bad[2].kept_layers = 3;
  bad[3].max_tokens = 0;
  bad[4].hidden_dropout = 1;
  bad[5].pooling = 3;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(bertlet_trainer_bytes(&f.config, 1, &bad[i], tuning, 0) == 0);
  CHECK(bertlet_trainer_bytes(&f.config, 1, &good, tuning, -1) == 0);
  tuning[0] = BERTLET_ADAPTED; /* a table */
  CHECK(bertlet_trainer_bytes(&f.config, 1, &good, tuning, 0) == 0);
  tuning[0] = BERTLET_TRAINED;
  bertlet_config int8 = f.config;
  int8.weights = BERTLET_WEIGHTS_INT8;
  CHECK(bertlet_trainer_bytes(&int8, 1, &good, tuning, 0) == 0);
  bertlet_training above = good;
  above.begin = above.kept_layers = 1;
  CHECK(bertlet_trainer_bytes(&f.config, 1, &above, tuning, 0) == 0);
  bertlet_training none = good; /* no layer runs */
  none.end = none.kept_layers = 0;
  CHECK(bertlet_trainer_bytes(&f.config, 1, &none, tuning, 0) == 0);

  /* Rows that are no tokens, do not ascend, are none, or are to be pooled. */
  const struct {
    int32_t pooling, count, rows[2];
  } wrong[] = {{-1, 1, {-1}},
               {-1, 2, {0, f.tokens}},
               {-1, 2, {3, 3}},
               {-1, 2, {3, 2}},
               {-1, 0, {0}},
               {BERTLET_POOL_MEAN, 2, {0, 1}},
               {BERTLET_POOL_CLS, 2, {0, 1}}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    bertlet_training reading = good;
    reading.pooling = wrong[i].pooling;
    session s = start(&f, NULL, 1, &reading, tuning);
    CHECK(bertlet_trainer_forward(s.trainer, f.ids, f.type_ids, f.starts, f.sequences, NULL, wrong[i].rows,
                                  wrong[i].count, 0, 0) == BERTLET_ERROR_ARGUMENT);
    end(&s);
  }

  /* A step whose gradient is not finite changes nothing. */
  session s = start(&f, NULL, 1, &good, tuning);
  const size_t floats = bertlet_trainer_floats(s.trainer);
  float *before = allocate(3 * floats * sizeof(float)), *after = allocate(3 * floats * sizeof(float));
  float *weights = allocate((size_t)feature_count(&f, &good) * sizeof(float));
  for (int32_t i = 0; i < feature_count(&f, &good); i++) weights[i] = i == 5 ? NAN : 1;
  bertlet_trainer_read_state(s.trainer, 0, 3 * floats, before);
  passes(&f, &s, &good, weights, 1, 0);
  CHECK(bertlet_trainer_step(s.trainer, 0.1, 0.1, 1) == (double)BERTLET_ERROR_NUMERIC);
  bertlet_trainer_read_state(s.trainer, 0, 3 * floats, after);
  CHECK(memcmp(before, after, 3 * floats * sizeof(float)) == 0);
  weights[5] = 1;
  passes(&f, &s, &good, weights, 1, 0);
  CHECK(bertlet_trainer_step(s.trainer, 0.1, 0.1, 1) > 0);
  free(before);
  free(after);
  free(weights);
  end(&s);
  close_tiny_fixture(&f);
}

int main(void) {
  static const char *const names[] = {"tiny-f32", "tiny-megatron"};
  if (!CHECK(safetensors_open(&derivatives, "tests/fixtures/train/encoder.safetensors"))) return report();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    features(names[i]);
    given_embeddings(names[i]);
    gradients_of_all(names[i], 2, 1);
    gradients_of_all(names[i], 0, 3);
    gradients_of_adapters(names[i], 2, BERTLET_WEIGHTS_F32);
    gradients_of_adapters(names[i], 1, BERTLET_WEIGHTS_F32);
    gradients_of_adapters(names[i], 2, BERTLET_WEIGHTS_INT8);
    same_bits(names[i], BERTLET_POOL_MEAN);
    same_bits(names[i], BERTLET_POOL_CLS);
    same_bits(names[i], -1);
    for (int32_t kept_layers = 0; kept_layers <= 2; kept_layers++) {
      rows_that_are_read(names[i], -1, kept_layers);
      rows_that_are_read(names[i], BERTLET_POOL_CLS, kept_layers);
    }
  }
  type_ids_default_to_zero();
  memory_of_positions();
  features_in_batches();
  state_of_whole_panels();
  what_is_refused();
  safetensors_close(&derivatives);
  return report();
}
