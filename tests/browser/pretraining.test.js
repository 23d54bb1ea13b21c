// Pre-training in a page: by the library, aborted on the way, and in the demo's tab, paused, reloaded and taken home.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unzipSync } from 'fflate';
import { download, EMPTY_PAGE, FIXTURES, overhang, useSite, withoutSelectors } from './browser.js';

const site = useSite({ models: FIXTURES });

/** Texts in which a masked word can be told from the others. */
const words = ['great', 'awful', 'dull', 'good'];
const texts = Array.from({ length: 400 }, (_, i) => {
  const word = words[(i * 7 + (i >> 3)) % 4];
  return `the ${word} movie was ${word} and the story was very ${word} .`;
});
const GAP = 'the good movie was good and the [MASK] was very good .';

test('a page pre-trains with all that it needs from the library, aborts, and fills a gap with what was learned', async () => {
  const page = await site.open(EMPTY_PAGE);
  const found = await page.evaluate(
    async ([texts, gap]) => {
      const { createModel, trainVocabulary } = await import('/dist/bertlet.js');
      const { vocabulary } = await trainVocabulary(texts, { size: 120, onWarning() {} });
      const bert = await createModel({ vocabulary, layers: 2, hiddenSize: 32, heads: 2, maxTokens: 32, dropout: 0 });
      const { fingerprint } = bert.info;
      const before = await bert.fillMask(gap);
      const controller = new AbortController();
      let frames = 0;
      let training = true;
      const frame = () => {
        frames += 1;
        if (training) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      let measured = [];
      const error = await bert
        .pretrain(texts, {
          ...{ packed: false, batchSize: 32, learningRate: 5e-3, steps: 400, validation: 0.1, live: true },
          signal: controller.signal,
          onProgress({ history }) {
            measured = history;
            if (history.at(-1)?.heldOut.accuracy > 0.5) controller.abort();
          },
        })
        .then(
          () => 'it was not aborted',
          ({ name }) => name,
        );
      training = false;
      const after = await bert.fillMask(gap);
      const isNew = bert.info.fingerprint !== fingerprint;
      await bert.dispose();
      return { error, frames, isNew, losses: measured.map(({ heldOut }) => heldOut.loss), before, after };
    },
    [texts, GAP],
  );
  assert.equal(found.error, 'AbortError');
  assert.ok(found.frames > 0, 'the page is drawn meanwhile');
  assert.ok(found.isNew);
  assert.ok(found.losses.at(-1) < found.losses[0] / 2, found.losses.join(' '));
  assert.equal(found.after[0].token_str, 'story');
  assert.ok(found.after[0].score > 2 * found.before[0].score);
  assert.deepEqual(page.faults, []);
});

test(
  'the tab fills gaps while it learns, goes on after a reload, and gives the model away',
  { skip: withoutSelectors },
  async () => {
    const page = await site.open('?model=tiny-f32&hub=/models#pretrain');
    const panel = page.locator('#panel-pretrain');
    const button = (name) => page.locator(`#pretrain-start:text-is("${name}")`);
    const filled = (who) => panel.locator(`.gap >> nth=0 >> .filled[aria-busy=false] .${who} .marked`);
    const pause = async () => {
      await button('Pause').click();
      await button('Go on').waitFor();
    };
    await page.check('#pretrain-mine');
    await page.fill('#pretrain-text', 'too short');
    assert.match(await page.textContent('#pretrain-note'), /^It needs 2,000 words or more to read; 2 are there\./);
    assert.equal(await page.isDisabled('#pretrain-start'), true);
    await page.fill('#pretrain-text', texts.join('\n'));
    await page.selectOption('#pretrain-steps', '1000');
    await panel.locator('.gap-text >> nth=0').fill(GAP.replace('[MASK]', '___'));
    await button('Start from nothing').click();
    await filled('learned').waitFor({ timeout: 60000 });
    const random = await filled('untrained').textContent();
    await pause();
    assert.match(
      await page.textContent('#pretrain-note'),
      /^Paused at step \d+ of 1,000\. It can go on after a reload, too\.$/,
    );

    await page.reload();
    await button('Go on').click();
    await panel.locator('.gap-text >> nth=0').fill(GAP.replace('[MASK]', '___'));
    const story = panel.locator('.gap >> nth=0 >> .learned mark:has-text("story")');
    await story.waitFor({ timeout: 60000 });
    assert.equal(await filled('untrained').textContent(), random, 'the twin is the same one');
    const curve = panel.locator('.chart .with-model .mean');
    await curve.waitFor({ state: 'attached', timeout: 60000 }); // it needs two measurements
    await pause();
    assert.ok((await curve.evaluate((path) => path.getTotalLength())) > 0);
    assert.match(
      await panel.locator('.tune-status').textContent(),
      /^After [\d,]+ steps it finds \d+% of the hidden pieces/,
    );

    const { bytes } = await download(page, () => page.click('.save-model'));
    const files = unzipSync(bytes, { filter: ({ name }) => !name.endsWith('/') });
    const names = Object.keys(files).map((name) => name.replace('my-bert/', ''));
    for (const name of ['config.json', 'model.safetensors', 'vocab.txt']) assert.ok(names.includes(name), `${names}`);
    await page.route('**/my-bert/*', (route) => {
      const bytes = files[new URL(route.request().url()).pathname.slice(1)];
      return route.fulfill(bytes ? { body: Buffer.from(bytes) } : { status: 404 });
    });
    const told = await panel.locator('.gap >> nth=0 >> .learned .others').textContent();
    const again = await page.evaluate(async (gap) => {
      const { load } = await import('/dist/bertlet.js');
      const bert = await load(new URL('my-bert/', document.baseURI), { dtype: 'f32', cache: false });
      const [best] = await bert.fillMask(gap);
      await bert.dispose();
      return `${best.token_str} ${Math.round(100 * best.score)}%`;
    }, GAP);
    assert.equal(told.split(', ')[0], again);
    for (const width of [320, 390, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      assert.equal(await overhang(page), 0, `${width}`);
    }
    page.faults = page.faults.filter((fault) => !fault.includes('404')); // files that a model may lack
    assert.deepEqual(page.faults, []);
  },
);
