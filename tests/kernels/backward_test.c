/* The kernels of backward passes against the definition of a derivative: central differences of the forward pass, in
 * double. */
#include <math.h>
#include <string.h>

#include "kernel_test.h"

typedef DECLARE_WEIGHT_GRADIENT(weight_gradient_kernel);
typedef DECLARE_ACTIVATE_BACKWARD(activate_backward_kernel);
typedef DECLARE_ROW_MOMENTS(row_moments_kernel);
typedef DECLARE_LAYER_NORM_BACKWARD(layer_norm_backward_kernel);
typedef DECLARE_ATTENTION_TRAINING(attention_training_kernel);
typedef DECLARE_ATTENTION_BACKWARD(attention_backward_kernel);
typedef DECLARE_DROPOUT(dropout_kernel);
typedef DECLARE_TRANSPOSE(transpose_kernel);

/* ---- Linear layers ----------------------------------------------------------------------------------------------- */

static void transposed_panels(transpose_kernel *kernel) {
  uint32_t state = random_state(31);
  const int32_t n = 24, k = 40;
  float *weight = random_floats((size_t)n * k, 1, &state), *packed = allocate((size_t)n * k * sizeof(float));
  float *transposed = random_floats((size_t)n * k, 1, &state), *before = allocate((size_t)n * k * sizeof(float));
  memcpy(before, transposed, (size_t)n * k * sizeof(float));
  for (int32_t row = 0; row < n; row++) pack_row(packed, k, row, weight + (size_t)row * k);
  kernel(packed, n, k, 1, 4, transposed);
  for (int32_t input = 0; input < k; input++)
    for (int32_t output = 0; output < n; output++) {
      const size_t at = (size_t)(input / PANEL * n + output) * PANEL + input % PANEL;
      const bool within = input >= 8 && input < 32;
      CHECK(transposed[at] == (within ? weight[(size_t)output * k + input] : before[at]));
    }
  free(weight);
  free(packed);
  free(transposed);
  free(before);
}

/* Sums of `rows` products on top of what is there already: (rows + 1) epsilon of their magnitude. */
static void weight_gradients(weight_gradient_kernel *kernel) {
  uint32_t state = random_state(32);
  const int32_t counts[] = {1, 3, 8, 255, 256, 257, 600}, k = 48, n = 40, x_stride = 51, dy_stride = 43;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    const int32_t rows = counts[i];
    float *x = random_floats((size_t)rows * x_stride, 1, &state);
    float *dy = random_floats((size_t)rows * dy_stride, 1, &state);
    float *gradient = random_floats((size_t)n * k, 1, &state), *before = allocate((size_t)n * k * sizeof(float));
    float *scratch = allocate(weight_gradient_scratch(32) * sizeof(float));
    memcpy(before, gradient, (size_t)n * k * sizeof(float));
    kernel(x, x_stride, dy, dy_stride, rows, k, 8, 40, 1, 4, scratch, gradient);
    for (int32_t output = 0; output < n; output++)
      for (int32_t input = 0; input < k; input++) {
        const size_t at = ((size_t)(output / PANEL) * k + (size_t)input) * PANEL + output % PANEL;
        if (output < 8 || output >= 32 || input < 8 || input >= 40) {
          CHECK(gradient[at] == before[at]);
          continue;
        }
        double sum = before[at], magnitude = fabs(sum);
        for (int32_t row = 0; row < rows; row++) {
          const double product =
              (double)dy[(size_t)row * dy_stride + output] * (double)x[(size_t)row * x_stride + input];
          sum += product;
          magnitude += fabs(product);
        }
        CHECK(fabs(gradient[at] - sum) <= (rows + 1) * EPSILON * magnitude);
      }
    free(x);
    free(dy);
    free(gradient);
    free(before);
    free(scratch);
  }
}

/* ---- Activations ---------------------------------------------------------------------------------------------------
 */

/* The slopes are approximated to 1e-6; where two close numbers are subtracted (the tanh forms), to 2e-6. */
static void slopes(activate_backward_kernel *kernel) {
  uint32_t state = random_state(33);
  const double h = 1e-5;
  for (epilogue apply = EPILOGUE_GELU; apply <= EPILOGUE_NONE; apply++) {
    for (int32_t n = 1; n < 400; n += 57) {
      float *x = random_floats((size_t)n, n > 200 ? 6 : 30, &state), *gradient = random_floats((size_t)n, 1, &state);
      float *before = allocate((size_t)n * sizeof(float));
      memcpy(before, gradient, (size_t)n * sizeof(float));
      kernel(x, n, apply, gradient);
      for (int32_t i = 0; i < n; i++) {
        const double slope = (activated(x[i] + h, apply) - activated(x[i] - h, apply)) / (2 * h);
        CHECK(fabs(gradient[i] - before[i] * slope) <= 2e-6);
      }
      free(x);
      free(gradient);
      free(before);
    }
  }
}

/* ---- Layer normalization -------------------------------------------------------------------------------------------
 */

static const float norm_epsilon = 1e-12f;

