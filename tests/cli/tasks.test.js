// bertlet train, evaluate and predict for every task, through the command line.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { bertlet, jsonLines, temporaryFolder, writerIn } from './cli.js';
import { fixtures, tiny, toyExamples } from '../support.js';

const folder = temporaryFolder();
const file = writerIn(folder);

/** Trains on examples, measures on the same, and labels texts. */
async function trainAndUse(name, task, examples, input, ...args) {
  const output = join(folder, name);
  const options = ['--model', tiny(), '--task', task, '--train', examples, '--dev', examples, '--output', output];
  const trained = await bertlet(['train', ...options, ...args]);
  assert.equal(trained.code, 0, trained.stderr);
  const [summary] = jsonLines(trained.stdout);
  assert.equal(summary.task, task);
  const evaluated = await bertlet(['evaluate', '--head', output, '--test', examples]);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  const [metrics] = jsonLines(evaluated.stdout);
  assert.deepEqual(metrics, summary.dev, 'measured again, the same');
  const predicted = await bertlet(['predict', '--head', output], input);
  assert.equal(predicted.code, 0, predicted.stderr);
  const config = JSON.parse(readFileSync(join(output, 'config.json'), 'utf8'));
  return { summary, metrics, predictions: jsonLines(predicted.stdout), config, output };
}

test('multi-label, with names for indices, class weights and hidden units', async () => {
  const lines = toyExamples(60).map(({ text, label }, i) => `${text}\t${label === 'pos' ? '1' : i % 4 ? '0' : '0,2'}`);
  const examples = file('several.tsv', `${lines.join('\n')}\n`);
  const labels = file('labels.txt', 'neg\npos\nodd\n');
  const args = ['--labels', labels, '--class-weight', 'balanced', '--hidden-size', '16', '--learning-rate', '0.01'];
  const output = join(folder, 'several');
  const options = ['--model', tiny(), '--task', 'multi-label', '--train', examples, '--output', output];
  const trained = await bertlet(['train', ...options, ...args]);
  assert.equal(trained.code, 0, trained.stderr);
  const unnamed = await bertlet(['evaluate', '--head', output, '--test', examples]);
  assert.match(unnamed.stderr, /\(BAD_LABELS\)/);
  const { code, stdout } = await bertlet(['evaluate', '--head', output, '--test', examples, '--labels', labels]);
  assert.equal(code, 0);
  const [measured] = jsonLines(stdout);
  assert.deepEqual(Object.keys(measured), ['accuracy', 'macro_f1', 'micro_f1', 'n', 'labels', 'classes']);
  assert.ok(measured.micro_f1 > 0.7, JSON.stringify(measured));
  const predicted = await bertlet(['predict', '--head', output, '--threshold', '0.5'], `${lines[0].split('\t')[0]}\n`);
  assert.deepEqual(
    jsonLines(predicted.stdout)[0].map(({ label }) => label),
    ['pos'],
  );
});

test('multi-label, with one label that a text has or not', async () => {
  const examples = toyExamples(40);
  const content = examples.map(({ text, label }) => `${text}\t${label === 'pos' ? 'praise' : ''}\n`).join('');
  const input = examples.map(({ text }) => `${text}\n`).join('');
  const { metrics, predictions } = await trainAndUse('one', 'multi-label', file('one.tsv', content), input);
  assert.equal(metrics.micro_f1, 1);
  predictions.forEach(([{ label, score }, ...others], i) => {
    assert.deepEqual([label, others], ['praise', []]);
    assert.equal(score > 0.5, examples[i].label === 'pos');
  });
});

test('token classification', async () => {
  const sentence = (a, b) => `the\tO\n${a}\tB-person\n${a}\tI-person\nmovie\tO\n${b}\tB-place\n\n`;
  const words = ['good', 'great', 'love', 'best'];
  const examples = file('tags.conll', words.flatMap((a) => [sentence(a, 'bad'), sentence(a, 'awful')]).join(''));
  const input = 'the good good movie awful\n';
  const { summary, metrics, predictions, config } = await trainAndUse('tags', 'token-classification', examples, input);
  assert.deepEqual(Object.keys(metrics), ['precision', 'recall', 'f1', 'accuracy', 'n', 'types']);
  assert.equal(metrics.f1, 1);
  assert.deepEqual(
    predictions[0].map(({ entity_group: type, word }) => [type, word]),
    [
      ['person', 'good good'],
      ['place', 'awful'],
    ],
  );
  // Refused before the model is loaded: there is no such model.
  const top = await bertlet(['predict', '--head', join(folder, 'tags'), '--model', './none', '--top-k', '1'], input);
  assert.equal(top.code, 2);
  assert.match(top.stderr, /--top-k is for .*; here the task is token-classification/);
  assert.equal(config.num_hidden_layers, summary.layer);
  assert.deepEqual(Object.values(config.id2label), ['B-person', 'B-place', 'I-person', 'O']);
});

