/* Linear layers in 8 bits, for every way of multiplying and every engine for which that way is exact. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "random.h"
#include "relaxed_engine.h"

typedef struct case_of_path {
  int8_path path;
  relaxed_engine engine;
  int32_t lowest, highest; /* weight */
} case_of_path;

static const case_of_path cases[] = {
    {INT8_WIDE, ENGINE_WRONG, -128, 127},         {INT8_PAIRS, ENGINE_X86, 0, 127},
    {INT8_PAIRS, ENGINE_X86_VNNI, 0, 127},        {INT8_PAIRS, ENGINE_ARM, 0, 127},
    {INT8_DOT_UNSIGNED, ENGINE_X86_VNNI, 0, 255}, {INT8_DOT_SIGNED, ENGINE_ARM, -128, 127},
};
enum { CASES = sizeof cases / sizeof *cases };

/* Quantized numbers, and what linear_i8() is given, made from them by the layout that kernels.h promises. */
typedef struct problem {
  int32_t rows, k, n, y_stride;
  int32_t *x; /* [rows][k] */
  int32_t *w; /* [n][k] */
  rows_i8 inputs;
  weights_i8 weights;
  float *bias; /* [n] */
  float *y;    /* [rows][y_stride] */
} problem;

static int32_t *random_integers(size_t count, int32_t low, int32_t high, uint32_t *state) {
  int32_t *values = allocate(count * sizeof(int32_t));
  for (size_t i = 0; i < count; i++) values[i] = low + (int32_t)(random_number(state) % (uint32_t)(high - low + 1));
  return values;
}

static float *random_scales(int32_t count, uint32_t *state) {
  float *values = random_floats((size_t)count, 1, state);
  for (int32_t i = 0; i < count; i++) values[i] = fabsf(values[i]) + 0.01f;
  return values;
}

static problem random_problem(const case_of_path *c, int32_t rows, int32_t k, int32_t n, uint32_t *state) {
  problem p = {.rows = rows, .k = k, .n = n, .y_stride = n + 3};
  p.x = random_integers((size_t)rows * k, -128, 127, state);
  p.w = random_integers((size_t)n * k, c->lowest, c->highest, state);
  p.inputs = (rows_i8){allocate((size_t)rows * k * rows_i8_bytes(c->path)), random_scales(rows, state),
                       random_integers((size_t)rows, -128, 127, state), allocate((size_t)rows * sizeof(int32_t))};
  p.weights =
      (weights_i8){allocate((size_t)n * k), random_scales(n, state),
                   random_integers((size_t)n, c->lowest, c->highest, state), allocate((size_t)n * sizeof(int32_t))};
  p.bias = random_floats((size_t)n, 100, state);
  p.y = random_floats((size_t)rows * p.y_stride, 1, state);
  return p;
}

static void release(problem *p) {
  free(p->x);
  free(p->w);
  free(p->inputs.values);
  free(p->inputs.scale);
  free(p->inputs.zero);
  free(p->inputs.sum);
  free(p->weights.values);
  free(p->weights.scale);
  free(p->weights.zero);
  free(p->weights.sum);
  free(p->bias);
  free(p->y);
}

/* Puts x and w where the kernels look for them: panels of 8 channels, [n / 8][k / step][8][step]. */
static void place_numbers(const case_of_path *c, problem *p) {
  const int32_t step = c->path == INT8_WIDE ? 2 : 4;
  for (int32_t row = 0; row < p->rows; row++) {
    p->inputs.sum[row] = 0;
    for (int32_t i = 0; i < p->k; i++) {
      const size_t at = (size_t)row * p->k + i;
      if (c->path == INT8_WIDE) ((int16_t *)p->inputs.values)[at] = (int16_t)p->x[at];
      if (c->path != INT8_WIDE) ((int8_t *)p->inputs.values)[at] = (int8_t)p->x[at];
      p->inputs.sum[row] += p->x[at] - p->inputs.zero[row];
    }
  }
  for (int32_t n = 0; n < p->n; n++) {
    p->weights.sum[n] = 0;
    for (int32_t i = 0; i < p->k; i++) {
      const int32_t w = p->w[(size_t)n * p->k + i];
      const size_t at = (((size_t)(n / 8) * (p->k / step) + i / step) * 8 + n % 8) * step + i % step;
      ((uint8_t *)p->weights.values)[at] = (uint8_t)w;
      p->weights.sum[n] += w;
    }
  }
}

typedef DECLARE_LINEAR_I8(linear_kernel);

