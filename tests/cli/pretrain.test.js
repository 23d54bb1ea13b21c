// bertlet pretrain, and the other commands with what it writes.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { tiny, toyExamples } from '../support.js';
import { bertlet, interrupt, succeed, temporaryFolder, writerIn } from './cli.js';

const folder = temporaryFolder();
const file = writerIn(folder);

const words = ['great', 'awful', 'dull', 'good'];
const sentences = Array.from(
  { length: 200 },
  (_, i) => `the ${words[(i * 7) % 4]} movie was very ${words[(i * 7) % 4]} .`,
);
const texts = file('texts.txt', `${sentences.join('\n\n')}\n`);
const vocabulary = file('vocab.txt', readFileSync(join(tiny(), 'vocab.txt')));
const small = ['--layers', '1', '--hidden-size', '32', '--heads', '2', '--max-tokens', '24', '--threads', '1'];
const anew = ['pretrain', '--train', texts, '--vocabulary', vocabulary, ...small];

test('a new model: it is written, fills gaps, can be trained, and goes on', async () => {
  const output = join(folder, 'model');
  const options = ['--steps', '30', '--batch-size', '8', '--validation', '0.1', '--output', output];
  const { results, stderr } = await succeed([...anew, ...options]);
  const [{ held_out: heldOut, seconds, train_loss: loss, tokens, sequences, ...summary }] = results;
  assert.deepEqual(summary, {
    output,
    method: 'full',
    texts: 180,
    steps: 30,
    kept: 30,
    new_head: false,
  });
  assert.ok(tokens > 180 * 8 && sequences >= tokens / 24 && sequences <= tokens / 23 + 1, `${tokens} in ${sequences}`);
  assert.ok(seconds > 0 && loss > 0 && heldOut.loss < Math.log(94), JSON.stringify(heldOut));
  assert.ok(Math.abs(Math.exp(heldOut.loss) - heldOut.perplexity) < 1e-6 && heldOut.accuracy > 0);
  assert.match(stderr, /Training: done in/);
  const report = JSON.parse(readFileSync(join(output, 'pretraining.json'), 'utf8'));
  assert.equal(report.history.length, 11);
  assert.equal(report.learningRate, 1e-3);
  const config = JSON.parse(readFileSync(join(output, 'config.json'), 'utf8'));
  assert.deepEqual([config.num_hidden_layers, config.hidden_size, config.max_position_embeddings], [1, 32, 24]);

  const filled = await succeed(['fill-mask', '--model', output, '--threads', '1'], 'the [MASK] movie\n');
  assert.equal(filled.results[0].length, 5);
  const examples = file(
    'examples.tsv',
    toyExamples(20)
      .map(({ text, label }) => `${text}\t${label}\n`)
      .join(''),
  );
  const head = ['train', '--model', output, '--train', examples, '--output', join(folder, 'head'), '--threads', '1'];
  assert.equal((await succeed(head)).results[0].examples, 20);

  // On from there, by adapters, into the same folder.
  const on = ['pretrain', '--model', output, '--train', texts, '--output', output, '--threads', '1'];
  const more = await succeed([
    ...on,
    '--method',
    'lora',
    '--rank',
    '4',
    '--steps',
    '2',
    '--separate',
    '--validation',
    texts,
  ]);
  assert.equal(more.results[0].sequences, 200);
  assert.equal(more.results[0].method, 'lora');
});

test('a model without a masked-LM head gets one; --seed and --whole-words', async () => {
  const output = join(folder, 'continued');
  const args = ['pretrain', '--model', tiny(), '--train', texts, '--output', output, '--threads', '1', '--steps', '2'];
  const { results } = await succeed([...args, '--whole-words', '--seed', '5', '--mlm-probability', '0.3']);
  assert.equal(results[0].new_head, true);
  const { wholeWords, mlmProbability, learningRate } = JSON.parse(
    readFileSync(join(output, 'pretraining.json'), 'utf8'),
  );
  assert.deepEqual([wholeWords, mlmProbability, learningRate], [true, 0.3, 5e-4]);
});

