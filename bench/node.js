// The measurements in Node: run.js forks this with the Node to be measured, sends a request and gets the rows.
import { readFile } from 'node:fs/promises';
import { bertlet, bertletEncoder, bertletPool, bertletTokenizer, bertletTrainer } from './contenders/bertlet.js';
import { onnxruntimeNode } from './contenders/onnxruntime-node.js';
import { onnxruntimeWeb } from './contenders/onnxruntime-web.js';
import { tfjsTrainer } from './contenders/tfjs.js';
import { transformersJs, transformersTokenizer } from './contenders/transformers.js';
import { encoderSuite } from './suites/encoder.js';
import { headsSuite } from './suites/heads.js';
import { textsSuite } from './suites/texts.js';
import { threadsSuite } from './suites/threads.js';
import { tokenizerSuite } from './suites/tokenizer.js';

process.once('message', async (/** @type {import('./run.js').Request} */ { model, exported, suites, ...request }) => {
  const place = { model, exported, read: readFile };
  const options = { ...request, say: (/** @type {string} */ message) => void process.send?.({ message }) };
  const run = /** @type {Record<string, () => Promise<import('./suites/suite.js').Row[]>>} */ ({
    encoder: () => encoderSuite([bertletEncoder, onnxruntimeWeb, onnxruntimeNode], place, options),
    texts: () => textsSuite([bertlet, transformersJs], place, options),
    'texts-2': () => textsSuite([bertlet, transformersJs], place, { ...options, threads: [2] }, 'texts-2'),
    threads: () => threadsSuite([bertlet], place, options),
    pool: () => textsSuite([bertletPool], place, { ...options, threads: [1, 2] }, 'pool'),
    tokenizer: () => tokenizerSuite([bertletTokenizer, transformersTokenizer], place, options),
    heads: () => headsSuite([bertletTrainer, tfjsTrainer], place, options),
  });
  const rows = [];
  for (const suite of suites) rows.push(...((await run[suite]?.()) ?? []));
  process.send?.({ rows }, () => process.disconnect());
});
