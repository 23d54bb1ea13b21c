// Engines for the tests of training, on one thread.
import { join } from 'node:path';
import { describe } from '../../js/io/describe.js';
import { loadEngine } from '../../js/worker/load.js';
import { fixtures } from '../support.js';

/** The model in a folder. @param {string} folder @param {'f32' | 'int8'} [dtype] */
export async function engineIn(folder, dtype = 'f32') {
  const { description } = await describe(folder);
  const context = { signal: new AbortController().signal, emit() {} };
  return loadEngine({ description, names: { model: folder }, dtype, threads: 1 }, context);
}

/** One of tests/fixtures/checkpoints. @param {string} checkpoint @param {'f32' | 'int8'} [dtype] */
export const engineOf = (checkpoint, dtype) => engineIn(join(fixtures, 'checkpoints', checkpoint), dtype);
