// The measurements in a page: browser.js bundles and opens this, calls `measure` and gets the rows.
import { bertlet, bertletEncoder } from './contenders/bertlet.js';
import { onnxruntimeWeb } from './contenders/onnxruntime-web.js';
import { transformersJs } from './contenders/transformers.js';
import { encoderSuite, textsSuite } from './suite.js';

const read = async (/** @type {string} */ url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

Object.assign(globalThis, {
  /** @param {import('./run.js').Request & { wasm: Record<'onnxruntime' | 'transformers', string> }} request */
  async measure({ model, exported, wasm, texts, ...request }) {
    const place = { model, exported, read };
    const options = { ...request, say: (/** @type {string} */ message) => console.info(message) };
    const rows = [];
    if (request.suites.includes('encoder')) {
      const contenders = [bertletEncoder, onnxruntimeWeb];
      rows.push(...(await encoderSuite(contenders, { ...place, wasm: wasm.onnxruntime }, options)));
    }
    if (request.suites.includes('texts')) {
      rows.push(
        ...(await textsSuite([bertlet, transformersJs], texts, { ...place, wasm: wasm.transformers }, options)),
      );
    }
    return rows;
  },
});
