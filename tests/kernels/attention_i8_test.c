/* Attention in 8 bits against its definition in double, on every engine that has the products it needs. */
#include <math.h>
#include <string.h>

#include "engine.h"
#include "kernel_test.h"

typedef DECLARE_ATTENTION_I8(attention_kernel);

/* A kernel and the products that it is to use. */
typedef struct variant {
  attention_kernel *kernel;
  int8_path path;
} variant;

typedef struct problem {
  int32_t length, head_size, stride;
  float *qkv; /* [length][stride], of which q, k and v are three groups of columns */
  float *scratch;
} problem;

static const float *query_of(const problem *p) { return p->qkv + 1; }
static const float *key_of(const problem *p) { return p->qkv + 1 + p->head_size; }
static const float *value_of(const problem *p) { return p->qkv + 1 + 2 * p->head_size; }

/* `sharpness` scales the scores: at 0 all keys count alike, at 100 one key takes nearly everything. */
static problem random_problem(int32_t length, int32_t head_size, float sharpness, uint32_t *state) {
  problem p = {.length = length, .head_size = head_size, .stride = 3 * head_size + 5};
  p.qkv = random_floats((size_t)length * p.stride, 1, state);
  for (int32_t row = 0; row < length; row++) {
    for (int32_t i = 0; i < head_size; i++) p.qkv[(size_t)row * p.stride + 1 + i] *= sharpness;
  }
  p.scratch = allocate(attention_scratch(length, head_size) * sizeof(float));
  return p;
}

static void release(problem *p) {
  free(p->qkv);
  free(p->scratch);
}

static void run(const variant *v, const problem *p, int32_t begin, int32_t end, float *context,
                int32_t context_stride) {
  v->kernel(v->path, query_of(p), key_of(p), value_of(p), p->length, p->stride, p->head_size, begin, end, p->scratch,
            context, context_stride);
}

/* Of x [rows][stride], the first `columns` columns. */
static double largest_magnitude(const float *x, int32_t rows, int32_t stride, int32_t columns) {
  double largest = 0;
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t i = 0; i < columns; i++) largest = fmax(largest, fabs((double)x[(size_t)row * stride + i]));
  }
  return largest;
}

/* Exact probabilities of one query, not yet divided by their sum: e^(score - largest) [length]. Returns how much
 * rounding queries and keys to 127 steps may change a score. */
static double exact_weights(const problem *p, int32_t row, double *weight) {
  const float *query = query_of(p) + (size_t)row * p->stride;
  const double query_step = largest_magnitude(query_of(p), p->length, p->stride, p->head_size) / 127;
  const double key_step = largest_magnitude(key_of(p), p->length, p->stride, p->head_size) / 127;
  double largest = -INFINITY, error = 0;
  for (int32_t k = 0; k < p->length; k++) {
    const float *key = key_of(p) + (size_t)k * p->stride;
    double score = 0, moved = 0;
    for (int32_t i = 0; i < p->head_size; i++) {
      score += (double)query[i] * (double)key[i];
      moved += (query_step * fabs((double)key[i]) + key_step * fabs((double)query[i]) + query_step * key_step / 2) / 2;
    }
    weight[k] = score / sqrt(p->head_size);
    error = fmax(error, moved / sqrt(p->head_size));
    largest = fmax(largest, weight[k]);
  }
  for (int32_t k = 0; k < p->length; k++) weight[k] = exp(weight[k] - largest);
  return error;
}

/* Error model. Scores move by `error`, so a probability by a factor of e^(2 error); it moves by up to 0.14 steps for
 * the exponential, and by up to one for rounding; a value moves by half of its column's step. */
