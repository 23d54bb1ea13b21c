// How a cross-encoder makes a score of its single logit. Only who loads a head with one logit fetches this file.
import { readOptional } from '../io/sources.js';
import { parseJson } from './json.js';

/** @typedef {import('./task-head.js').TaskHead['ranking']} Ranking */

/** By the name of PyTorch's class. @type {Map<string, Ranking>} */
const RANKINGS = new Map([
  ['Identity', 'none'],
  ['Sigmoid', 'sigmoid'],
]);

/**
 * Reads what follows the logit where a cross-encoder ranks documents, as sentence-transformers' CrossEncoder has it: what the files ask
 * for, else a sigmoid.
 * @param {import('../base/platform.js').Source} source
 * @param {any} configJson config.json
 * @param {AbortSignal} signal
 * @returns {Promise<Ranking>} undefined if it is something that bertlet does not have. Rejects with BAD_CONFIG for damaged JSON, and as
 *   `source.open`
 */
export async function readRanking(source, configJson, signal) {
  const file = await readOptional(source, 'config_sentence_transformers.json', signal);
  const settings = 'bytes' in file ? parseJson(file.bytes, file.location) : {};
  const name =
    configJson.sentence_transformers?.activation_fn ??
    configJson.sbert_ce_default_activation_function ??
    (settings.model_type === 'CrossEncoder' ? settings.activation_fn : undefined);
  if (typeof name !== 'string' || !name.startsWith('torch.')) return 'sigmoid'; // sentence-transformers runs no other code unasked
  return RANKINGS.get(name.split('.').at(-1) ?? '');
}
