// The measurements in a page: browser.js bundles and opens this, calls `measure` and gets the rows.
import { bertlet, bertletEncoder, bertletTokenizer, bertletTrainer } from './contenders/bertlet.js';
import { onnxruntimeWeb } from './contenders/onnxruntime-web.js';
import { tfjsTrainer } from './contenders/tfjs.js';
import { transformersJs, transformersTokenizer } from './contenders/transformers.js';
import { encoderSuite } from './suites/encoder.js';
import { textsSuite } from './suites/texts.js';
import { tokenizerSuite } from './suites/tokenizer.js';
import { trainingSuite } from './suites/training.js';

/** @typedef {Record<'onnxruntime' | 'transformers' | 'tfjs', string>} Wasm where each finds its .wasm files */

const read = async (/** @type {string} */ url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

Object.assign(globalThis, {
  /** @param {import('./run.js').Request & { wasm: Wasm }} request */
  async measure({ model, exported, wasm, suites, ...request }) {
    const place = { model, exported, read, tfjs: wasm.tfjs };
    const options = { ...request, say: (/** @type {string} */ message) => console.info(message) };
    const run = /** @type {Record<string, () => Promise<import('./suites/suite.js').Row[]>>} */ ({
      encoder: () => encoderSuite([bertletEncoder, onnxruntimeWeb], { ...place, wasm: wasm.onnxruntime }, options),
      texts: () => textsSuite([bertlet, transformersJs], { ...place, wasm: wasm.transformers }, options),
      tokenizer: () => tokenizerSuite([bertletTokenizer, transformersTokenizer], place, options),
      training: () => trainingSuite([bertletTrainer, tfjsTrainer], place, options),
    });
    const rows = [];
    for (const suite of suites) rows.push(...(await run[suite]()));
    return rows;
  },
});
