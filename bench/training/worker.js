// The measurements of training in a page's worker, which browser.js starts. What is asked of PyTorch goes through the page.
import { useAssets } from '../../web/platform.js';
import { trainingSuite } from './suite.js';

useAssets('/dist/'); // whose worker.js its threads run

/** @type {(answer: any) => void} */
let answered;

/** @type {import('./suite.js').Ask} */
const ask = (request) =>
  new Promise((resolve) => {
    answered = resolve;
    self.postMessage({ ask: request });
  });

self.onmessage = async ({ data: { request, answer } }) => {
  if (!request) return answered(answer);
  const { model, small, quick, texts } = request;
  const say = (/** @type {string} */ message) => console.info(message);
  const facts = await trainingSuite({ model, small }, ask, { quick, sentences: texts.sentences, say });
  self.postMessage({ facts });
};
