import assert from 'node:assert/strict';
import { load } from '../../../js/index.js';
import { toyExamples } from '../../support.js';
import { below, pick } from '../driver.js';
import { MODEL, TEXT } from '../shared.js';

export const name = 'aborts';
export const what = 'loads, embeddings, classifications and fits aborted at random times; what comes next is right';
export const rounds = 15;

const TEXTS = Array.from({ length: 600 }, (_, i) => `${TEXT} ${i} times`);
const EXAMPLES = toyExamples(60);

/** Calls that take long enough to be aborted. @type {Record<string, (bert: any, signal: AbortSignal) => Promise<unknown>>} */
const CALLS = {
  load: (_, signal) => load(MODEL, { threads: 1, signal }).then((bert) => bert.dispose()),
  embed: (bert, signal) => bert.embed(TEXTS, { signal }),
  classify: (bert, signal) => bert.head.classify(TEXTS, { signal }),
  fit: (bert, signal) => bert.fit(EXAMPLES, { signal }),
  'fit with hidden units': (bert, signal) => bert.fit(EXAMPLES, { head: 'mlp', hiddenSize: 8, signal }),
  learningCurve: (bert, signal) => bert.learningCurve(EXAMPLES, { signal }),
  tokenize: (bert, signal) => bert.tokenize(TEXTS, { signal }),
};

export async function start() {
  const bert = await load(MODEL, { threads: 1 });
  const expected = await bert.embed(TEXT);
  return {
    async trial(next) {
      const kinds = [pick(next, Object.keys(CALLS)), pick(next, Object.keys(CALLS))];
      const outcomes = await Promise.all(
        kinds.map(async (kind) => {
          const reason = new Error('enough');
          const controller = new AbortController();
          const timer = setTimeout(() => controller.abort(reason), below(next, 120));
          try {
            await CALLS[kind](bert, controller.signal);
            return 'in time';
          } catch (error) {
            assert.equal(error, reason, kind);
            return 'aborted';
          } finally {
            clearTimeout(timer);
          }
        }),
      );
      assert.deepEqual(await bert.embed(TEXT), expected, kinds.join(' and '));
      return outcomes.includes('aborted') ? 'aborted' : 'in time';
    },
    end: () => bert.dispose(),
  };
}
