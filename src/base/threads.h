/* Parallel loops on the threads of a pool. */
#ifndef BERTLET_THREADS_H
#define BERTLET_THREADS_H

#include "bertlet.h"

/* One task of a loop. `thread` (0 .. count - 1) is the number of the one that runs it: it may select scratch memory,
 * but results must not depend on it. */
typedef void task_body(void *context, int32_t task, int32_t thread);

/* Number of threads; `threads` may be NULL, which is a pool of one. */
int32_t threads_count(const bertlet_threads *threads);

/* Runs body(context, task, thread) once for each task 0 .. tasks - 1, in any order, and returns when all are done.
 * Each thread takes the next task when it has finished one, so that a slow thread delays the others by one task at
 * most: make a few times more tasks than there are threads, each some ten microseconds long. Only thread 0 may call it.
 */
void parallel_for(bertlet_threads *threads, int32_t tasks, task_body *body, void *context);

#endif
