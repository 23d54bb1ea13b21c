/* Linear layers in 8 bits, for every way of multiplying and every engine for which that way is exact. */
#include <math.h>
#include <string.h>

#include "engine.h"
#include "kernel_test.h"

typedef struct case_of_path {
  int8_path path;
  relaxed_engine engine;
  int32_t lowest, highest; /* weight */
  int32_t highest_pair;    /* sum of two neighbours */
} case_of_path;

static const case_of_path cases[] = {
    {INT8_WIDE, ENGINE_WRONG, -128, 127, 254},     {INT8_PAIRS, ENGINE_X86, 0, 255, 256},
    {INT8_PAIRS, ENGINE_X86_VNNI, 0, 255, 256},    {INT8_DOT_UNSIGNED, ENGINE_X86_VNNI, 0, 255, 510},
    {INT8_DOT_SIGNED, ENGINE_ARM, -128, 127, 254},
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

static int32_t lowest_input(int8_path path) { return path == INT8_WIDE ? -2048 : -128; }

static problem random_problem(const case_of_path *c, int32_t rows, int32_t k, int32_t n, uint32_t *state) {
  problem p = {.rows = rows, .k = k, .n = n, .y_stride = n + 3};
  const int32_t low = lowest_input(c->path), row_blocks = rows * blocks_i8(k), channel_blocks = n * blocks_i8(k);
  p.x = random_integers((size_t)rows * k, low, -low - 1, state);
  p.w = random_integers((size_t)n * k, c->lowest, c->highest, state);
  for (int32_t i = 1; i < n * k; i += 2) {
    if (p.w[i - 1] + p.w[i] > c->highest_pair) p.w[i] = c->highest_pair - p.w[i - 1];
  }
  p.inputs = (rows_i8){allocate((size_t)rows * k * rows_i8_bytes(c->path)), random_scales(row_blocks, state),
                       random_integers((size_t)row_blocks, low, -low - 1, state),
                       allocate((size_t)row_blocks * sizeof(int32_t))};
  p.weights = (weights_i8){allocate((size_t)n * k), random_scales(channel_blocks, state),
                           random_integers((size_t)channel_blocks, c->lowest, c->highest, state),
                           allocate((size_t)channel_blocks * sizeof(int32_t)), n};
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

/* Where the scale, zero and sum of an input's block are, and of a weight's: [rows][blocks], [n / 8][blocks][8]. */
static size_t block_of_input(const problem *p, int32_t row, int32_t i) {
  return (size_t)row * blocks_i8(p->k) + i / 384;
}

static size_t block_of_weight(const problem *p, int32_t n, int32_t i) {
  return ((size_t)(n / 8) * blocks_i8(p->k) + i / 384) * 8 + n % 8;
}

/* Where a weight is: blocks of panels of 8 channels, [n / 8][count / step][8][step]. */
static size_t place_of_weight(const case_of_path *c, const problem *p, int32_t n, int32_t i) {
  const int32_t step = c->path == INT8_WIDE ? 2 : 4, in_block = i % 384, begin = i - in_block;
  const int32_t count = p->k - begin < 384 ? p->k - begin : 384;
  const size_t of_panel = (size_t)begin * p->n + (size_t)(n / 8) * 8 * count;
  return of_panel + ((size_t)(in_block / step) * 8 + n % 8) * step + in_block % step;
}

/* Puts x and w where the kernels look for them. */
static void place_numbers(const case_of_path *c, problem *p) {
  memset(p->inputs.sum, 0, (size_t)p->rows * blocks_i8(p->k) * sizeof(int32_t));
  memset(p->weights.sum, 0, (size_t)p->n * blocks_i8(p->k) * sizeof(int32_t));
  for (int32_t row = 0; row < p->rows; row++) {
    for (int32_t i = 0; i < p->k; i++) {
      const size_t at = (size_t)row * p->k + i, block = block_of_input(p, row, i);
      if (c->path == INT8_WIDE) ((int16_t *)p->inputs.values)[at] = (int16_t)p->x[at];
      if (c->path != INT8_WIDE) ((int8_t *)p->inputs.values)[at] = (int8_t)p->x[at];
      p->inputs.sum[block] += p->x[at] - p->inputs.zero[block];
    }
  }
  for (int32_t n = 0; n < p->n; n++) {
    for (int32_t i = 0; i < p->k; i++) {
      const int32_t w = p->w[(size_t)n * p->k + i];
      ((uint8_t *)p->weights.values)[place_of_weight(c, p, n, i)] = (uint8_t)w;
      p->weights.sum[block_of_weight(p, n, i)] += w;
    }
  }
}

/* The exact sums of the blocks, scaled, and added in their order. */
static float expected_output(const problem *p, int32_t row, int32_t n) {
  float y = p->bias[n];
  for (int32_t begin = 0; begin < p->k; begin += 384) {
    const size_t of_input = block_of_input(p, row, begin), of_weight = block_of_weight(p, n, begin);
    int64_t sum = 0;
    for (int32_t i = begin; i < p->k && i < begin + 384; i++) {
      sum += (int64_t)(p->x[(size_t)row * p->k + i] - p->inputs.zero[of_input]) *
             (p->w[(size_t)n * p->k + i] - p->weights.zero[of_weight]);
    }
    y += (float)sum * p->inputs.scale[of_input] * p->weights.scale[of_weight];
  }
  return y;
}

typedef DECLARE_LINEAR_I8(linear_kernel);

/* Only the columns of the given panels change, and they are right in every bit. */
static void check_linear(const case_of_path *c, linear_kernel *kernel, problem *p, int32_t panel_begin,
                         int32_t panel_end) {
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
      CHECK(p->y[at] == expected_output(p, row, column));
    }
  }
  free(before);
}

