// The same package by require(). Compiled, never run.
import bertlet = require('bertlet');
import tokenizer = require('bertlet/tokenizer');

export async function main(): Promise<number> {
  const bert = await bertlet.load('./model');
  const vector: Float32Array = await bert.embed('a film');
  const [ids] = (await tokenizer.loadTokenizer('./model')).encode(['a film']);
  return bertlet.cosineSimilarity(vector, ids);
}
