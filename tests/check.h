/* What every test program of the C core needs: checks, memory, random numbers. */
#ifndef BERTLET_TEST_CHECK_H
#define BERTLET_TEST_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h> /* a test may say more about what failed */

/* Checks that hold go by silently; others are counted, and the first of them printed. A test program ends by returning
 * report(). */
#define CHECK(condition) check(condition, #condition, __FILE__, __LINE__)
bool check(bool condition, const char *text, const char *file, int line);
int report(void);

/* A block aligned to BERTLET_ALIGNMENT, exactly `bytes` long, so that AddressSanitizer sees a step past its end. Free
 * with free(). */
void *allocate(size_t bytes);

/* xorshift; `state` may start at anything but 0. */
uint32_t random_number(uint32_t *state);

#endif
