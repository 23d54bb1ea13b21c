// The plan of a tuner's memory: what is kept, computed twice or cut follows from a budget, and what is told is what is taken.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compile } from '../../js/core/compile.js';
import { compileTrainer } from '../../js/train/deep/compile-trainer.js';
import { HiddenStates } from '../../js/train/deep/hidden-states.js';
import { planMemory } from '../../js/train/deep/plan-memory.js';
import { tensorNames, Tuner } from '../../js/train/deep/tuner.js';
import { fixtures, minilm, withoutMinilm } from '../support.js';
import { engineIn } from './engine.js';

const MB = 2 ** 20;

const engine = await engineIn(join(fixtures, 'model/tiny-f32'));
const compiled = await compileTrainer(engine.compiled);

const linear = /layer\.\d+\.(attention\.self\.\w+|.*dense)\.weight$/;
const lora = (names) => names.map((name) => (linear.test(name) ? 'ADAPTED' : 'FROZEN'));

const adapted = { tuning: lora(tensorNames(engine)), rank: 16, maxTokens: 4096, pooling: 'mean', outputs: 3 };
const full = { ...adapted, rank: 0, tuning: adapted.tuning.map(() => 'TRAINED') };
const longest = 64;

const planFor = (plan, budget) => planMemory(engine.config, compiled, plan, { longest, budget });

/** What a plan is refused with. */
const refused = (plan, budget) =>
  planFor(plan, budget).then(
    (given) => assert.fail(given.description),
    ({ code, message }) => {
      assert.equal(code, 'OUT_OF_MEMORY');
      return message;
    },
  );

test('with room enough every layer keeps what it computes; then fewer do; then batches become smaller', async () => {
  const whole = await planFor(adapted);
  assert.equal(whole.keptLayers, 2);
  assert.equal(whole.maxTokens, 4096);
  assert.match(whole.description, /up to 4096 tokens; nothing is computed twice\.$/);

  const twice = await planFor(adapted, whole.bytes - 1);
  assert.equal(twice.keptLayers, 0, 'one that keeps its values needs as much as the other that they share');
  assert.equal(twice.maxTokens, 4096);
  assert.match(twice.description, /2 of 2 layers are computed twice\.$/);

  const cut = await planFor(adapted, twice.bytes - 1);
  assert.equal(cut.keptLayers, 0);
  assert.ok(cut.maxTokens < 4096 && cut.maxTokens > 3000, `${cut.maxTokens} tokens`);
  for (const { bytes, budget } of [
    { bytes: twice.bytes, budget: whole.bytes - 1 },
    { bytes: cut.bytes, budget: twice.bytes - 1 },
  ])
    assert.ok(bytes <= budget);
});

test('what is told is what is taken, on one thread and on four', async () => {
  for (const threads of [1, 4]) {
    for (const plan of [adapted, full]) {
      const of = await compileTrainer(await compile({ threads })); // anew, so that no larger memory of before is used again
      const { keptLayers, maxTokens, bytes, description } = await planMemory(engine.config, of, plan, { longest });
      const tuner = await Tuner.create(engine, of, { ...plan, keptLayers, maxTokens });
      assert.equal(tuner.memoryBytes, bytes);
      assert.ok(description.startsWith(`Training takes ${Math.ceil(bytes / MB)} MB of memory, `), description);
      tuner.dispose();
    }
  }
});

test('a batch holds the longest example, also where it has more tokens than were wanted', async () => {
  assert.equal((await planFor({ ...adapted, maxTokens: 10 })).maxTokens, longest);
  const least = (await planFor({ ...adapted, maxTokens: 10 }, 1.5 * MB)).bytes;
  const { maxTokens } = await planFor(adapted, least);
  assert.ok(maxTokens >= longest, `${maxTokens} tokens`);
});