static void within_the_steps(const variant *v, const problem *p, int32_t begin, int32_t end) {
  const int32_t context_stride = p->head_size + 3;
  uint32_t state = random_state(3);
  float *context = random_floats((size_t)p->length * context_stride, 1, &state);
  float *before = allocate((size_t)p->length * context_stride * sizeof(float));
  double *weight = malloc((size_t)p->length * sizeof *weight);
  memcpy(before, context, (size_t)p->length * context_stride * sizeof(float));
  run(v, p, begin, end, context, context_stride);
  for (int32_t row = 0; row < p->length; row++) {
    const double relative = exp(2 * exact_weights(p, row, weight)) - 1;
    for (int32_t i = 0; i < context_stride; i++) {
      const float got = context[(size_t)row * context_stride + i];
      if (row < begin || row >= end || i >= p->head_size) {
        CHECK(got == before[(size_t)row * context_stride + i]);
        continue;
      }
      const double most = largest_magnitude(value_of(p) + i, p->length, p->stride, 1);
      double sum = 0, mean = 0, moved = 0;
      for (int32_t k = 0; k < p->length; k++) {
        sum += weight[k];
        mean += weight[k] * (double)value_of(p)[(size_t)k * p->stride + i];
        moved += weight[k] * relative + 1.14 / ATTENTION_STEPS;
      }
      CHECK(fabs(got - mean / sum) <= 2 * moved * most / fmax(sum - moved, 1.0 / ATTENTION_STEPS) + most / 254 + 1e-6);
    }
  }
  free(context);
  free(before);
  free(weight);
}

static void contexts_are_right(const variant *v) {
  const int32_t head_sizes[] = {16, 32, 48, 64, 80, 128};
  uint32_t state = random_state(5);
  for (int32_t length = 1; length <= 70; length++) {
    const float sharpness[] = {3, 3, 100, 1e-3f, 0};
    problem p = random_problem(length, head_sizes[length % 6], sharpness[length % 5], &state);
    within_the_steps(v, &p, 0, length);
    within_the_steps(v, &p, length / 3, length - length / 4);
    release(&p);
  }
}

/* Queries are scaled by their largest number, wherever it stands: it decides between keys of two kinds, which have
 * different values. */
static void the_largest_may_stand_anywhere(const variant *v) {
  enum { LENGTH = 20, HEAD = 16 };
  uint32_t state = random_state(9);
  for (int32_t column = 0; column < HEAD; column++) {
    problem p = random_problem(LENGTH, HEAD, 1, &state);
    p.qkv[(size_t)column * p.stride + 1 + column] = 6;
    for (int32_t row = 0; row < LENGTH; row++) {
      float *key = p.qkv + (size_t)row * p.stride + 1 + HEAD, *value = key + HEAD;
      key[column] = value[0] = row % 2 ? 1 : -1;
    }
    within_the_steps(v, &p, 0, LENGTH);
    release(&p);
  }
}

/* As random as inputs are, so are errors: together they are far smaller than their bounds. */
static void errors_are_small(const variant *v) {
  uint32_t state = random_state(7);
  for (int32_t length = 64; length <= 512; length *= 2) {
    problem p = random_problem(length, 32, 4, &state);
    float *context = allocate((size_t)length * 32 * sizeof(float));
    double *weight = malloc((size_t)length * sizeof *weight), wrong = 0, right = 0;
    run(v, &p, 0, length, context, 32);
    for (int32_t row = 0; row < length; row++) {
      exact_weights(&p, row, weight);
      double sum = 0;
      for (int32_t k = 0; k < length; k++) sum += weight[k];
      for (int32_t i = 0; i < 32; i++) {
        double mean = 0;
        for (int32_t k = 0; k < length; k++) mean += weight[k] / sum * (double)value_of(&p)[(size_t)k * p.stride + i];
        wrong += pow(context[row * 32 + i] - mean, 2);
        right += mean * mean;
      }
    }
    CHECK(sqrt(wrong / right) < 0.03);
    free(context);
    free(weight);
    release(&p);
  }
}

