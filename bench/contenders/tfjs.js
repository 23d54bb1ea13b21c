// TF.js with its WebAssembly backend. It has no second-order optimizer: Adam on the whole set until the objective is reached.
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

const LEARNING_RATE = 0.3; // 0.1 and 1 take as many steps, 3 does not get there
const MAX_STEPS = 2000;

/** @type {import('../suites/suite.js').Contender<import('../suites/heads.js').Trainer, ''>} */
export const tfjsTrainer = {
  name: 'TF.js wasm',
  dtypes: [''],
  async create({ tfjs }, _dtype, threads) {
    if (tfjs) setWasmPaths(tfjs);
    setThreadsCount(threads);
    await tf.setBackend('wasm');
    return {
      async fit({ features, labels, size, classes, c, target }) {
        const rows = labels.length;
        const x = tf.tensor2d(features, [rows, size]);
        const y = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
        const weight = tf.variable(tf.zeros([size, classes]));
        const bias = tf.variable(tf.zeros([classes]));
        const adam = tf.train.adam(LEARNING_RATE);
        // Two classes are one vector w in the objective; as two rows they are w/2 and -w/2.
        const decay = (classes === 2 ? 2 : 1) / (2 * c * rows);
        const objective = () => {
          const loss = tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(x, weight), bias));
          return /** @type {tf.Scalar} */ (tf.add(loss, tf.mul(decay, tf.sum(tf.square(weight)))));
        };
        for (let step = 0, reached = Infinity; reached > target && step < MAX_STEPS; ++step) {
          const before = /** @type {tf.Scalar} */ (adam.minimize(objective, true));
          [reached] = await before.data();
          before.dispose();
        }
        const solution = {
          weight: /** @type {Float32Array} */ (await tf.tidy(() => tf.transpose(weight)).data()),
          bias: /** @type {Float32Array} */ (await bias.data()),
        };
        tf.dispose([x, y, weight, bias]);
        adam.dispose();
        return solution;
      },
    };
  },
};