static void products_are_exact(linear_kernel *kernel) {
  uint32_t state = random_state(7);
  const int32_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 32, 35}, k[] = {8, 16, 24, 40, 384, 392, 776};
  for (int32_t i = 0; i < CASES; i++) {
    if (!choose_engine(cases[i].engine, cases[i].path)) continue;
    for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
      for (size_t l = 0; l < sizeof k / sizeof *k; l++) {
        problem p = random_problem(&cases[i], rows[j], k[l], 24, &state);
        check_linear(&cases[i], kernel, &p, 0, 3);
        check_linear(&cases[i], kernel, &p, 1, 2);
        check_linear(&cases[i], kernel, &p, 2, 2);
        release(&p);
      }
    }
    problem wide = random_problem(&cases[i], 7, 400, 280, &state); /* more panels than pass at a time */
    check_linear(&cases[i], kernel, &wide, 0, 35);
    check_linear(&cases[i], kernel, &wide, 1, 34);
    release(&wide);
  }
}

/* All numbers, and the zeros, at the ends of their ranges. */
static void extremes_are_exact(linear_kernel *kernel) {
  uint32_t state = random_state(8);
  for (int32_t i = 0; i < CASES; i++) {
    const case_of_path *c = &cases[i];
    if (!choose_engine(c->engine, c->path)) continue;
    const int32_t low = lowest_input(c->path), high = -low - 1;
    problem p = random_problem(c, 7, 384, 8, &state);
    for (int32_t choice = 0; choice < 16; choice++) {
      const int32_t w = choice & 2 ? c->highest : c->lowest;
      for (int32_t j = 0; j < p.rows * p.k; j++) p.x[j] = choice & 1 ? high : low;
      for (int32_t j = 0; j < p.n * p.k; j++) p.w[j] = j % 2 && 2 * w > c->highest_pair ? c->highest_pair - w : w;
      for (int32_t j = 0; j < p.rows; j++) p.inputs.zero[j] = choice & 4 ? high : low;
      for (int32_t j = 0; j < p.n; j++) p.weights.zero[j] = choice & 8 ? c->highest : c->lowest;
      check_linear(c, kernel, &p, 0, 1);
    }
    release(&p);
  }
}

