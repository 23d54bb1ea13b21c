// The measurements of training in Node: run.js forks this with the Node to be measured, sends a request and gets facts.
import { trainingSuite } from './suite.js';
import { startTorch } from './torch.js';
import { vocabularySuite } from './vocabulary.js';

process.once(
  'message',
  async (/** @type {import('../run.js').Request & { python: string }} */ { model, small, python, quick, texts }) => {
    const { ask, end } = startTorch(python, model, small);
    const say = (/** @type {string} */ message) => void process.send?.({ message });
    const facts = await trainingSuite({ model, small }, ask, { quick, sentences: texts.sentences, say });
    end();
    facts.push(...(await vocabularySuite(python, { quick, say })));
    process.send?.({ rows: [], facts }, () => process.exit()); // the engines' threads would not let it end
  },
);
