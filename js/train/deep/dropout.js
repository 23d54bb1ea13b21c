// The rates of dropout that a model's config.json asks for while it is trained.

/** That of BERT and of nearly all who followed it. */
const USUAL = 0.1;

/**
 * The rates under BERT's names, and under DistilBERT's.
 * @param {Record<string, unknown>} config config.json
 * @returns {{ hidden: number, attention: number, features: number }} `features`: of what the head reads
 */
export function dropoutOf(config) {
  const rate = (/** @type {string[]} */ ...keys) =>
    keys.map((key) => config[key]).find((value) => typeof value === 'number' && value >= 0 && value < 1);
  const hidden = /** @type {number} */ (rate('hidden_dropout_prob', 'dropout') ?? USUAL);
  const attention = /** @type {number} */ (rate('attention_probs_dropout_prob', 'attention_dropout') ?? USUAL);
  const features = /** @type {number} */ (rate('classifier_dropout', 'seq_classif_dropout') ?? hidden);
  return { hidden, attention, features };
}