/* Only the columns of the given panels change, and they are the exact sums, scaled. */
static void check_linear(const case_of_path *c, linear_kernel *kernel, problem *p, int32_t panel_begin,
                         int32_t panel_end) {
  emulated_engine = c->engine;
  place_numbers(c, p);
  const size_t count = (size_t)p->rows * p->y_stride;
  float *before = allocate(count * sizeof(float));
  memcpy(before, p->y, count * sizeof(float));
  kernel(c->path, &p->inputs, 0, p->rows, p->k, &p->weights, p->bias, panel_begin, panel_end, EPILOGUE_NONE, p->y,
         p->y_stride);
  for (int32_t row = 0; row < p->rows; row++) {
    for (int32_t column = 0; column < p->y_stride; column++) {
      const size_t at = (size_t)row * p->y_stride + column;
      if (column < panel_begin * PANEL || column >= panel_end * PANEL) {
        CHECK(p->y[at] == before[at]);
        continue;
      }
      int64_t sum = 0;
      for (int32_t i = 0; i < p->k; i++) {
        sum += (int64_t)(p->x[(size_t)row * p->k + i] - p->inputs.zero[row]) *
               (p->w[(size_t)column * p->k + i] - p->weights.zero[column]);
      }
      CHECK(p->y[at] == (float)sum * p->inputs.scale[row] * p->weights.scale[column] + p->bias[column]);
    }
  }
  free(before);
}

static void products_are_exact(linear_kernel *kernel) {
  uint32_t state = 7;
  const int32_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 32, 35}, k[] = {8, 16, 24, 40, 384, 392};
  for (int32_t i = 0; i < CASES; i++) {
    for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
      for (size_t l = 0; l < sizeof k / sizeof *k; l++) {
        problem p = random_problem(&cases[i], rows[j], k[l], 24, &state);
        check_linear(&cases[i], kernel, &p, 0, 3);
        check_linear(&cases[i], kernel, &p, 1, 2);
        check_linear(&cases[i], kernel, &p, 2, 2);
        release(&p);
      }
    }
  }
}

/* All numbers, and the zeros, at the ends of their ranges, over more inputs than any BERT has. */
static void extremes_are_exact(linear_kernel *kernel) {
  uint32_t state = 8;
  for (int32_t i = 0; i < CASES; i++) {
    const case_of_path *c = &cases[i];
    problem p = random_problem(c, 7, 8192, 8, &state);
    for (int32_t choice = 0; choice < 16; choice++) {
      const int32_t x = choice & 1 ? 127 : -128, w = choice & 2 ? c->highest : c->lowest;
      for (int32_t j = 0; j < p.rows * p.k; j++) p.x[j] = x;
      for (int32_t j = 0; j < p.n * p.k; j++) p.w[j] = w;
      for (int32_t j = 0; j < p.rows; j++) p.inputs.zero[j] = choice & 4 ? 127 : -128;
      for (int32_t j = 0; j < p.n; j++) p.weights.zero[j] = choice & 8 ? c->highest : c->lowest;
      check_linear(c, kernel, &p, 0, 1);
    }
    release(&p);
  }
}

/* Each row alone, in batches that begin and end anywhere, by single panels, and from the other implementation as long
 * as no activation is approximated: the same bits. */
static void rows_do_not_depend_on_each_other(linear_kernel *kernel) {
  uint32_t state = 11;
  for (int32_t i = 0; i < CASES; i++) {
    const case_of_path *c = &cases[i];
    problem p = random_problem(c, 30, 384, 32, &state);
    place_numbers(c, &p);
    emulated_engine = c->engine;
    const size_t row_bytes = (size_t)p.n * sizeof(float);
    kernel(c->path, &p.inputs, 0, p.rows, p.k, &p.weights, p.bias, 0, 4, EPILOGUE_GELU, p.y, p.y_stride);
    float *y = allocate((size_t)p.rows * row_bytes);
    for (int32_t begin = 0; begin < p.rows; begin++) {
      const int32_t end = begin + 1 + (int32_t)(random_number(&state) % (uint32_t)(p.rows - begin));
      for (int32_t panel = 0; panel < 4; panel++) {
        kernel(c->path, &p.inputs, begin, end, p.k, &p.weights, p.bias, panel, panel + 1, EPILOGUE_GELU, y, p.n);
      }
      for (int32_t row = begin; row < end; row++) {
        CHECK(memcmp(y + (size_t)row * p.n, p.y + (size_t)row * p.y_stride, row_bytes) == 0);
      }
    }
    free(y);
    release(&p);
  }
}