test('question answering', async () => {
  const paragraphs = ['good', 'bad', 'great', 'awful'].map((text, i) => ({
    context: `the ${text} movie`,
    qas: [{ id: String(i), question: 'new movie?', answers: [{ text, answer_start: 4 }] }],
  }));
  const examples = file('squad.json', JSON.stringify({ data: [{ paragraphs }] }));
  const input = '{"question":"new movie?","context":"the great movie"}\n';
  const args = ['--epochs', '60', '--learning-rate', '0.05'];
  const { metrics, predictions, config } = await trainAndUse('answers', 'question-answering', examples, input, ...args);
  assert.deepEqual(metrics, { exact_match: 100, f1: 100, n: 4 });
  const [[{ answer, start, end }]] = predictions;
  assert.deepEqual([answer, start, end], ['great', 4, 9]);
  assert.deepEqual(config.architectures, ['BertForQuestionAnswering']);
  const wrong = await bertlet(['predict', '--head', join(folder, 'answers')], 'a text\n');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /standard input, line 1: this is not \{"question"/);
});

test('tags in IOB1, recognized or named, are trained and measured as in BIO', async () => {
  const sentence = (first, tags) => `the O\n${first} ${tags[0]}\nmovie ${tags[1]}\nlove ${tags[2]}\nthe O\n\n`;
  const sentences = (two, one) =>
    Array.from({ length: 24 }, (_, i) => sentence(i % 2 ? 'good' : 'great', i % 3 ? one : two)).join('');
  const bio = file('bio.conll', sentences(['B-a', 'B-a', 'I-a'], ['B-a', 'O', 'O']));
  const iob1 = file('iob1.conll', sentences(['I-a', 'B-a', 'I-a'], ['I-a', 'O', 'O']));
  const args = ['--model', tiny(), '--task', 'token-classification', '--layer', '1', '--c', '1'];
  const train = async (...options) => {
    const { code, stdout, stderr } = await bertlet(['train', ...args, '--output', join(folder, 'tags'), ...options]);
    assert.equal(code, 0, stderr);
    return jsonLines(stdout)[0];
  };
  const expected = await train('--train', bio, '--dev', bio);
  assert.deepEqual(expected.labels, ['B-a', 'I-a', 'O']);
  for (const scheme of [[], ['--scheme', 'IOB1']]) {
    const { labels, dev } = await train('--train', iob1, '--dev', iob1, ...scheme);
    assert.deepEqual([labels, dev], [expected.labels, expected.dev]);
  }
  const evaluate = (...options) => bertlet(['evaluate', '--head', join(folder, 'tags'), '--test', ...options]);
  assert.deepEqual(jsonLines((await evaluate(iob1, '--scheme', 'IOB1')).stdout), [expected.dev]);
  const { code, stderr } = await evaluate(iob1, '--scheme', 'IOBES2');
  assert.equal(code, 2);
  assert.match(stderr, /--scheme must be one of IOB1, IOB2/);
});

test('an answer that no window shows is told as what it is, by train too', async () => {
  const text = 'good movie '.repeat(60).trim();
  const paragraphs = [{ context: text, qas: [{ id: 'a', question: 'new?', answers: [{ text, answer_start: 0 }] }] }];
  const train = file('long-answer.json', JSON.stringify({ data: [{ title: 't', paragraphs }] }));
  const args = ['--model', tiny(), '--train', train, '--output', join(folder, 'long-answer')];
  const { code, stderr } = await bertlet(['train', '--task', 'question-answering', ...args]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /warning: The answer of example 0 is in no window as a whole/);
  assert.doesNotMatch(stderr, /line|only the beginning counts/);
});

test('a model without a head of its own', async () => {
  const { code, stderr } = await bertlet(['predict', '--model', tiny()], 'a\n');
  assert.equal(code, 1);
  assert.match(stderr, /has no head of its own.*\(BAD_HEAD\)/);
});

test('predict with a head for regression: the numbers of the pipeline of transformers', async () => {
  const single = join(fixtures, 'compatibility/bert-regression');
  const { inputs, scores } = JSON.parse(readFileSync(join(single, 'expected.json'), 'utf8'));
  const lines = inputs.map((input) => JSON.stringify(input)).join('\n');
  const { code, stdout, stderr } = await bertlet(
    ['predict', '--model', single, '--dtype', 'f32', '--json'],
    `${lines}\n`,
  );
  assert.equal(code, 0, stderr);
  jsonLines(stdout).forEach(([{ score }], i) =>
    assert.ok(Math.abs(score - scores[i]) <= 1e-4, `${score}, not ${scores[i]}`),
  );
});