/* 511 keys that are each less than half a step, but together more than the one that stands out: they are not lost. */
static void faint_keys_count(const variant *v) {
  enum { LENGTH = 512, HEAD = 16 };
  problem p = {LENGTH, HEAD, 3 * HEAD, allocate(LENGTH * 3 * HEAD * sizeof(float)),
               allocate(attention_scratch(LENGTH, HEAD) * sizeof(float))};
  memset(p.qkv, 0, LENGTH * 3 * HEAD * sizeof(float));
  const double faint = 0.3 / ATTENTION_STEPS;
  for (int32_t row = 0; row < LENGTH; row++) {
    float *query = p.qkv + (size_t)row * p.stride, *key = query + HEAD, *value = key + HEAD;
    query[0] = 1;
    key[0] = row == 100 ? 0 : (float)(sqrt(HEAD) * log(faint));
    value[0] = row == 100 ? 0 : 1;
  }
  p.qkv -= 1; /* query_of() and its like begin at column 1 */
  float context[LENGTH * HEAD];
  run(v, &p, 0, LENGTH, context, HEAD);
  const double expected = 511 * faint / (1 + 511 * faint);
  for (int32_t row = 0; row < LENGTH; row++) CHECK(fabs(context[row * HEAD] - expected) <= 0.02 * expected);
  p.qkv += 1;
  release(&p);
}

/* Queries alone, and in ranges that begin and end anywhere: the same bits. */
static void queries_do_not_depend_on_each_other(const variant *v) {
  uint32_t state = random_state(9);
  problem p = random_problem(53, 32, 3, &state);
  const size_t row_bytes = (size_t)p.head_size * sizeof(float);
  float *whole = allocate((size_t)p.length * row_bytes), *part = allocate((size_t)p.length * row_bytes);
  run(v, &p, 0, p.length, whole, p.head_size);
  for (int32_t trial = 0; trial < 60; trial++) {
    const int32_t begin = (int32_t)(random_number(&state) % 53);
    const int32_t end = trial < 20 ? begin + 1 : begin + 1 + (int32_t)(random_number(&state) % (uint32_t)(53 - begin));
    run(v, &p, begin, end, part, p.head_size);
    const size_t offset = (size_t)begin * p.head_size;
    CHECK(memcmp(whole + offset, part + offset, (size_t)(end - begin) * row_bytes) == 0);
  }
  free(whole);
  free(part);
  release(&p);
}

static const struct {
  int8_path path;
  relaxed_engine engine;
} cases[] = {{INT8_DOT_UNSIGNED, ENGINE_X86_VNNI}, {INT8_DOT_SIGNED, ENGINE_ARM}};
enum { CASES = sizeof cases / sizeof *cases };

static void attention_is_right(attention_kernel *kernel) {
  for (int32_t i = 0; i < CASES; i++) {
    if (!choose_engine(cases[i].engine, cases[i].path)) continue;
    const variant v = {kernel, cases[i].path};
    contexts_are_right(&v);
    the_largest_may_stand_anywhere(&v);
    errors_are_small(&v);
    faint_keys_count(&v);
    queries_do_not_depend_on_each_other(&v);
  }
}

static void checks(void) { TEST_KERNEL(attention_is_right, attention_i8); }

static void times(void) {
  uint32_t state = random_state(11);
  for (int32_t i = 0; i < CASES; i++) {
    if (!choose_engine(cases[i].engine, cases[i].path)) continue;
    for (int32_t length = 32; length <= 512; length *= 4) {
      problem p = random_problem(length, 32, 3, &state);
      float *context = allocate((size_t)length * 32 * sizeof(float));
      char shape[40];
      snprintf(shape, sizeof shape, "%d tokens, head of 32, %s", length,
               cases[i].path == INT8_DOT_SIGNED ? "signed" : "unsigned");
      BENCH(attention_i8, shape, cases[i].path, query_of(&p), key_of(&p), value_of(&p), length, p.stride, 32, 0, length,
            p.scratch, context, 32);
      free(context);
      release(&p);
    }
  }
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
