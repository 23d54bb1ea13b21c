// A Node that is measured: answers its parent's messages, each the name of a function of measure.js and its arguments.
import { load } from '../../js/index.js';
import { prepare, time } from './measure.js';

const calls = { prepare: (model) => prepare(load, model, {}), time };

process.on('message', async ({ name, args }) => {
  const answer = await calls[name](...args).then(
    (value) => ({ value }),
    (error) => ({ error: error.stack }),
  );
  process.send(answer);
});
