// The measurements of training in a page's worker, which page.js starts; and each of its threads.
import { runThread } from '../../js/engine/threads.js';
import { serve } from '../../js/rpc/serve.js';
import { ownPort, useAssets } from '../../web/platform.js';
import { trainingSuite } from './suite.js';

useAssets('/dist/'); // which has the .wasm files

/** @type {(answer: any) => void} */
let answered;

serve(ownPort(), {
  /** @param {import('../run.js').Request} request */
  measure({ model, small, quick, texts: { sentences } }, { emit }) {
    /** @type {import('./suite.js').Ask} */
    const ask = (asked) =>
      new Promise((resolve) => {
        answered = resolve;
        emit({ asked });
      });
    const say = (/** @type {string} */ message) => console.info(message);
    return trainingSuite({ model, small }, ask, { quick, sentences, say });
  },
  answer: (answer) => answered(answer),
  thread: runThread,
});
