// Correlations of numbers, beside scipy 1.17's pearsonr and spearmanr and scikit-learn's r2_score and mean_squared_error.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regressionMetrics } from '../../js/metrics/correlation.js';

test('numbers that are partly equal', () => {
  const truth = [0.2, 5, 3.3, 3.3, 1.8, 4.4, 2, 0, 2.5, 3.3];
  const predicted = [0.5, 4.1, 3.9, 2.2, 2.2, 4.9, 1.1, 0.3, 2.2, 3.0];
  const { pearson, spearman, r2, mse, n } = regressionMetrics(truth, predicted);
  assert.ok(Math.abs(pearson - 0.918693485178266) < 1e-12);
  assert.ok(Math.abs(spearman - 0.9254658385093167) < 1e-12);
  assert.ok(Math.abs(r2 - 0.8349724954159027) < 1e-12);
  assert.ok(Math.abs(mse - 0.396) < 1e-12);
  assert.equal(n, 10);
});

test('predictions that are all the same correlate with nothing', () => {
  const { pearson, spearman } = regressionMetrics([1, 2, 3], [2, 2, 2]);
  assert.ok(Number.isNaN(pearson) && Number.isNaN(spearman));
});

test('as many predictions as numbers', () => {
  assert.throws(() => regressionMetrics([1, 2], [1]), { code: 'BAD_INPUT' });
});
