import fc from 'fast-check';
import { modelFiles } from '../../properties/models.js';
import { outcomeOf } from '../../properties/outcome.js';
import { readers } from '../../properties/readers.js';
import { tokenizerFiles } from '../../properties/tokenizers.js';
import { below, pick } from '../driver.js';

export const name = 'files';
export const what = 'every file that is read, damaged: of models, adapters, tokenizers, heads, examples (10 a trial)';
export const rounds = 5;

/** Reading one of these takes milliseconds, one of the others a hundredth of it. */
const subjects = [...modelFiles, ...tokenizerFiles, ...readers];

export async function start() {
  return {
    async trial(next) {
      const { name, input, read } = pick(next, subjects);
      const outcomes = new Set();
      for (const bytes of fc.sample(input, { seed: below(next, 2 ** 31), numRuns: 10 })) {
        const outcome = await outcomeOf(() => read(bytes)).catch((error) => {
          throw new Error(`${name}, as ${Buffer.from(bytes).toString('base64')}`, { cause: error });
        });
        outcomes.add(outcome === 'right' ? outcome : 'refused');
      }
      return [...outcomes].sort().reverse().join(' and ');
    },
    async end() {},
  };
}
