// This project: its engine in the calling thread, and its public interface.
import { loadEngine } from '../../js/engine.js';
import { load } from '../../js/index.js';
import { describe } from '../../js/sources.js';

const DTYPES = ['f32'];

/** @type {import('../suite.js').Contender<import('../suite.js').Encoder>} */
export const bertletEncoder = {
  name: 'bertlet',
  dtypes: DTYPES,
  async create({ model }, dtype, threads) {
    const { description } = describe(model);
    const { signal } = new AbortController();
    const engine = await loadEngine({ description, threads }, { signal, emit() {} });
    return {
      prepare(ids, batch, tokens) {
        const sequences = Array.from({ length: batch }, (_, index) => ({
          index,
          ids: ids.subarray(index * tokens, (index + 1) * tokens),
        }));
        const hidden = new Float32Array(ids.length * engine.config.hiddenSize);
        return async () => {
          for (let next = 0, at = 0; next < batch;) {
            const part = engine.forward(sequences, next);
            const states = engine.hidden(part);
            hidden.set(states, at);
            at += states.length;
            next += part.indices.length;
          }
          return hidden;
        };
      },
      dispose() {},
    };
  },
};

/** @type {import('../suite.js').Contender<import('../suite.js').Embedder>} */
export const bertlet = {
  name: 'bertlet',
  dtypes: DTYPES,
  async create({ model }, dtype, threads) {
    const bert = await load(model, { threads });
    return {
      embed: (texts) => bert.embed(texts, { normalize: true }),
      dispose: () => bert.dispose(),
    };
  },
};
