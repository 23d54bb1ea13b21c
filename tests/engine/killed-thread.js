// A further thread that is ended by force in the midst of a task: nothing of what would tell the others runs.
import { ownPort } from '#platform';
import { serve } from '../../js/rpc/serve.js';

serve(ownPort(), {
  thread({ memory, pool }, { emit }) {
    emit('running');
    const unclaimed = new Int32Array(memory.buffer, pool, 1); // as in src/base/threads.c, whose run_tasks() takes tasks so
    for (;;) {
      const left = Atomics.load(unclaimed, 0);
      if (left > 0 && Atomics.compareExchange(unclaimed, 0, left, left - 1) === left) process.exit();
    }
  },
});