test('a head trained over an adapter brings it along; --standardize', async () => {
  const train = file('few.tsv', 'good\tpos\nbad\tneg\ngreat\tpos\nawful\tneg\n');
  const output = join(folder, 'over-adapter');
  const [base, adapter] = ['bert', 'lora-text'].map((name) => join(fixtures, 'checkpoints', name));
  const args = ['--model', base, '--adapter', adapter, '--train', train, '--c', '10', '--output', output];
  const trained = await bertlet(['train', ...args, '--standardize', 'true']);
  assert.equal(trained.code, 0, trained.stderr);
  const { code, stdout, stderr } = await bertlet(['predict', '--head', output], 'good\nbad\n');
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    jsonLines(stdout).map(([{ label }]) => label),
    ['pos', 'neg'],
  );
  const tagger = await bertlet(['train', '--task', 'token-classification', ...args, '--standardize', 'auto']);
  assert.equal(tagger.code, 2);
  assert.match(tagger.stderr, /--standardize auto is for text-classification/);
});

test("--labels names the outputs of a model's own head", async () => {
  const model = (name) => ['--model', join(fixtures, 'checkpoints', name)];
  const predict = (...args) => bertlet(['predict', ...args], 'good\n');
  for (const own of [model('bert-text'), [...model('bert'), '--adapter', join(fixtures, 'checkpoints/lora-text')]]) {
    const [before] = jsonLines((await predict(...own)).stdout);
    const index = ['joy', 'anger', 'fear'].indexOf(before[0].label);
    const names = ['x', 'y', 'z'];
    const labels = file('names.json', JSON.stringify(names));
    const { code, stdout, stderr } = await predict(...own, '--labels', labels);
    assert.equal(code, 0, stderr);
    const [after] = jsonLines(stdout);
    if (index >= 0) assert.equal(after[0].label, names[index]);
    assert.deepEqual(
      after.map(({ score }) => score),
      before.map(({ score }) => score),
    );
    assert.deepEqual(after.map(({ label }) => label).sort(), names);
    // A data set by index, or by the same names.
    for (const row of [names.indexOf(after[0].label), after[0].label]) {
      const test = file('own.tsv', `good\t${row}\n`);
      const measured = await bertlet(['evaluate', ...own, '--labels', labels, '--test', test]);
      assert.equal(measured.code, 0, measured.stderr);
      assert.equal(jsonLines(measured.stdout)[0].accuracy, 1);
    }
  }
  const tags = file('tags.txt', 'O\nB-x\nI-x\n');
  const [entities] = jsonLines(
    (await predict(...model('bert-tokens'), '--labels', tags, '--aggregation-strategy', 'none')).stdout,
  );
  for (const { entity } of entities) assert.match(entity, /^[BI]-x$/);

  const few = await predict(...model('bert-text'), '--labels', file('two.txt', 'a\nb\n'));
  assert.equal(few.code, 1);
  assert.match(few.stderr, /two\.txt names 2 labels, but the head has 3 labels.*\(BAD_LABELS\)/);
  const order = await predict(...model('bert-text'), '--labels', file('order.txt', 'fear\nanger\njoy\n'));
  assert.deepEqual(order.stdout, (await predict(...model('bert-text'))).stdout);
  assert.match(order.stderr, /order\.txt has the head's labels in another order; the head keeps its own/);
  const trained = await predict('--head', 'x', '--labels', tags);
  assert.equal(trained.code, 2);
  assert.match(trained.stderr, /--labels is for a model's or an adapter's own head/);
});

test('learning-curve names the file and the line that it speaks of', async () => {
  const long = (word) => `${word} `.repeat(60); // a text that is the same is read once
  const train = file('curve-train.tsv', `good\tpos\n\nbad\tneg\n${long('good')}\tpos\nawful\tneg\n`);
  const test = file('curve-test.tsv', `good\tpos\n\n${long('great')}\tpos\n${long('bad')}\tneg\n`);
  const run = (test) =>
    bertlet(['learning-curve', '--model', tiny(), '--train', train, '--test', test, '--sizes', '1', '--draws', '1']);
  const { code, stderr } = await run(test);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /curve-train\.tsv, line 4: this text is longer/);
  assert.match(stderr, /curve-test\.tsv, lines 3, 4: these texts are longer/);
  const unseen = await run(file('curve-unseen.tsv', 'good\tpos\nso\tso\n'));
  assert.equal(unseen.code, 1);
  assert.match(unseen.stderr, /curve-unseen\.tsv, line 2: the label "so" did not occur in training.*\(BAD_LABELS\)/);
});

