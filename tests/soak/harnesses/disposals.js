import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { BertletError, load } from '../../../js/index.js';
import { toyExamples } from '../../support.js';
import { below, pick } from '../driver.js';
import { MODEL, TEXT } from '../shared.js';

export const name = 'disposals';
export const what = 'models disposed of during calls: each call ends right or with DISPOSED, later ones with DISPOSED';
export const rounds = 6;

const TEXTS = Array.from({ length: 300 }, (_, i) => `${TEXT} ${i} times`);

/** @type {Record<string, (bert: any) => Promise<unknown>>} */
const CALLS = {
  embed: (bert) => bert.embed(TEXTS),
  classify: (bert) => bert.head.classify(TEXTS),
  fit: (bert) => bert.fit(toyExamples(40)),
  tokenize: (bert) => bert.tokenize(TEXTS),
};

export async function start() {
  return {
    async trial(next) {
      const bert = await load(MODEL, { threads: 1 + below(next, 2) });
      const kinds = Array.from({ length: 1 + below(next, 4) }, () => pick(next, Object.keys(CALLS)));
      const calls = kinds.map((kind) =>
        CALLS[kind](bert).then(
          () => 'in time',
          (error) => {
            assert.ok(error instanceof BertletError && error.code === 'DISPOSED', `${kind}: ${error.stack}`);
            return 'disposed';
          },
        ),
      );
      await delay(below(next, 60));
      await bert.dispose();
      const outcomes = await Promise.all(calls);
      await assert.rejects(bert.embed(TEXT), { code: 'DISPOSED' });
      await bert.dispose();
      return outcomes.includes('disposed') ? 'disposed' : 'in time';
    },
    async end() {},
  };
}
