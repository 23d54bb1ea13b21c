// The measurements in a page: browser.js bundles and opens this, calls `measure` and gets the rows.
import { bertlet, bertletEncoder, bertletPool, bertletTokenizer, bertletTrainer } from './contenders/bertlet.js';
import { onnxruntimeWeb } from './contenders/onnxruntime-web.js';
import { tfjsTrainer } from './contenders/tfjs.js';
import { transformersJs, transformersTokenizer } from './contenders/transformers.js';
import { encoderSuite } from './suites/encoder.js';
import { headsSuite } from './suites/heads.js';
import { memorySuite } from './suites/memory.js';
import { textsSuite } from './suites/texts.js';
import { threadsSuite } from './suites/threads.js';
import { tokenizerSuite } from './suites/tokenizer.js';
import { useAssets } from '../web/platform.js';

useAssets('/dist/'); // whose worker.js the threads of engines run

/** @typedef {Record<'onnxruntime' | 'transformers' | 'tfjs', string>} Wasm where each finds its .wasm files */

const read = async (/** @type {string} */ url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

/** @typedef {import('./run.js').Request & { wasm: Wasm, suite: string, contender?: string }} PageRequest */

/** @typedef {import('./suites/suite.js').Row[] | import('./suites/suite.js').Fact[]} Measured rows of a race, facts of what is not raced */

/** @typedef {{ measure: (request: PageRequest) => Promise<Measured> }} PageGlobals */

Object.assign(globalThis, {
  /**
   * One suite. What it leaves behind goes with the page.
   * @param {PageRequest} request
   * @returns {Promise<Measured>}
   */
  async measure({ model, exported, wasm, suite, contender, ...request }) {
    const place = { model, exported, read, tfjs: wasm.tfjs };
    const options = { ...request, say: (/** @type {string} */ message) => console.info(message) };
    const run = /** @type {Record<string, () => Promise<Measured>>} */ ({
      encoder: () => encoderSuite([bertletEncoder, onnxruntimeWeb], { ...place, wasm: wasm.onnxruntime }, options),
      texts: () => textsSuite([bertlet, transformersJs], { ...place, wasm: wasm.transformers }, options),
      'texts-2': () =>
        textsSuite(
          [bertlet, transformersJs],
          { ...place, wasm: wasm.transformers },
          { ...options, threads: [2] },
          suite,
        ),
      threads: () => threadsSuite([bertlet], place, options),
      pool: () => textsSuite([bertletPool], place, { ...options, threads: [1, 2] }, suite),
      memory: () =>
        contender === 'bertlet'
          ? memorySuite(bertletEncoder, place, options)
          : memorySuite(onnxruntimeWeb, { ...place, wasm: wasm.onnxruntime }, options),
      tokenizer: () => tokenizerSuite([bertletTokenizer, transformersTokenizer], place, options),
      heads: () => headsSuite([bertletTrainer, tfjsTrainer], place, options),
    });
    return run[suite]();
  },
});
