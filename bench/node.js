// The measurements in Node: run.js forks this with the Node to be measured, sends a request and gets the rows.
import { readFile } from 'node:fs/promises';
import { bertlet, bertletEncoder } from './contenders/bertlet.js';
import { onnxruntimeNode } from './contenders/onnxruntime-node.js';
import { onnxruntimeWeb } from './contenders/onnxruntime-web.js';
import { transformersJs } from './contenders/transformers.js';
import { encoderSuite, textsSuite } from './suite.js';

process.once('message', async (/** @type {import('./run.js').Request} */ { model, exported, texts, ...request }) => {
  const place = { model, exported, read: readFile };
  const options = { ...request, say: (/** @type {string} */ message) => process.send?.({ message }) };
  const rows = [];
  if (request.suites.includes('encoder')) {
    rows.push(...(await encoderSuite([bertletEncoder, onnxruntimeWeb, onnxruntimeNode], place, options)));
  }
  if (request.suites.includes('texts'))
    rows.push(...(await textsSuite([bertlet, transformersJs], texts, place, options)));
  process.send?.({ rows }, () => process.disconnect());
});
