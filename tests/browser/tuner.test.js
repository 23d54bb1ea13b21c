// The encoder is trained in a page's worker, on threads, which the page starts for it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { serve } from '../../scripts/serve.js';
import { EMPTY_PAGE, FIXTURES, launch, openPage } from './browser.js';

const fixture = JSON.parse(readFileSync(join(FIXTURES, '../train/tuning.json'), 'utf8'));

let browser;
let server;

before(async () => {
  browser = await launch();
  server = await serve({ port: 0, models: join(FIXTURES, '../checkpoints') });
});

after(async () => {
  await browser.close();
  await server.close();
});

/** A script, as it would lie in dist/, whose files it asks for. @param {string} name of a file in this folder */
async function bundle(name) {
  const input = fileURLToPath(new URL(name, import.meta.url));
  const build = await rolldown({
    input,
    platform: 'browser',
    resolve: { conditionNames: ['browser', 'import'] },
  });
  const { output } = await build.generate({ format: 'esm', codeSplitting: false });
  await build.close();
  return output[0].code;
}

test("PyTorch's losses, and the same bits on 1, 2 and 4 threads", async () => {
  const page = await openPage(browser, server.url + EMPTY_PAGE);
  const headers = { 'Cross-Origin-Embedder-Policy': 'require-corp' };
  for (const name of ['tuner-page.js', 'tuner-worker.js']) {
    const body = await bundle(name);
    await page
      .context()
      .route(`**/dist/${name}`, (route) => route.fulfill({ contentType: 'text/javascript', headers, body }));
  }
  for (const method of ['lora', 'full']) {
    const given = fixture.cases.find((one) => one.method === method);
    const { runs, losses } = await page.evaluate(
      async (params) => {
        const { tune } = await import('/dist/tuner-page.js');
        return tune(params);
      },
      { fixture, given, counts: [1, 2, 4] },
    );
    losses.forEach((loss, step) => {
      const expected = given.losses[step];
      assert.ok(Math.abs(loss - expected) <= 1e-3 * expected, `step ${step + 1}: ${loss}, in PyTorch ${expected}`);
    });
    assert.deepEqual(
      runs.map(({ threads }) => threads),
      [1, 2, 4],
    );
    for (const run of runs.slice(1)) {
      assert.deepEqual(run.losses, runs[0].losses);
      assert.deepEqual(run.state, runs[0].state);
    }
    assert.notDeepEqual(runs[0].losses, losses, 'dropout changes losses');
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
