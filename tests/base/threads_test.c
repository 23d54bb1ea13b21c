/* parallel_for() runs every task exactly once, whatever the number of threads, tasks and loops. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/threads.h"
#include "model/support.h"

enum { MOST_TASKS = 300 };

#ifndef LOOPS /* a multiple of MOST_TASKS */
#define LOOPS 3000
#endif

typedef struct tally {
  _Atomic int32_t runs[MOST_TASKS];
  int32_t threads;
  _Atomic bool bad_thread;
} tally;

static void count_task(void *context, int32_t task, int32_t thread) {
  tally *t = context;
  for (volatile int32_t delay = task * 37 % 50 * 20; delay > 0;) delay = delay - 1; /* some end late */
  atomic_fetch_add(&t->runs[task], 1);
  if (thread < 0 || thread >= t->threads) t->bad_thread = true;
}

static void run_loops(bertlet_threads *threads, int32_t count) {
  for (int32_t loop = 0; loop < LOOPS; loop++) {
    int32_t tasks = loop % MOST_TASKS;
    tally t = {.threads = count};
    parallel_for(threads, tasks, count_task, &t);
    bool each_once = true;
    for (int32_t task = 0; task < MOST_TASKS; task++) each_once = each_once && t.runs[task] == (task < tasks);
    if (!CHECK(each_once) || !CHECK(!t.bad_thread)) return;
  }
}

static void rest(int32_t milliseconds) {
  const struct timespec time = {.tv_nsec = milliseconds * 1000000L};
  nanosleep(&time, NULL);
}

/* Thread 0 is done long before the others. */
static void slow_elsewhere(void *context, int32_t task, int32_t thread) {
  rest(thread > 0 ? 20 : 2);
  count_task(context, task, thread);
}

/* Between loops the others fall asleep, and within them thread 0, which never returned if nobody woke it up. */
static void run_loops_asleep(bertlet_threads *threads, int32_t count) {
  for (int32_t loop = 0; loop < 3; loop++) {
    tally t = {.threads = count};
    parallel_for(threads, 2 * count, slow_elsewhere, &t);
    bool each_once = true;
    for (int32_t task = 0; task < 2 * count; task++) each_once = each_once && t.runs[task] == 1;
    if (!CHECK(each_once) || !CHECK(!t.bad_thread)) return;
    rest(20);
  }
}

int main(void) {
  CHECK(bertlet_threads_bytes(0) == 0);
  CHECK(threads_count(NULL) == 1);
  run_loops(NULL, 1);
  for (int32_t count = 1; count <= 8; count++) {
    pool *p = pool_start(count);
    CHECK(threads_count(pool_threads(p)) == count);
    run_loops(pool_threads(p), count);
    run_loops_asleep(pool_threads(p), count);
    pool_stop(p);
  }
  return report();
}
