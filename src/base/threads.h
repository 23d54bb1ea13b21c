/* The pool's inner side: loops whose rounds run on all threads at once. */
#ifndef BERTLET_THREADS_H
#define BERTLET_THREADS_H

#include "bertlet.h"

/* One round of a loop. `thread` (0 .. count - 1) is the one that runs it: the key to scratch memory, never to results.
 */
typedef void task_body(void *context, int32_t task, int32_t thread);

/* Number of threads; `threads` may be NULL, which is a pool of one. */
int32_t threads_count(const bertlet_threads *threads);

/* Runs body(context, task, thread) once for each task 0 .. tasks - 1, in any order, and returns when all are done.
 * Threads take tasks as they get free, so that a slow one delays the others by one task at most: make a few times more
 * tasks than there are threads, each some ten microseconds long. To be called by thread 0 only. */
void parallel_for(bertlet_threads *threads, int32_t tasks, task_body *body, void *context);

#endif