/* sum of weight * layer_norm(x), over a row */
static double normed(const double *x, const float *gamma, const float *weight, int32_t n) {
  double mean = 0, variance = 0, sum = 0;
  for (int32_t i = 0; i < n; i++) mean += x[i] / n;
  for (int32_t i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean) / n;
  for (int32_t i = 0; i < n; i++)
    sum += (double)weight[i] * (double)gamma[i] * (x[i] - mean) / sqrt(variance + (double)norm_epsilon);
  return sum;
}

static void norms(row_moments_kernel *moments_of, layer_norm_backward_kernel *kernel) {
  uint32_t state = random_state(34);
  const double h = 1e-5;
  enum { ROWS = 3, MOST = 40 };
  for (int32_t n = 2; n <= MOST; n++) {
    float *x = random_floats((size_t)ROWS * n, 2, &state), *gamma = random_floats((size_t)n, 1, &state);
    float *gradient = random_floats((size_t)ROWS * n, 1, &state), moments[2 * ROWS];
    float *before = allocate((size_t)ROWS * n * sizeof(float));
    memcpy(before, gradient, (size_t)ROWS * n * sizeof(float));
    for (int32_t i = 0; i < ROWS * n; i++) x[i] += 1;
    moments_of(x, norm_epsilon, ROWS, n, moments);
    kernel(x, moments, gamma, ROWS, n, gradient);
    for (int32_t row = 0; row < ROWS; row++) {
      double values[MOST], deviation = 0;
      for (int32_t i = 0; i < n; i++) values[i] = x[row * n + i];
      deviation = 1 / (double)moments[2 * row + 1];
      for (int32_t i = 0; i < n; i++) {
        const double value = values[i];
        values[i] = value + h;
        double slope = normed(values, gamma, before + row * n, n);
        values[i] = value - h;
        slope = (slope - normed(values, gamma, before + row * n, n)) / (2 * h);
        values[i] = value;
        CHECK(fabs(gradient[row * n + i] - slope) <= 1e-5 * (1 + 1 / deviation));
      }
    }
    free(x);
    free(gamma);
    free(gradient);
    free(before);
  }
}

/* ---- Attention ------------------------------------------------------------------------------------------------------
 */

typedef struct problem {
  int32_t length, head_size, queries;
  const int32_t *rows; /* [queries] */
  double *qkv;         /* [3][length][head_size], of the first as many rows as there are queries */
  const float *g;      /* [queries][head_size] */
  const dropout *drop;
} problem;

/* sum of g * context */
static double attended(const problem *p) {
  const int32_t n = p->length, d = p->head_size;
  const double *q = p->qkv, *k = q + (size_t)n * d, *v = k + (size_t)n * d;
  double *weight = malloc((size_t)n * sizeof *weight), total = 0;
  for (int32_t row = 0; row < p->queries; row++) {
    double sum = 0;
    for (int32_t key = 0; key < n; key++) {
      double score = 0;
      for (int32_t i = 0; i < d; i++) score += q[row * d + i] * k[key * d + i];
      sum += weight[key] = exp(score / sqrt(d));
    }
    for (int32_t key = 0; key < n; key++) {
      double product = 0, factor = 1;
      if (p->drop) {
        const bool kept = dropout_hash(p->drop->key + (uint32_t)(p->rows[row] * n + key)) >= p->drop->threshold;
        factor = kept ? (double)p->drop->scale : 0;
      }
      for (int32_t i = 0; i < d; i++) product += (double)p->g[row * d + i] * v[key * d + i];
      total += factor * weight[key] / sum * product;
    }
  }
  free(weight);
  return total;
}

/* Every `step`-th row of a sequence, from the second one on where rows are left out. */
static void check_attention(attention_training_kernel *forward, attention_backward_kernel *backward, int32_t length,
                            int32_t head_size, int32_t step, const dropout *drop) {
  uint32_t state = random_state(35);
  const size_t count = (size_t)length * head_size;
  const int32_t stride = 3 * head_size + 5;
  int32_t rows[70], queries = 0;
  for (int32_t row = step > 1; row < length; row += step) rows[queries++] = row;
  float *x = random_floats((size_t)length * stride, 1.5f, &state), *g = random_floats(count, 1, &state);
  float *gradient = random_floats((size_t)length * stride, 1, &state), *context = allocate(count * sizeof(float));
  float *scratch = allocate(attention_scratch(length, head_size) * sizeof(float));
  float *more = allocate(attention_backward_scratch(length, head_size) * sizeof(float));
  memset(more, 0xff, attention_backward_scratch(length, head_size) * sizeof(float)); /* NaN, should any be read */
  const float *q = x + 2, *k = q + head_size, *v = k + head_size;
  forward(q, stride, rows, queries, k, v, length, stride, head_size, drop, scratch, context, head_size);
  backward(q, stride, rows, queries, k, v, length, stride, head_size, drop, context, g, head_size, more, gradient + 2,
           gradient + 2 + head_size, gradient + 2 + 2 * head_size);

  problem p = {length, head_size, queries, rows, malloc(3 * count * sizeof(double)), g, drop};
  for (int32_t part = 0; part < 3; part++)
    for (int32_t row = 0; row < length; row++)
      for (int32_t i = 0; i < head_size; i++)
        p.qkv[(size_t)part * count + (size_t)row * head_size + i] = x[row * stride + 2 + part * head_size + i];
  double sum = 0;
  for (int32_t i = 0; i < queries * head_size; i++) sum += (double)g[i] * (double)context[i];
  CHECK(fabs(sum - attended(&p)) <= 1e-5 * (1 + (double)(queries * head_size)));
  const double h = 1e-5;
  for (int32_t trial = 0; trial < 40; trial++) {
    const int32_t at = (int32_t)(random_number(&state) % (uint32_t)(3 * count));
    const int32_t part = at / (int32_t)count, row = at % (int32_t)count / head_size, i = at % head_size;
    if (part == 0 && row >= queries) continue;
    const double value = p.qkv[at];
    p.qkv[at] = value + h;
    double slope = attended(&p);
    p.qkv[at] = value - h;
    slope = (slope - attended(&p)) / (2 * h);
    p.qkv[at] = value;
    CHECK(fabs(gradient[row * stride + 2 + part * head_size + i] - slope) <= 1e-5 * (1 + fabs(slope)));
  }
  free(x);
  free(g);
  free(gradient);
  free(context);
  free(scratch);
  free(more);
  free(p.qkv);
}

