/* Loops cut into tasks for parallel_for(). */
#ifndef BERTLET_TASKS_H
#define BERTLET_TASKS_H

#include <stdint.h>

typedef struct range {
  int32_t begin, end;
} range;

/* How many tasks of `size` rounds a loop of `count` rounds makes; the last one may be smaller. */
static inline int32_t task_count(int32_t count, int32_t size) { return (count + size - 1) / size; }

/* The rounds of task `task` among them. */
static inline range task_range(int32_t count, int32_t size, int32_t task) {
  int32_t begin = task * size;
  return (range){begin, count - begin < size ? count : begin + size};
}

#endif
