#define _POSIX_C_SOURCE 200809L /* posix_memalign */
#include "check.h"

#include <stdlib.h>

#include "bertlet.h"

enum { MOST_PRINTED = 20 };

static int checks, failures;

bool check(bool condition, const char *text, const char *file, int line) {
  checks++;
  if (condition) return true;
  failures++;
  if (failures <= MOST_PRINTED) printf("%s:%d: not true: %s\n", file, line, text);
  if (failures == MOST_PRINTED) printf("and perhaps more, which are only counted\n");
  return false;
}

int report(void) {
  printf("%d checks, %d failed\n", checks, failures);
  return failures > 0;
}

void *allocate(size_t bytes) {
  void *block;
  if (posix_memalign(&block, BERTLET_ALIGNMENT, bytes) != 0) {
    printf("out of memory: %zu bytes\n", bytes);
    exit(1);
  }
  return block;
}

uint32_t random_number(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}
