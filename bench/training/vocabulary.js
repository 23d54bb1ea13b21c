// A vocabulary trained on 2.8 MB of English, beside Hugging Face's tokenizers (Rust) on one thread.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trainVocabulary } from '../../js/index.js';
import { root } from '../../scripts/shell.js';
import { quantile, takeTurns, time } from '../measure.js';
import { startPython } from './torch.js';

const FILE = join(root, '../shared/data/wiki-paragraphs/train.txt');
const SIZES = [8192, 30000];
const ROUNDS = 7;

/** So that tokenizers has one thread. */
const ONE_THREAD = { RAYON_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false' };

/**
 * @param {string} python
 * @param {{ quick: boolean, say: (message: string) => void }} options
 * @returns {Promise<import('../suites/suite.js').Fact[]>} none where the text is not there
 */
export async function vocabularySuite(python, { quick, say }) {
  if (!existsSync(FILE)) return [];
  const { ask, end } = startPython(python, ['training/vocabulary.py'], ONE_THREAD);
  /** @type {import('../suites/suite.js').Fact[]} */
  const facts = [];
  for (const size of quick ? SIZES.slice(0, 1) : SIZES) {
    say(`training a vocabulary of ${size} pieces`);
    const own = async () => trainVocabulary((await readFile(FILE, 'utf8')).split('\n'), { size, onWarning() {} });
    await check(await own(), size, ask);
    const turns = [() => time(own), async () => (await ask({ file: FILE, size })).ms];
    const measured = await takeTurns(
      turns.length,
      (index) => turns[index](),
      (round) => round < (quick ? 1 : ROUNDS),
    );
    const fact = { suite: 'vocabulary', dtype: '', threads: 1, shape: `${size} pieces` };
    const ratio = quantile(measured[0].map((ms, round) => ms / measured[1][round]));
    facts.push(
      { ...fact, contender: 'bertlet', value: quantile(measured[0]), unit: 'ms' },
      { ...fact, contender: 'tokenizers', value: quantile(measured[1]), unit: 'ms' },
      { ...fact, contender: "bertlet : tokenizers'", value: ratio, unit: 'x' },
    );
  }
  end();
  return facts;
}

/**
 * Throws unless both sides make the same pieces. The alphabet is given to the other side in our order, which it would else choose at random.
 * @param {import('../../js/types.js').TrainedVocabulary} trained
 * @param {number} size
 * @param {import('./suite.js').Ask} ask
 */
async function check({ vocabulary }, size, ask) {
  const isCharacter = (/** @type {string} */ piece) => /^(##)?.$/u.test(piece);
  const alphabet = vocabulary.filter(isCharacter);
  const { pieces } = await ask({ file: FILE, size, alphabet });
  if (pieces.join('\n') !== vocabulary.join('\n')) throw new Error(`the vocabularies of ${size} pieces differ`);
}
