// Prompts of sentence-transformers models: what is put before texts before they become vectors.
import { BertletError } from '../errors.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/engine.js').Batch} Batch */
/** @typedef {import('../tokenize/tokenizer.js').Text} Text */

/**
 * @typedef {object} Prompted
 * @property {Text[]} texts with the prompt
 * @property {(batch: Batch) => Batch} [own] leaves the prompt's tokens out of a batch that was computed, and throws BAD_INPUT for a text that
 *   has no others; undefined if they are pooled too
 */

/**
 * Puts the prompt before texts that the caller asks for, or else that of their task in a search, or else the model's default one, as `encode`,
 * `encode_query` and `encode_document` of sentence-transformers do. (There a model always has prompts for both tasks, empty unless its files
 * say otherwise: the default one is not put in their place, nor, before documents, one that is called passage.)
 * @param {Engine} engine
 * @param {{ texts: Text[], pooling?: string, prompt?: string, promptName?: string, task?: 'query' | 'document', maxTokens?: number }} params as of `Model.embed`;
 *   `maxTokens`: to which texts are cut, default: the model's maximum
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Prompted} Throws BAD_INPUT for an unknown name or task
 */
export function putPrompt(
  engine,
  { texts, pooling, prompt: given, promptName, task, maxTokens = engine.config.maxPositions },
  { emit, first = 0 },
) {
  const { prompts = {}, defaultPrompt = '', includesPrompt = true } = engine.extras.sentencePipeline ?? {};
  for (const [name, value] of Object.entries({ prompt: given, promptName }))
    if (!['string', 'undefined'].includes(typeof value))
      throw new BertletError('BAD_INPUT', `${name} is of type ${typeof value}; it must be a string.`);
  if (task !== undefined && task !== 'query' && task !== 'document')
    throw new BertletError('BAD_INPUT', `task is "${task}"; it must be query or document.`);
  if (given !== undefined && promptName !== undefined)
    emit({ warning: 'Of prompt and promptName only the first counts. Give one of them.' });
  else if (promptName !== undefined && !Object.hasOwn(prompts, promptName)) {
    const names = Object.keys(prompts).join(', ') || 'none';
    throw new BertletError('BAD_INPUT', `The model has no prompt "${promptName}". It has: ${names}.`);
  }
  const named = promptName ?? (task !== undefined && Object.hasOwn(prompts, task) ? task : undefined);
  const prompt = given ?? (named === undefined ? defaultPrompt : prompts[named]);
  const included = prompt === '' || includesPrompt || pooling === 'none';
  const length = engine.tokenizer.encode([prompt], maxTokens).ids.length - 1; // [CLS] and the prompt, not [SEP]
  return {
    texts: texts.map(([text, textPair]) => [prompt + text, textPair]),
    own: included ? undefined : (batch) => withoutFirst(engine, batch, length, first),
  };
}

/**
 * Leaves the first tokens of each text out of the batch that was computed last.
 * @param {Engine} engine its hidden states change
 * @param {Batch} batch
 * @param {number} count how many
 * @param {number} first number of the first text, see `Context`
 * @returns {Batch} what is left
 */
function withoutFirst(engine, batch, count, first) {
  const { hiddenSize } = engine.config;
  const hidden = engine.hidden(batch, false);
  const starts = [0];
  batch.indices.forEach((index, i) => {
    const own = hidden.subarray((batch.starts[i] + count) * hiddenSize, batch.starts[i + 1] * hiddenSize);
    if (own.length === 0) {
      throw new BertletError(
        'BAD_INPUT',
        `Text ${first + index} has no token besides the prompt's, because its first word joins the prompt's last. End the prompt with a space.`,
      );
    }
    hidden.set(own, starts[i] * hiddenSize);
    starts.push(starts[i] + own.length / hiddenSize);
  });
  engine.core.ints(engine.starts, starts.length).set(starts);
  return { ...batch, starts };
}