test('texts are normalized as the files of the vocabulary say, unless options say something else', async () => {
  const place = join(folder, 'cased');
  mkdirSync(place);
  const pieces = file('cased/vocab.txt', `${readFileSync(vocabulary, 'utf8').trimEnd()}\nThe\n`);
  file('cased/tokenizer_config.json', JSON.stringify({ do_lower_case: false, strip_accents: false }));
  const some = file('some.txt', 'The movie\n');
  const settingsOf = async (...more) => {
    const output = join(folder, `normalized${more.join('')}`);
    const args = ['pretrain', '--train', some, '--vocabulary', pieces, ...small, '--steps', '1', '--output', output];
    await succeed([...args, ...more]);
    const config = JSON.parse(readFileSync(join(output, 'tokenizer_config.json'), 'utf8'));
    return [config.do_lower_case, config.strip_accents, config.tokenize_chinese_chars];
  };
  assert.deepEqual(await settingsOf(), [false, false, true]);
  assert.deepEqual(await settingsOf('--strip-accents', 'true', '--split-chinese', 'false'), [false, true, false]);
});

test('--dropout of a new model is in its configuration', async () => {
  const rates = [];
  for (const more of [[], ['--dropout', '0']]) {
    const output = join(folder, `dropout${more.length}`);
    await succeed([...anew, ...more, '--steps', '1', '--output', output]);
    rates.push(JSON.parse(readFileSync(join(output, 'config.json'), 'utf8')).hidden_dropout_prob);
  }
  assert.deepEqual(rates, [0.1, 0]);
});

test('interrupted by Ctrl-C, and on from there: the same model', async () => {
  const checkpoint = join(folder, 'checkpoint');
  const args = (output) => [...anew, '--steps', '400', '--batch-size', '4', '--output', join(folder, output)];
  const { code, stderr } = await interrupt([...args('resumed'), '--checkpoint', checkpoint]);
  assert.equal(code, 130);
  assert.match(stderr, /has the last good state of training\. The same command goes on from it with --resume/);
  assert.ok(!existsSync(join(folder, 'resumed')));
  const again = await bertlet([...args('resumed'), '--checkpoint', checkpoint]);
  assert.match(again.stderr, /holds the checkpoint of an interrupted training/);
  const [resumed, whole] = await Promise.all([
    succeed([...args('resumed'), '--checkpoint', checkpoint, '--resume']),
    succeed(args('whole')),
  ]);
  assert.equal(resumed.results[0].train_loss, whole.results[0].train_loss);
  const weights = (name) => readFileSync(join(folder, name, 'model.safetensors'));
  assert.ok(weights('resumed').equals(weights('whole')));
  assert.deepEqual(existsSync(join(checkpoint, 'checkpoint.safetensors')), false);
});

for (const [args, code, message] of [
  [['--train', texts, '--output', 'x'], 2, /--model is missing, or --vocabulary for a new model/],
  [
    ['--train', texts, '--output', 'x', '--model', 'm', '--layers', '2'],
    2,
    /--layers is of a new model, so not with --model/,
  ],
  [
    ['--train', texts, '--output', 'x', '--vocabulary', vocabulary, '--adapter', 'a'],
    2,
    /--adapter is with --model only/,
  ],
  [['--train', texts, '--output', 'x', '--model', 'm', '--rank', '2'], 2, /--rank is for --method lora only/],
  [['--train', texts, '--output', 'x', '--model', 'm', '--dropout', '0'], 2, /--dropout is for --method lora only/],
  [
    ['--train', texts, '--output', 'x', '--model', 'm', '--validation', '0.95'],
    2,
    /--validation must be from 0 to 0.9, or a file/,
  ],
  [
    ['--train', file('empty.txt', '\n \n'), '--output', 'x', '--model', tiny()],
    1,
    /empty\.txt: there is no text in this file.*NO_EXAMPLES/,
  ],
  [
    ['--train', texts, '--output', 'x', '--vocabulary', file('bad.txt', '[PAD]\na b\n')],
    1,
    /bad\.txt, line 2: this is no piece/,
  ],
  [['--train', texts, '--output', 'x', '--vocabulary', file('few.txt', 'a\nb\n')], 1, /lacks \[PAD\].*BAD_VOCABULARY/],
  [
    ['--train', file('kana.txt', 'カナ\n'), '--output', join(folder, 'x'), '--vocabulary', vocabulary],
    1,
    /does not know 100 %.*BAD_VOCABULARY/,
  ],
  [['--train', texts, '--output', folder, '--vocabulary', vocabulary], 1, /holds other files.*OUTPUT_EXISTS/],
])
  test(`bertlet pretrain ${args.slice(4).join(' ').slice(-40)}: ${message}`, async () => {
    const result = await bertlet(['pretrain', ...args]);
    assert.match(result.stderr, message);
    assert.equal(result.code, code);
    assert.equal(result.stdout, '');
  });
