import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { below, pick } from '../driver.js';
import { MODEL } from '../shared.js';
import { fromRoot } from '../../support.js';

export const name = 'command-line';
export const what =
  'lines through bertlet tokenize, embed and predict (thousands a trial), cut anywhere into writes; a line out for each line in';
export const rounds = 3;

const WORDS = ['the', 'movie', 'was', 'great', 'dull', '電影', '😀', '\t', '"', '{', 'naïve', 'x'.repeat(200), ''];

/** Lines that each command gets: tokenizing is the fastest. */
const COMMANDS = { tokenize: 3000, embed: 500, predict: 500 };

export async function start() {
  return {
    async trial(next) {
      const command = pick(next, Object.keys(COMMANDS));
      const count = below(next, COMMANDS[command]);
      const lines = Array.from({ length: count }, () =>
        Array.from({ length: below(next, 8) }, () => pick(next, WORDS)).join(' '),
      );
      const input = Buffer.from(lines.map((line) => `${line}${pick(next, ['\n', '\n', '\r\n'])}`).join(''));
      const child = spawn(
        process.execPath,
        [fromRoot('js/cli/main.js'), command, command === 'tokenize' ? '--tokenizer' : '--model', MODEL],
        {
          stdio: ['pipe', 'pipe', 'pipe'],
        },
      );
      let output = '';
      let messages = '';
      child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
      child.stderr.setEncoding('utf8').on('data', (text) => (messages += text));
      const ended = new Promise((resolve) => child.on('close', resolve));
      for (let at = 0; at < input.length;) {
        const end = at + 1 + below(next, 20_000);
        child.stdin.write(input.subarray(at, end));
        at = end;
      }
      child.stdin.end();
      const code = await ended;
      assert.equal(code, 0, messages);
      const results = output.split('\n').slice(0, -1);
      assert.equal(results.length, count, messages);
      for (const line of results) JSON.parse(line);
      return command;
    },
    async end() {},
  };
}
