#include "base/threads.h"

#if defined(__wasm__) && !defined(__wasm_atomics__)

/* WebAssembly without shared memory: a pool of one, a plain loop. */

struct bertlet_threads {
  int32_t count;
};

size_t bertlet_threads_bytes(int32_t count) { return count == 1 ? sizeof(bertlet_threads) : 0; }

bertlet_threads *bertlet_threads_init(void *block, int32_t count) {
  bertlet_threads *threads = block;
  threads->count = count;
  return threads;
}

void bertlet_threads_serve(bertlet_threads *threads, int32_t index) {
  (void)threads;
  (void)index;
}

void bertlet_threads_stop(bertlet_threads *threads) { (void)threads; }

int32_t threads_count(const bertlet_threads *threads) {
  (void)threads;
  return 1;
}

void parallel_for(bertlet_threads *threads, int32_t tasks, task_body *body, void *context) {
  (void)threads;
  for (int32_t task = 0; task < tasks; task++) body(context, task, 0);
}

#else

#include <stdalign.h>
#include <stdatomic.h>
#ifndef __wasm__
#include <pthread.h>
#endif

/* A number, and a way to wait until another thread changes it. A waiting thread first spins, since the encoder's steps
 * follow each other within microseconds, and only then sleeps. */
typedef struct gate {
  alignas(BERTLET_ALIGNMENT) _Atomic int32_t value;
  _Atomic int32_t sleepers; /* threads that sleep; while there are none, waking needs no system call */
#ifndef __wasm__
  pthread_mutex_t mutex;
  pthread_cond_t changed;
#endif
} gate;

enum { SPINS = 1 << 17, STOP = -1 };

#ifdef __wasm__

static void gate_init(gate *g) { (void)g; }

static void gate_sleep(gate *g, int32_t value) { __builtin_wasm_memory_atomic_wait32((int32_t *)&g->value, value, -1); }

static void gate_notify(gate *g) { __builtin_wasm_memory_atomic_notify((int32_t *)&g->value, UINT32_MAX); }

#else

static void gate_init(gate *g) {
  pthread_mutex_init(&g->mutex, NULL);
  pthread_cond_init(&g->changed, NULL);
}

static void gate_sleep(gate *g, int32_t value) {
  pthread_mutex_lock(&g->mutex);
  while (atomic_load(&g->value) == value) pthread_cond_wait(&g->changed, &g->mutex);
  pthread_mutex_unlock(&g->mutex);
}

static void gate_notify(gate *g) {
  pthread_mutex_lock(&g->mutex);
  pthread_cond_broadcast(&g->changed);
  pthread_mutex_unlock(&g->mutex);
}

#endif

/* Returns when the gate's value is, or was in the meantime, another than `value`. */
static void gate_wait(gate *g, int32_t value) {
  for (int32_t spin = 0; spin < SPINS; spin++)
    if (atomic_load(&g->value) != value) return;
  /* This thread counts itself as asleep, then reads the value once more; the other changes the value, then reads the
   * count (gate_wake). Whatever the order, one of them sees what the other did, and no change is slept through. */
  atomic_fetch_add(&g->sleepers, 1);
  gate_sleep(g, value);
  atomic_fetch_sub(&g->sleepers, 1);
}

/* To be called after the value has changed. */
static void gate_wake(gate *g) {
  if (atomic_load(&g->sleepers) > 0) gate_notify(g);
}

struct bertlet_threads {
  gate unclaimed;  /* tasks of the present loop that no thread has taken; STOP ends the pool */
  gate unfinished; /* tasks of the present loop that are not done; negative when the pool was stopped in it */
  int32_t count;
  /* The present loop. Written while no task is unfinished, read only by a thread that has claimed one of its tasks. */
  task_body *body;
  void *context;
  int32_t tasks;
};

size_t bertlet_threads_bytes(int32_t count) { return count >= 1 ? sizeof(bertlet_threads) : 0; }

bertlet_threads *bertlet_threads_init(void *block, int32_t count) {
  bertlet_threads *threads = block;
  *threads = (bertlet_threads){.count = count};
  gate_init(&threads->unclaimed);
  gate_init(&threads->unfinished);
  return threads;
}

/* Claims and runs tasks until none is left. A thread that wakes up late finds either no task, or one of the next loop,
 * which it may as well run: so no loop has to wait until all threads are awake. */
static void run_tasks(bertlet_threads *threads, int32_t thread) {
  int32_t left = atomic_load(&threads->unclaimed.value);
  while (left > 0) {
    if (!atomic_compare_exchange_weak(&threads->unclaimed.value, &left, left - 1)) continue;
    threads->body(threads->context, threads->tasks - left, thread);
    if (atomic_fetch_sub(&threads->unfinished.value, 1) == 1) gate_wake(&threads->unfinished);
    left = atomic_load(&threads->unclaimed.value);
  }
}

void bertlet_threads_serve(bertlet_threads *threads, int32_t index) {
  for (;;) {
    gate_wait(&threads->unclaimed, 0);
    if (atomic_load(&threads->unclaimed.value) == STOP) return;
    run_tasks(threads, index);
  }
}

void bertlet_threads_stop(bertlet_threads *threads) {
  atomic_store(&threads->unclaimed.value, STOP);
  gate_wake(&threads->unclaimed);
  /* Threads that still are at their tasks only make it smaller. */
  atomic_store(&threads->unfinished.value, STOP);
  gate_wake(&threads->unfinished);
}

int32_t threads_count(const bertlet_threads *threads) { return threads ? threads->count : 1; }

void parallel_for(bertlet_threads *threads, int32_t tasks, task_body *body, void *context) {
  if (threads_count(threads) == 1 || tasks <= 1) {
    for (int32_t task = 0; task < tasks; task++) body(context, task, 0);
    return;
  }
  threads->body = body;
  threads->context = context;
  threads->tasks = tasks;
  atomic_store(&threads->unfinished.value, tasks);
  atomic_store(&threads->unclaimed.value, tasks);
  gate_wake(&threads->unclaimed);
  run_tasks(threads, 0);
  for (int32_t left; (left = atomic_load(&threads->unfinished.value)) != 0;) {
    if (left < 0) __builtin_trap(); /* stopped: a task of this loop will never be done */
    gate_wait(&threads->unfinished, left);
  }
}

#endif