static void attentions(attention_training_kernel *forward, attention_backward_kernel *backward) {
  const int32_t lengths[] = {1, 2, 7, 8, 9, 31, 32, 33, 70}, head_sizes[] = {1, 4, 12, 32};
  const dropout drop = {.key = 12345, .threshold = 0x40000000, .scale = 4.0f / 3};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    for (size_t j = 0; j < sizeof head_sizes / sizeof *head_sizes; j++)
      for (int32_t step = 1; step <= 3; step += 2) {
        check_attention(forward, backward, lengths[i], head_sizes[j], step, NULL);
        check_attention(forward, backward, lengths[i], head_sizes[j], step, &drop);
      }
}

/* ---- Dropout --------------------------------------------------------------------------------------------------------
 */

/* Which elements are kept follows from their numbers alone, and as many as the rate says are: of 100,000, within five
 * standard deviations. */
static void dropouts(dropout_kernel *kernel) {
  enum { COUNT = 100000 };
  const double rate = 0.1;
  const dropout drop = {.key = 99, .threshold = (uint32_t)(rate * 0x1p32), .scale = 1.25f};
  float *values = allocate(COUNT * sizeof(float));
  int32_t dropped = 0;
  for (int32_t i = 0; i < COUNT; i++) values[i] = 1;
  for (int32_t from = 0, n = 1; from < COUNT; from += n, n = (n + 1) % 1000 + 1)
    kernel(values + from, COUNT - from < n ? COUNT - from : n, 7 + (uint32_t)from, &drop);
  for (int32_t i = 0; i < COUNT; i++) {
    const bool kept = dropout_hash(99 + 7 + (uint32_t)i) >= drop.threshold;
    CHECK(values[i] == (kept ? 1.25f : 0));
    dropped += values[i] == 0;
  }
  CHECK(fabs(dropped - rate * (double)COUNT) < 5 * sqrt((double)COUNT * rate * (1 - rate)));
  free(values);
}

static void checks(void) {
  TEST_KERNEL(transposed_panels, transpose_packed);
  TEST_KERNEL(weight_gradients, weight_gradient);
  TEST_KERNEL(slopes, activate_backward);
#ifndef __wasm__
  norms(row_moments_scalar, layer_norm_backward_scalar);
  attentions(attention_training_scalar, attention_backward_scalar);
#endif
  norms(row_moments_simd, layer_norm_backward_simd);
  attentions(attention_training_simd, attention_backward_simd);
  TEST_KERNEL(dropouts, apply_dropout);
}

static void times(void) {
  uint32_t state = random_state(36);
  float *x = random_floats(512 * 1536, 1, &state), *dy = random_floats(512 * 1536, 1, &state);
  float *gradient = random_floats(1536 * 1536, 1, &state);
  float *scratch = allocate(weight_gradient_scratch(96) * sizeof(float));
  BENCH(weight_gradient, "512 rows, 96 inputs, 384 outputs", x, 384, dy, 384, 512, 384, 0, 96, 0, 48, scratch,
        gradient);
  free(scratch);
  scratch = allocate(attention_backward_scratch(128, 32) * sizeof(float));
  BENCH(attention_backward, "128 tokens, head of 32", x, 96, NULL, 128, x + 32, x + 64, 128, 96, 32, NULL, dy,
        dy + 4096, 32, scratch, gradient, gradient + 32, gradient + 64);
  for (int32_t i = 0; i < 32 * 1536; i++)
    dy[i] = 0; /* products that go on shrinking would become subnormal, and slow */
  BENCH(activate_backward, "32 x 1536, GELU", x, 32 * 1536, EPILOGUE_GELU, dy);
  free(scratch);
  free(x);
  free(dy);
  free(gradient);
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