static void activations_follow(linear_kernel *kernel) {
  uint32_t state = 12;
  problem p = random_problem(&cases[0], 3, 64, 16, &state);
  place_numbers(&cases[0], &p);
  float *plain = allocate((size_t)3 * 16 * sizeof(float)), *y = allocate((size_t)3 * 16 * sizeof(float));
  kernel(INT8_WIDE, &p.inputs, 0, 3, p.k, &p.weights, p.bias, 0, 2, EPILOGUE_NONE, plain, 16);
  kernel(INT8_WIDE, &p.inputs, 0, 3, p.k, &p.weights, p.bias, 0, 2, EPILOGUE_RELU, y, 16);
  for (int32_t i = 0; i < 3 * 16; i++) CHECK(y[i] == fmaxf(plain[i], 0));
  kernel(INT8_WIDE, &p.inputs, 0, 3, p.k, &p.weights, p.bias, 0, 2, EPILOGUE_GELU, y, 16);
  for (int32_t i = 0; i < 3 * 16; i++) {
    const double x = plain[i], gelu = 0.5 * x * erfc(-x * sqrt(0.5));
    CHECK(fabs(y[i] - gelu) <= 3e-7 * fmax(1, fabs(x)));
  }
  free(plain);
  free(y);
  release(&p);
}

/* A layer quantized by pack_row_i8() and quantize_rows() against the layer itself: the error is at most what moving
 * every weight and every input by half of its scale can make. */
static void layers_come_close(void) {
  uint32_t state = 13;
  enum { ROWS = 5, K = 384, N = 16 };
  float *x = random_floats((size_t)ROWS * K, 2, &state), *w = random_floats((size_t)N * K, 0.1f, &state);
  for (int32_t i = 0; i < K; i++) w[i] = 0; /* channels that are all zeros, constant, one-sided */
  for (int32_t i = 0; i < K; i++) w[K + i] = -0.05f;
  for (int32_t i = 0; i < K; i++) w[2 * K + i] = fabsf(w[2 * K + i]);
  for (int32_t i = 0; i < K; i++) w[3 * K + i] = i == 77 ? 3e4f : 0;
  for (int32_t i = 0; i < CASES; i++) {
    const case_of_path *c = &cases[i];
    problem p = random_problem(c, ROWS, K, N, &state);
    emulated_engine = c->engine;
    quantize_rows_simd(c->path, x, 0, ROWS, K, &p.inputs);
    for (int32_t n = 0; n < N; n++) pack_row_i8(c->path, &p.weights, K, n, w + (size_t)n * K);
    linear_i8_simd(c->path, &p.inputs, 0, ROWS, K, &p.weights, p.bias, 0, N / 8, EPILOGUE_NONE, p.y, p.y_stride);
    for (int32_t row = 0; row < ROWS; row++) {
      for (int32_t n = 0; n < N; n++) {
        double sum = p.bias[n], bound = 0;
        for (int32_t j = 0; j < K; j++) {
          const double xj = x[row * K + j], wj = w[n * K + j];
          const double dx = 0.5001 * (double)p.inputs.scale[row], dw = 0.5001 * (double)p.weights.scale[n];
          sum += xj * wj;
          bound += fabs(xj) * dw + fabs(wj) * dx + dx * dw;
        }
        CHECK(fabs(p.y[row * p.y_stride + n] - sum) <= bound + 1e-4);
      }
    }
    release(&p);
  }
  free(x);
  free(w);
}

static void engines_are_recognized(void) {
  const struct {
    relaxed_engine engine;
    int8_path fastest;
  } expected[] = {{ENGINE_X86, INT8_PAIRS},
                  {ENGINE_X86_VNNI, INT8_DOT_UNSIGNED},
                  {ENGINE_ARM, INT8_DOT_SIGNED},
                  {ENGINE_WRONG, INT8_WIDE}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    emulated_engine = expected[i].engine;
    CHECK(fastest_int8_simd() == expected[i].fastest);
  }
  CHECK(fastest_int8_scalar() == INT8_WIDE);
}

int main(void) {
  engines_are_recognized();
  linear_kernel *kernels[] = {linear_i8_scalar, linear_i8_simd};
  for (int32_t i = 0; i < 2; i++) {
    products_are_exact(kernels[i]);
    extremes_are_exact(kernels[i]);
    rows_do_not_depend_on_each_other(kernels[i]);
    activations_follow(kernels[i]);
  }
  layers_come_close();
  return report();
}