test('too little: what is said to fit does fit', async () => {
  const hungry = { ...adapted, rank: 32, outputs: 1000 };
  const { bytes } = await planMemory(engine.config, compiled, { ...hungry, maxTokens: 512 }, { longest: 512 });
  const small = await planMemory(engine.config, compiled, { ...hungry, rank: 8, maxTokens: 300 }, { longest: 300 });
  assert.ok(small.bytes < bytes);
  const refuse = (budget) =>
    planMemory(engine.config, compiled, hungry, { longest: 512, budget }).then(
      ({ description }) => assert.fail(description),
      ({ code, message }) => {
        assert.equal(code, 'OUT_OF_MEMORY');
        return message;
      },
    );
  const message = await refuse(small.bytes);
  const [, needed, given, least] =
    /^Training needs (\d+) MB, and may take (\d+) MB\. What would fit: at least (\d+) MB of memory; or /.exec(message);
  assert.equal(needed, least);
  assert.equal(given, `${Math.floor(small.bytes / MB)}`);
  await planMemory(engine.config, compiled, hungry, { longest: 512, budget: least * MB });
  const tokens = Number(/texts of at most (\d+) tokens/.exec(message)[1]);
  const shorter = { longest: tokens, budget: small.bytes };
  await planMemory(engine.config, compiled, { ...hungry, maxTokens: tokens }, shorter);
  await assert.rejects(planMemory(engine.config, compiled, hungry, { ...shorter, longest: tokens + 1 }));
});

test('too little: a lower rank, fewer layers', async () => {
  const ranked = { ...adapted, rank: 32 };
  const least = await planFor({ ...ranked, rank: 8, maxTokens: longest });
  const message = await refused(ranked, least.bytes);
  const rank = Number(/or rank (\d+)/.exec(message)[1]);
  assert.ok(rank >= 8 && rank < 32, message);
  await planFor({ ...ranked, rank }, least.bytes);

  const small = await planFor({ ...full, tuning: full.tuning.map(() => 'FROZEN'), maxTokens: longest });
  assert.match(await refused(full, small.bytes), /; or fewer layers, or method: 'lora'\.$/);
  assert.match(
    await refused(full, 1000),
    /^Training needs \d+ MB, and may take 0 MB\. What would fit: at least \d+ MB/,
  );
});

test(
  'LoRA of rank 16 of all-MiniLM-L6-v2: 250 MB with the loaded model, or 160 with recomputing',
  { skip: withoutMinilm },
  async () => {
    const large = await engineIn(minilm);
    const trainer = await compileTrainer(large.compiled);
    const loaded = large.core.memory.buffer.byteLength;
    const plan = {
      tuning: lora(tensorNames(large)),
      embeds: false,
      rank: 16,
      scale: 2,
      maxTokens: 512,
      pooling: 'mean',
      outputs: 2,
      dropout: { hidden: 0.1, attention: 0.1, adapter: 0.05 },
    };
    assert.equal(plan.tuning.filter((how) => how === 'ADAPTED').length, 36);
    const below = new HiddenStates(large, 0, async () => {});
    const loss = (core, logits, rows) => {
      const at = core.scratch(4 * rows);
      core.ints(at, rows).set([0]);
      return core.fn.softmax_loss(logits, at, 0, rows, 2);
    };
    const parts = []; // four of sixteen texts of 128 tokens; the others take no more memory
    for (let text = 0; text < 4; text++) {
      const ids = Int32Array.from({ length: 128 }, (_, i) => 1000 + 128 * text + i);
      const hidden = await below.of([{ encoded: { ids, second: 128 } }]);
      parts.push({ batch: { ids, starts: [0, 128], hidden }, loss, share: 1 / 4 });
    }
    const norms = [];
    for (const { budget, kept, tokens } of [
      { budget: 250 * MB, kept: 6, tokens: 512 },
      { budget: 160 * MB, kept: 0, tokens: 128 },
    ]) {
      const chosen = await planMemory(large.config, trainer, plan, { longest: 128, budget: budget - loaded });
      assert.ok(chosen.maxTokens >= tokens && chosen.keptLayers >= kept, chosen.description);
      const tuner = await Tuner.create(large, trainer, { ...plan, ...chosen });
      tuner.head.fill(0.01);
      norms.push((await tuner.step(parts, { learningRate: 1e-3, weightDecay: 0, seed: 0 })).norm);
      assert.ok(tuner.memoryBytes + large.core.memory.buffer.byteLength <= budget);
      tuner.dispose();
    }
    assert.equal(norms[0], norms[1]);
  },
);
