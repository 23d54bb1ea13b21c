// The command line itself: help, exit codes, and what is refused before any model is loaded.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { mentionMissingFolder } from '../../js/cli/lib/model.js';
import { BertletError } from '../../js/errors.js';
import { bertlet, temporaryFolder } from './cli.js';

const folder = temporaryFolder();
const file = (name, content) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const good = file('good.tsv', 'fine\tpos\ndull\tneg\n');
const commands = ['tokenize', 'embed', 'fill-mask', 'train', 'predict', 'evaluate', 'vocabulary', 'cache'];

test('--help lists the commands', async () => {
  const { code, stdout, stderr } = await bertlet(['--help']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
});

test('COMMAND --help explains every option', async () => {
  for (const command of commands) {
    const { code, stdout } = await bertlet([command, '--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: bertlet ${command} `));
    const { options } = await import(`../../js/cli/commands/${command}.js`);
    for (const option of Object.keys(options))
      assert.match(stdout, new RegExp(`^ +--${option} `, 'm'), `${command} --${option}`);
  }
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(await bertlet(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

const trainFor = (task, ...args) => [
  'train',
  '--model',
  'x',
  '--train',
  good,
  '--output',
  'y',
  '--task',
  task,
  ...args,
];
const tuneFor = (method, ...args) => trainFor('text-classification', '--method', method, ...args);
const vocabularyOf = (...args) => ['vocabulary', '--train', good, '--output', 'v/vocab.txt', ...args];
const own = (name) => ['--model', fileURLToPath(new URL(`../fixtures/checkpoints/${name}`, import.meta.url))];
const wrong = [
  [[], /a command is missing/],
  [['embd'], /there is no command 'embd'; there are tokenize, embed/],
  [['toString'], /there is no command/],
  [['tokenize'], /--tokenizer is missing/],
  [['tokenize', '--tokenizer', 'v', '--lowercase', 'maybe'], /--lowercase must be one of true, false; it is 'maybe'/],
  [['tokenize', '--tokenizer', 'v', 'a', 'b'], /unexpected argument 'b'/],
  [['embed'], /--model is missing, for example --model sentence-transformers\/all-MiniLM-L6-v2/],
  [['fill-mask', '--model', 'x', '--top-k', '0'], /--top-k must be a whole number from 1 on, not '0'/],
  [['embed', '--modle', 'x'], /Unknown option '--modle'/],
  [['embed', '--model'], /--model/],
  [['embed', '--model', 'x', '--pooling', 'min'], /--pooling must be one of mean, cls, max, none; it is 'min'/],
  [['embed', '--model', 'x', '--threads', '0'], /--threads must be a whole number from 1 on, not '0'/],
  [['embed', '--model', 'x', '--dtype', 'f64'], /--dtype must be/],
  [['search', '--model', 'x'], /--texts is missing, for example --texts texts\.txt/],
  [['search', '--model', 'x', '--texts', '-'], /texts and queries can not both be standard input/],
  [['train', '--model', 'x', '--train', good], /--output is missing/],
  [['train', '--model', 'x', '--output', 'y'], /--train is missing/],
  [['train', '--model', 'x', '--train', good, '--output', 'y', '--task', 'poetry'], /--task must be/],
  [['train', '--model', 'x', '--train', good, '--output', 'y', '--c', '0'], /--c must be a number above 0/],
  [['train', '--model', 'x', '--train', good, '--output', 'y', '--seed', '1.5'], /--seed must be a whole number/],
  [['train', '--train', good, '--model', 'x', '--train', good], /--train is given twice; it takes one value/],
  [['embed', '--model', 'x', '--model=y'], /--model is given twice/],
  [['embed', '--model', 'x', '--layer', '-1'], /--layer must be a whole number from 0 on, not '-1'/],
  [['embed', '--model', '--json'], /--model has no value; one that begins with "-" is given as --model=-…/],
  [trainFor('text-classification', '--epochs', '3'), /--epochs is for heads with hidden units; --hidden-size N makes/],
  [trainFor('multi-label', '--learning-rate', '3'), /--learning-rate is for heads with hidden units/],
  [
    trainFor('text-classification', '--method', 'loraa'),
    /--method must be one of head, lora, layers, full, contrastive; it is 'loraa'/,
  ],
  [tuneFor('lora', '--rank', '0'), /--rank must be a whole number from 1 on, not '0'/],
  [tuneFor('lora', '--alpha', '-1'), /--alpha must be a number above 0/],
  [tuneFor('lora', '--dropout', '1'), /--dropout must be below 1/],
  [tuneFor('lora', '--dropout', '5'), /--dropout must be a probability/],
  [tuneFor('lora', '--warmup', '2'), /--warmup must be a probability/],
  [tuneFor('lora', '--weight-decay', '-1'), /--weight-decay must be a number from 0 on, not '-1'/],
  [tuneFor('lora', '--target-modules='), /--target-modules is missing, for example --target-modules query,value/],
  [tuneFor('lora', '--memory', '400'), /--memory must be a size such as 400MB or 2GB, not '400'/],
  [tuneFor('lora', '--memory', '0MB'), /--memory must be a size/],
  [tuneFor('lora', '--memory', '5GB'), /--memory can be 4GB at most/],
  [tuneFor('lora', '--layers', '2'), /--layers is for --method layers, contrastive; here it is lora/],
  [tuneFor('full', '--rank', '2'), /--rank is for --method lora, contrastive; here it is full/],
  [
    tuneFor('head', '--batch-size', '2'),
    /--batch-size is for --method lora, layers, full, contrastive; here it is head/,
  ],
  [
    trainFor('text-classification', '--checkpoint', 'd'),
    /--checkpoint is for --method lora, layers, full, contrastive; here it is head/,
  ],
  [tuneFor('lora', '--tune', 'full'), /--tune is for --method contrastive; here it is lora/],
  [tuneFor('contrastive', '--tune', 'all'), /--tune must be one of lora, layers, full; it is 'all'/],
  [
    tuneFor('contrastive', '--tune', 'full', '--rank', '2'),
    /--rank is for --tune lora with --method contrastive; here it is full/,
  ],
  [tuneFor('contrastive', '--tune', 'full', '--dtype', 'int8'), /--dtype int8 has no weights that --tune full could/],
  [tuneFor('lora', '--c', '1'), /--c is for --method head, contrastive; here it is lora/],
  [tuneFor('lora', '--hidden-size', '8'), /--hidden-size is for --method head/],
  [tuneFor('lora', '--layer', '1'), /--layer is for --method head/],
  [tuneFor('lora', '--pooling', 'auto'), /--pooling auto is for --method head; for lora give mean, max or cls/],
  [tuneFor('lora', '--crf'), /--crf is for token-classification; here the task is text-classification/],
  [trainFor('token-classification', '--crf'), /--crf is for --method lora, layers, full; here it is head/],
  [tuneFor('lora', '--early-stopping', 'false'), /--early-stopping with --method lora needs --validation SHARE/],
  [trainFor('text-classification', '--early-stopping', 'false'), /--early-stopping is for heads with hidden units/],
  [trainFor('text-classification', '--max-tokens', '64'), /--max-tokens is for question-answering, and for --method/],
  [tuneFor('lora', '--resume'), /--resume needs --checkpoint DIR/],
  [tuneFor('full', '--dtype', 'int8'), /--dtype int8 has no weights that --method full could train/],
  [
    ['learning-curve', '--model', 'x', '--train', good, '--method', 'layers', '--dtype', 'int8'],
    /--dtype int8 has no weights that --method layers could train/,
  ],
  [trainFor('text-classification', '--c', '1', '--hidden-size', '8'), /--c is for heads without hidden units/],
  [trainFor('question-answering', '--layer', 'auto'), /--layer auto is for text-classification, multi-label, token-/],
  [trainFor('question-answering', '--c', '1'), /--c is for .*; here the task is question-answering/],
  [
    trainFor('question-answering', '--class-weight', 'balanced'),
    /--class-weight is for text-classification, multi-label/,
  ],
  [trainFor('question-answering', '--labels', good), /--labels is for/],
  [trainFor('token-classification', '--class-weight', 'balanced'), /--class-weight is for .* is token-classification/],
  [trainFor('token-classification', '--pooling', 'max'), /--pooling is for .* is token-classification/],
  [['predict', ...own('bert-text'), '--aggregation-strategy', 'none'], /--aggregation-strategy is for token-classi/],
  [
    ['predict', ...own('bert-tokens'), '--threshold', '0.5'],
    /--threshold is for text-classification, multi-label; here/,
  ],
  [['predict', ...own('bert-tokens'), '--top-k', '1'], /--top-k is for .*question-answering; here the task is token-/],
  [['predict', ...own('bert-answers'), '--threshold', '0.5'], /--threshold is for .*is question-answering/],
  [['evaluate', ...own('bert-text'), '--test', good, '--threshold', '0.5'], /--threshold is for multi-label; here/],
  [['evaluate', ...own('bert-text'), '--test', good, '--decoding', 'argmax'], /--decoding is for token-classification/],
  [['evaluate', ...own('bert-answers'), '--test', good, '--labels', good], /--labels is for .*is question-answering/],
  [['vocabulary', '--train', good], /--output is missing, for example --output my-vocabulary\/vocab\.txt/],
  [['vocabulary', '--output', 'v'], /--train is missing/],
  [vocabularyOf('--size', '0'), /--size must be a whole number from 1 on, not '0'/],
  [vocabularyOf('--min-frequency', 'x'), /--min-frequency must be a whole number from 1 on, not 'x'/],
  [vocabularyOf('--limit-alphabet', '-1'), /--limit-alphabet must be a whole number from 1 on, not '-1'/],
  [vocabularyOf('--strip-accents', 'yes'), /--strip-accents must be one of true, false; it is 'yes'/],
  [['predict'], /--head is missing/],
  [['evaluate', '--head', 'x'], /--test is missing/],
];
for (const [args, message] of wrong) {
  test(`a wrong command line ends with 2 and says why: ${args.slice(0, 1)} ${message.source}`, async () => {
    const { code, stdout, stderr } = await bertlet(args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, message);
    assert.match(stderr, /(^|\n)bertlet[^\n]*: [^\n]* See bertlet[^\n]* --help\.\n$/);
  });
}

const train = (...args) => ['train', '--model', join(folder, 'no-model'), '--output', join(folder, 'head'), ...args];
const several = (path) => train('--task', 'multi-label', '--train', path);
const failing = [
  [train('--train', join(folder, 'none.tsv')), /none\.tsv: there is no such file\. \(FILE_NOT_FOUND\)/],
  [train('--train', file('empty.tsv', '')), /empty\.tsv is empty.* \(NO_EXAMPLES\)/],
  [train('--train', file('one.tsv', 'a\tx\nb\tx\n')), /one\.tsv: All examples have the label "x".* \(ONE_CLASS\)/],
  [several(file('none-of-them.tsv', 'a\t\nb\t\n')), /none-of-them\.tsv: No example has a label; texts with/],
  [several(file('only.tsv', 'a\tx\nb\tx\n')), /only\.tsv: All examples have the label "x"; .* \(ONE_CLASS\)/],
  [
    train('--task', 'token-classification', '--train', file('o.conll', 'a\tO\n')),
    /o\.conll: All words have the tag "O"; at least two tags/,
  ],
  [train('--train', file('bad.tsv', 'a\tx\nb\n')), /bad\.tsv, line 2: .* \(BAD_DATA\)/],
  [train('--train', good, '--dev', file('dev.tsv', 'fine\t1\n')), /dev\.tsv, line 1: the label "1".* \(BAD_LABELS\)/],
  [train('--train', good), /no-model/],
  [['predict', '--head', join(folder, 'no-head')], /no-head: there is no head here.* \(FILE_NOT_FOUND\)/],
  [['predict', '--head', good], /\(BAD_HEAD\)/],
  [['evaluate', '--head', join(folder, 'no-head'), '--test', good], /no-head: there is no head here/],
  [['tokenize', '--tokenizer', join(folder, 'none.txt')], /none\.txt.* \(FILE_NOT_FOUND\)/],
];
for (const [args, message] of failing) {
  test(`a run that fails ends with 1 and one line: ${args[0]} ${message.source}`, async () => {
    const { code, stdout, stderr } = await bertlet(args);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, message);
    assert.match(stderr, /^bertlet: [^\n]+ \([A-Z_]+\)\n$/);
    assert.ok(!existsSync(join(folder, 'head')), 'nothing is written');
  });
}

test('a name that may be a mistyped path', () => {
  const hub = 'https://huggingface.co/nope/resolve/main/config.json could not be fetched.';
  const told = (specs, error) => assert.throws(() => mentionMissingFolder(specs)(error), error.expected);
  const error = (message, expected = { code: 'NETWORK', message }) =>
    Object.assign(new BertletError('NETWORK', message), { expected });
  told(['x', 'nope'], error(hub, { code: 'NETWORK', message: `${hub} No folder nope is here, either.` }));
  told(['x', 'org/nope'], error(hub));
  told(['nope'], error('https://example.org/nope/config.json could not be fetched.'));
});

test(
  'an output that cannot be made',
  { skip: process.platform === 'linux' ? false : 'there is no /proc' },
  async () => {
    for (const output of ['/proc/head', '/proc/some/where/head']) {
      const { code, stderr } = await bertlet([
        'train',
        ...['--model', fileURLToPath(new URL('../fixtures/model/tiny-f32', import.meta.url))],
        ...['--train', good, '--c', '1', '--output', output],
      ]);
      assert.equal(code, 1);
      assert.match(stderr, /\/proc.* \(FILE_ACCESS\)/);
      assert.doesNotMatch(stderr, /no such file/);
    }
  },
);

test('train leaves folders alone that are not heads', async () => {
  const cases = { notes: 'notes.txt', model: 'model.safetensors', config: 'config.json' };
  for (const [name, content] of Object.entries(cases)) {
    const target = join(folder, name);
    mkdirSync(target);
    writeFileSync(join(target, content), 'precious');
    const { code, stderr } = await bertlet(['train', '--model', 'x', '--train', good, '--output', target]);
    assert.equal(code, 1);
    assert.match(stderr, /it is left as it is.* \(OUTPUT_EXISTS\)/);
    assert.deepEqual(readdirSync(target), [content]);
    assert.equal(readFileSync(join(target, content), 'utf8'), 'precious');
  }
  const { stderr } = await bertlet(['train', '--model', 'x', '--train', good, '--output', good]);
  assert.match(stderr, /good\.tsv is a file; it is left as it is/);
});