/* Each row alone, in batches that begin and end anywhere, by single panels: the same bits. */
static void rows_do_not_depend_on_each_other(linear_kernel *kernel) {
  uint32_t state = random_state(11);
  for (int32_t i = 0; i < CASES; i++) {
    const case_of_path *c = &cases[i];
    if (!choose_engine(c->engine, c->path)) continue;
    problem p = random_problem(c, 30, 400, 32, &state);
    place_numbers(c, &p);
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
  uint32_t state = random_state(12);
  problem p = random_problem(&cases[0], 3, 64, 16, &state);
  place_numbers(&cases[0], &p);
  float *plain = allocate((size_t)3 * 16 * sizeof(float)), *y = allocate((size_t)3 * 16 * sizeof(float));
  kernel(INT8_WIDE, &p.inputs, 0, 3, p.k, &p.weights, p.bias, 0, 2, EPILOGUE_NONE, plain, 16);
  kernel(INT8_WIDE, &p.inputs, 0, 3, p.k, &p.weights, p.bias, 0, 2, EPILOGUE_RELU, y, 16);
  for (int32_t i = 0; i < 3 * 16; i++) CHECK(y[i] == fmaxf(plain[i], 0));
  kernel(INT8_WIDE, &p.inputs, 0, 3, p.k, &p.weights, p.bias, 0, 2, EPILOGUE_GELU, y, 16);
  for (int32_t i = 0; i < 3 * 16; i++) {
    const double x = plain[i], gelu = 0.5 * x * erfc(-x * sqrt(0.5));
    CHECK(fabs(y[i] - gelu) <= 1.8e-4 + 3e-7 * fabs(x));
  }
  /* Without a bias the product is added to what y holds. */
  for (int32_t i = 0; i < 3 * 16; i++) y[i] = p.bias[i % 16];
  kernel(INT8_WIDE, &p.inputs, 0, 3, p.k, &p.weights, NULL, 0, 2, EPILOGUE_NONE, y, 16);
  CHECK(memcmp(y, plain, (size_t)3 * 16 * sizeof(float)) == 0);
  free(plain);
  free(y);
  release(&p);
}

/* A layer quantized by pack_row_i8() and quantize_rows() against the layer itself: the error is at most what moving
 * every weight and every input by half of its scale can make. */
static void layers_come_close(void) {
  uint32_t state = random_state(13);
  enum { ROWS = 5, K = 392, N = 16 };
  float *x = random_floats((size_t)ROWS * K, 2, &state), *w = random_floats((size_t)N * K, 0.1f, &state);
  for (int32_t i = 0; i < K; i++) w[i] = 0; /* channels that are all zeros, constant, one-sided */
  for (int32_t i = 0; i < K; i++) w[K + i] = -0.05f;
  for (int32_t i = 0; i < K; i++) w[2 * K + i] = fabsf(w[2 * K + i]);
  for (int32_t i = 0; i < K; i++) w[3 * K + i] = i == 77 ? 3e4f : 0;
  for (int32_t i = 0; i < CASES; i++) {
    const case_of_path *c = &cases[i];
    if (!choose_engine(c->engine, c->path)) continue;
    problem p = random_problem(c, ROWS, K, N, &state);
    quantize_rows_simd(c->path, x, 0, ROWS, K, &p.inputs);
    for (int32_t n = 0; n < N; n++) pack_row_i8(c->path, &p.weights, K, n, w + (size_t)n * K);
    linear_i8_simd(c->path, &p.inputs, 0, ROWS, K, &p.weights, p.bias, 0, N / 8, EPILOGUE_NONE, p.y, p.y_stride);
    for (int32_t row = 0; row < ROWS; row++) {
      for (int32_t n = 0; n < N; n++) {
        double sum = p.bias[n], bound = 0;
        for (int32_t j = 0; j < K; j++) {
          const double xj = x[row * K + j], wj = w[n * K + j];
          const double dx = 0.503 * (double)p.inputs.scale[block_of_input(&p, row, j)];
          const double dw = 0.5001 * fabs((double)p.weights.scale[block_of_weight(&p, n, j)]);
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

/* What pack_row_i8() makes is within what its path takes, close to the weights, and as fine as it can be. */
static void weights_fit_their_path(void) {
  uint32_t state = random_state(14);
  enum { K = 776, N = 64 };
  for (int32_t i = 0; i < CASES; i++) {
    const case_of_path *c = &cases[i];
    problem p = random_problem(c, 1, K, N, &state);
    for (int32_t n = 0; n < N; n++) {
      /* Around 0, or from some smallest value on, up to multiples of a half that make ties. */
      float *w = random_floats(K, 10, &state);
      for (int32_t j = 0; j < K; j++) w[j] = n % 2 ? rintf(w[j] * 2 * (float)n) / 2 : w[j] + (float)(n % 16 - 8);
      pack_row_i8(c->path, &p.weights, K, n, w);
      int32_t sum = 0, left = 0;
      double least = 0, most = 0;
      for (int32_t j = 0; j < K; j++) {
        const uint8_t byte = ((const uint8_t *)p.weights.values)[place_of_weight(c, &p, n, j)];
        const int32_t q = c->lowest < 0 ? (int8_t)byte : byte;
        const size_t block = block_of_weight(&p, n, j);
        const double scale = p.weights.scale[block];
        CHECK(fabs(scale * (q - p.weights.zero[block]) - (double)w[j]) <= 0.5001 * fabs(scale));
        if (j % 2) CHECK(left + q <= c->highest_pair);
        left = q;
        sum = (j % 384 ? sum : 0) + q;
        least = fmin(j % 384 ? least : 0, (double)w[j]);
        most = fmax(j % 384 ? most : 0, (double)w[j]);
        if (j % 384 == 383 || j == K - 1) {
          CHECK(p.weights.sum[block] == sum);
          CHECK(fabs(scale) <= (most - least) / (c->path == INT8_PAIRS ? 127 : 254) * (1 + 1e-6));
        }
      }
      free(w);
    }
    release(&p);
  }
}

#ifdef __wasm__
/* run.js holds this against what the engine is known to have. */
static void engines_are_recognized(void) {
  const char *const names[] = {"wide", "pairs", "dot-unsigned", "dot-signed"};
  printf("fastest 8-bit path: %s\n", names[fastest_int8_simd()]);
}
#else
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
#endif

static void checks(void) {
  engines_are_recognized();
  TEST_KERNEL(products_are_exact, linear_i8);
  TEST_KERNEL(extremes_are_exact, linear_i8);
  TEST_KERNEL(rows_do_not_depend_on_each_other, linear_i8);
  TEST_KERNEL(activations_follow, linear_i8);
  weights_fit_their_path();
  layers_come_close();
}

static void times(void) {
  const char *const shapes[] = {"128 x 384 -> 1536, wide", "128 x 384 -> 1536, pairs", "128 x 384 -> 1536, pairs",
                                "128 x 384 -> 1536, unsigned dot product", "128 x 384 -> 1536, signed dot product"};
  uint32_t state = random_state(15);
  for (int32_t i = 0; i < CASES; i++) {
    const bool twice = i > 0 && cases[i].path == cases[i - 1].path;
    if (twice || !choose_engine(cases[i].engine, cases[i].path)) continue;
    problem p = random_problem(&cases[i], 128, 384, 1536, &state);
    place_numbers(&cases[i], &p);
    BENCH(linear_i8, shapes[i], cases[i].path, &p.inputs, 0, 128, 384, &p.weights, p.bias, 0, 192, EPILOGUE_NONE, p.y,
          p.y_stride);
    release(&p);
  }
}

int main(int argc, char **argv) { return test_kernels(argc, argv, checks, times); }
