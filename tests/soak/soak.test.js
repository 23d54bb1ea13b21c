// Short runs of what `npm run soak` tries for long. BERTLET_SEED=n repeats one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHarness } from './driver.js';
import { harnesses } from './harnesses/index.js';

const seed = Number(process.env.BERTLET_SEED ?? Date.now() % 2 ** 31);

for (const harness of harnesses.filter(({ rounds }) => rounds > 0))
  test(`${harness.name}: ${harness.what}`, async (t) => {
    t.diagnostic(`BERTLET_SEED=${seed}`);
    const { tried, outcomes, faults, skipped } = await runHarness(harness, { seed, rounds: harness.rounds });
    if (skipped) return t.skip(skipped);
    t.diagnostic([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', '));
    for (const { trial, message } of faults) t.diagnostic(`trial ${trial}: ${message}`);
    assert.equal(tried, harness.rounds);
    assert.deepEqual(faults, []);
  });
