/* Runs a fuzz target without libFuzzer: program [--rounds N] [--seed S] [FILE]... First each file; then N inputs, of
 * random bytes or of changed files. What fails says which round; the same seed brings it back. */
#include "check.h"
#include "fuzz.h"

enum { LONGEST = 4096, MOST_FILES = 64 };

typedef struct file {
  size_t size;
  uint8_t bytes[LONGEST];
} file;

static file files[MOST_FILES];
static int file_count;

static void read_file(const char *path) {
  FILE *stream = fopen(path, "rb");
  REQUIRE(stream && file_count < MOST_FILES);
  files[file_count].size = fread(files[file_count].bytes, 1, LONGEST, stream);
  file_count++;
  fclose(stream);
}

/* In memory of its own, so that a step past its end is seen. */
static void run(const uint8_t *bytes, size_t size) {
  uint8_t *copy = malloc(size + (size == 0));
  REQUIRE(copy);
  memcpy(copy, bytes, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static void run_random(uint32_t *state) {
  uint8_t bytes[LONGEST];
  size_t size = random_number(state) % (16u << random_number(state) % 9);
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(random_number(state) >> 8);
  if (file_count > 0 && random_number(state) % 2) {
    const file *original = &files[random_number(state) % (uint32_t)file_count];
    memcpy(bytes, original->bytes, original->size);
    size = original->size;
    for (uint32_t changes = random_number(state) % 8; size > 0 && changes > 0; changes--)
      bytes[random_number(state) % size] = (uint8_t)(random_number(state) >> 8);
    if (size > 0 && random_number(state) % 4 == 0) size = random_number(state) % size;
  }
  run(bytes, size);
}

int main(int argc, char **argv) {
  long rounds = 200;
  uint32_t seed = 1;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
      rounds = strtol(argv[++i], NULL, 10);
    else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
      seed = (uint32_t)strtoul(argv[++i], NULL, 10);
    else
      read_file(argv[i]);
  }
  for (int i = 0; i < file_count; i++) run(files[i].bytes, files[i].size);
  for (long round = 0; round < rounds; round++) {
    uint32_t state = (seed * 2654435761u + (uint32_t)round) | 1;
    for (int i = 0; i < 8; i++) random_number(&state); /* near seeds begin alike */
    fflush(stdout);
    run_random(&state);
  }
  printf("%ld inputs\n", rounds + file_count);
  return 0;
}