test('pairs of texts: from a file of examples, and as JSON to predict and embed', async () => {
  const rows = ['good', 'bad', 'great', 'awful'].map((word, i) => `${word}\tmovie\t${i % 2 ? 'neg' : 'pos'}\n`);
  const examples = file('pairs.tsv', `text\ttext_pair\tlabel\n${rows.join('')}`);
  const head = join(folder, 'pairs');
  const trained = await bertlet(['train', '--model', tiny(), '--train', examples, '--output', head, '--c', '1']);
  assert.equal(trained.code, 0, trained.stderr);
  const use = (args, ...values) =>
    bertlet([...args, '--json'], values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  const predict = ['predict', '--head', head];
  const pair = { text: 'good', text_pair: 'movie' };
  const { code, stdout, stderr } = await use(
    predict,
    pair,
    { text: 'good', textPair: 'movie' },
    { text: 'good' },
    'good',
  );
  assert.equal(code, 0, stderr);
  const [first, second, third, fourth] = jsonLines(stdout);
  assert.deepEqual(first, second);
  assert.deepEqual(third, fourth);
  assert.notDeepEqual(first, third);
  for (const wrong of [{ text: 'good', text_pair: 7 }, { text_pair: 'x' }, 7, null]) {
    const refused = await use(predict, 'good', wrong);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /line 2: with --json each line must be one JSON string, .* or \{"text": "…", "text_pair"/,
    );
  }
  const embed = ['embed', '--model', tiny(), '--pooling', 'none'];
  const [both, alone] = jsonLines((await use(embed, pair, 'good')).stdout);
  assert.ok(both.embeddings.length > alone.embeddings.length + 1, '[SEP] and the second text');
  const entities = await use(['predict', '--model', join(fixtures, 'checkpoints/bert-tokens')], pair);
  assert.match(entities.stderr, /line 1: with --json each line must be one JSON string, such as "a text"\./);
});

test('predict for answers: no answer, the longest one, windows', async () => {
  const model = ['predict', '--model', join(fixtures, 'checkpoints/bert-answers')];
  const context =
    'good bad great awful good bad great awful good bad great awful good bad great awful good bad great awful';
  const input = `${JSON.stringify({ question: 'bad ?', context })}\n`;
  const answers = async (...args) => {
    const { code, stdout, stderr } = await bertlet([...model, '--top-k', '500', ...args], input);
    assert.equal(code, 0, stderr);
    return jsonLines(stdout)[0];
  };
  const all = await answers();
  assert.ok(all.every(({ answer }) => answer !== ''));
  const none = (await answers('--handle-impossible-answer')).filter(({ answer }) => answer === '');
  assert.deepEqual(
    none.map(({ start, end }) => [start, end]),
    [[0, 0]],
  );
  const short = await answers('--max-answer-len', '1');
  assert.ok(short.length < all.length);
  const windows = await answers('--max-seq-len', '16', '--doc-stride', '2', '--max-answer-len', '1');
  assert.notDeepEqual(windows, await answers('--max-seq-len', '16', '--doc-stride', '4', '--max-answer-len', '1'));
  assert.notDeepEqual(windows, short);
  const long = await bertlet([...model, '--max-seq-len', '9999'], input);
  assert.equal(long.code, 2);
  assert.match(long.stderr, /--max-seq-len is 9999, but this model takes \d+ tokens/);
  const text = await bertlet(
    ['predict', '--model', join(fixtures, 'checkpoints/bert-text'), '--doc-stride', '3'],
    'x\n',
  );
  assert.match(text.stderr, /--doc-stride is for question-answering; here the task is text-classification/);
});

test('predict and evaluate --stride read all of a long text', async () => {
  const model = ['--model', join(fixtures, 'checkpoints/bert-tokens')];
  const words = 'the movie was good and not awful '.repeat(8).trim().split(' ');
  const predict = async (...args) => {
    const { code, stdout, stderr } = await bertlet(['predict', ...model, ...args], `${words.join(' ')}\n`);
    assert.equal(code, 0, stderr);
    return { stderr, end: jsonLines(stdout)[0].at(-1).end };
  };
  const [all, cut] = [await predict('--stride', '0'), await predict()];
  assert.equal(all.end, words.join(' ').length);
  assert.equal(all.stderr, '');
  assert.ok(cut.end < all.end / 2, String(cut.end));
  assert.match(cut.stderr, /only the beginning counts/);
  const file = join(temporaryFolder(), 'test.conll');
  writeFileSync(file, `${words.map((word) => `${word} joy`).join('\n')}\n`);
  const evaluated = await bertlet(['evaluate', ...model, '--test', file, '--stride', '4']);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  assert.doesNotMatch(evaluated.stderr, /only the beginning/);
  const text = ['predict', '--model', join(fixtures, 'checkpoints/bert-text'), '--stride', '3'];
  assert.match((await bertlet(text, 'x\n')).stderr, /--stride is for token-classification; here the task is/);
});
