/* Attention against its definition in double. */
#include <math.h>
#include <string.h>

#include "kernel_test.h"

typedef DECLARE_ATTENTION(attention_kernel);

typedef struct problem {
  int32_t length, head_size, stride;
  float *qkv;   /* [length][stride], of which q, k and v are three groups of columns */
  float *exact; /* [length][head_size] */
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

static void run(attention_kernel *kernel, const problem *p, int32_t begin, int32_t end, float *context,
                int32_t context_stride) {
  kernel(query_of(p), key_of(p), value_of(p), p->length, p->stride, p->head_size, begin, end, p->scratch, context,
         context_stride);
}

/* Error model. A score is a sum of head_size products, wrong by at most (head_size + 3) epsilon times their magnitude;
 * that is the relative error of its e^score. To it come 4e-7 of exp and rounding and, for the sums over the keys,
 * length epsilon. A context is a mean of values, weighted by these: wrong by at most twice (numerator and denominator)
 * the worst relative error times the mean magnitude of the values. */
static void check_attention(attention_kernel *kernel, const problem *p, int32_t begin, int32_t end) {
  const int32_t context_stride = p->head_size + 3;
  uint32_t state = random_state(3);
  float *context = random_floats((size_t)p->length * context_stride, 1, &state);
  float *before = allocate((size_t)p->length * context_stride * sizeof(float));
  double *weight = malloc((size_t)p->length * sizeof *weight);
  memcpy(before, context, (size_t)p->length * context_stride * sizeof(float));
  run(kernel, p, begin, end, context, context_stride);
  for (int32_t row = 0; row < p->length; row++) {
    double largest = -INFINITY, sum = 0, score_error = 0;
    for (int32_t key = 0; key < p->length; key++) {
      double score = 0, magnitude = 0;
      for (int32_t i = 0; i < p->head_size; i++) {
        const double product =
            (double)query_of(p)[(size_t)row * p->stride + i] * (double)key_of(p)[(size_t)key * p->stride + i];
        score += product;
        magnitude += fabs(product);
      }
      weight[key] = score / sqrt(p->head_size);
      largest = fmax(largest, weight[key]);
      score_error = fmax(score_error, (p->head_size + 3) * EPSILON * magnitude / sqrt(p->head_size));
    }
    for (int32_t key = 0; key < p->length; key++) sum += weight[key] = exp(weight[key] - largest);
    const double relative = 2 * score_error + 4e-7 + p->length * EPSILON;
    for (int32_t i = 0; i < context_stride; i++) {
      const float got = context[(size_t)row * context_stride + i];
      if (row < begin || row >= end || i >= p->head_size) {
        CHECK(got == before[(size_t)row * context_stride + i]);
        continue;
      }
      double mean = 0, magnitude = 0;
      for (int32_t key = 0; key < p->length; key++) {
        const double value = value_of(p)[(size_t)key * p->stride + i];
        mean += weight[key] / sum * value;
        magnitude += weight[key] / sum * fabs(value);
      }
      CHECK(fabs(got - mean) <= 2 * relative * magnitude);
    }
  }
  free(context);
  free(before);
  free(weight);
}

static void contexts_are_right(attention_kernel *kernel) {
  const int32_t head_sizes[] = {4, 12, 16, 32, 64, 80};
  uint32_t state = random_state(5);
  for (int32_t length = 1; length <= 70; length++) {
    problem p = random_problem(length, head_sizes[length % 6], length % 7 ? 3.0f : 100.0f, &state);
    check_attention(kernel, &p, 0, length);
    check_attention(kernel, &p, length / 3, length - length / 4);
    release(&p);
  }
  for (int32_t head_size = 1; head_size <= 40; head_size++) {
    problem p = random_problem(13, head_size, 3, &state);
    check_attention(kernel, &p, 0, 13);
    release(&p);
  }
  problem longest = random_problem(512, 64, 3, &state);
  check_attention(kernel, &longest, 0, 512);
  check_attention(kernel, &longest, 100, 109);
  release(&longest);
}

/* Queries alone, and in ranges that begin and end anywhere: the same bits. */
static void queries_do_not_depend_on_each_other(attention_kernel *kernel) {
  uint32_t state = random_state(9);
  problem p = random_problem(53, 32, 3, &state);
  const size_t row_bytes = (size_t)p.head_size * sizeof(float);
  float *whole = allocate((size_t)p.length * row_bytes), *part = allocate((size_t)p.length * row_bytes);
  run(kernel, &p, 0, p.length, whole, p.head_size);
  for (int32_t trial = 0; trial < 60; trial++) {
    const int32_t begin = (int32_t)(random_number(&state) % 53);
    const int32_t end = trial < 20 ? begin + 1 : begin + 1 + (int32_t)(random_number(&state) % (uint32_t)(53 - begin));
    run(kernel, &p, begin, end, part, p.head_size);
    const size_t offset = (size_t)begin * p.head_size;
    CHECK(memcmp(whole + offset, part + offset, (size_t)(end - begin) * row_bytes) == 0);
  }
  free(whole);
  free(part);
  release(&p);
}

static void checks(void) {
  TEST_KERNEL(contexts_are_right, attention_f32);
  TEST_KERNEL(queries_do_not_depend_on_each_other, attention_f32);
}

static void times(void) {
  uint32_t state = random_state(13);
  for (int32_t length = 32; length <= 512; length *= 4) {
    problem p = random_problem(length, 32, 3, &state);
    float *context = allocate((size_t)length * 32 * sizeof(float));
    char shape[40];
    snprintf(shape, sizeof shape, "%d tokens, head of 32", length);
    BENCH(attention_f32, shape, query_of(&p), key_of(&p), value_of(&p), length, p.stride, 32, 0, length, p.scratch,
          context, 32);
    free(context);
    release(&p);
  }
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
