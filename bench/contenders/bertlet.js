// This project: its parts in the calling thread, and its public interface.
import { loadEngine } from '../../js/worker/load.js';
import { createPool, load, loadTokenizer } from '../../js/index.js';
import { SingleLabelRegression } from '../../js/train/solvers/logreg.js';
import { Rows } from '../../js/train/dataset/rows.js';
import { describe } from '../../js/io/describe.js';
import { compile } from '../../js/core/compile.js';

const name = 'bertlet';
/** @type {import('../suites/suite.js').Dtype[]} */
const dtypes = ['f32', 'int8'];

/** @type {import('../suites/suite.js').Contender<import('../suites/encoder.js').Encoder>} */
export const bertletEncoder = {
  name,
  dtypes,
  async create({ model }, dtype, threads) {
    const { name: of, description } = await describe(model);
    const { signal } = new AbortController();
    const engine = await loadEngine({ description, names: { model: of }, dtype, threads }, { signal, emit() {} });
    return {
      prepare(ids, batch, tokens) {
        const sequences = Array.from({ length: batch }, (_, index) => ({
          index,
          ids: ids.subarray(index * tokens, (index + 1) * tokens),
          second: tokens,
          cut: false,
        }));
        const hidden = new Float32Array(ids.length * engine.config.hiddenSize);
        return async () => {
          for (let next = 0, at = 0; next < batch;) {
            const part = engine.forward(sequences, next);
            const states = engine.hidden(part, false);
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

/** @type {import('../suites/suite.js').Contender<import('../suites/texts.js').Embedder>} */
export const bertlet = {
  name,
  dtypes,
  async create({ model }, dtype, threads) {
    const bert = await load(model, { dtype, threads });
    return {
      embed: (texts) => bert.embed(texts, { pooling: 'mean', normalize: true }),
      dispose: () => bert.dispose(),
    };
  },
};

/**
 * As many workers as there are to be threads, of one thread each.
 * @type {import('../suites/suite.js').Contender<import('../suites/texts.js').Embedder>}
 */
export const bertletPool = {
  name,
  dtypes,
  async create({ model }, dtype, size) {
    const pool = await createPool({ model, size, dtype });
    return {
      embed: (texts) => pool.embed(texts, { pooling: 'mean', normalize: true }),
      dispose: () => pool.dispose(),
    };
  },
};

/** @type {import('../suites/suite.js').Contender<import('../suites/tokenizer.js').Splitter, ''>} */
export const bertletTokenizer = {
  name,
  dtypes: [''],
  async create({ model }) {
    const tokenizer = await loadTokenizer(model);
    return { ids: (text) => tokenizer.encode(text) };
  },
};

/** @type {import('../suites/suite.js').Contender<import('../suites/heads.js').Trainer, ''>} */
export const bertletTrainer = {
  name,
  dtypes: [''],
  async create() {
    const compiled = await compile({ threads: 1 });
    return {
      async fit({ features, labels, size, classes, c }) {
        const count = labels.length;
        const trainers = (/** @type {import('../../js/core/instance.js').Core} */ core) =>
          SingleLabelRegression.bytes(core, count, size, classes);
        const rows = await Rows.create(compiled, count, size, { layers: [classes], trainers });
        for (let row = 0; row < count; ++row) rows.set(row, features.subarray(row * size, (row + 1) * size));
        const regression = new SingleLabelRegression(rows, count, labels, new Float32Array(classes).fill(1));
        await regression.fit({ c }, async () => {});
        const [{ weight, bias }] = regression.dense();
        rows.free();
        return { weight, bias };
      },
    };
  },
};
