// What an engine has, and how fast it is: the same functions in a page, which gets their sources, and in Node.

/**
 * Loads a model in f32 and in int8, for `time`.
 * @param {typeof import('../../js/index.js').load} load
 * @param {string} model
 * @param {object} options of `load`
 * @returns {Promise<{ build: string, threads: number, cached: boolean }>} `cached`: whether a second load came from the cache
 */
export async function prepare(load, model, options) {
  const use = (dtype) => load(model, { ...options, dtype, threads: 2 });
  await (await use('f32')).dispose();
  const [f32, int8] = [await use('f32'), await use('int8')];
  globalThis.models = { f32, int8 };
  const { build, threads, fromCache: cached } = f32.info;
  return { build, threads, cached };
}

/**
 * @param {'f32' | 'int8'} dtype
 * @param {string[]} texts
 * @returns {Promise<number>} how long it takes to embed them, in ms
 */
export async function time(dtype, texts) {
  const start = performance.now();
  await globalThis.models[dtype].embed(texts);
  return performance.now() - start;
}
