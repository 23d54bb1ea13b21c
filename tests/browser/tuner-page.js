// A page's side of tuner-worker.js.
import { Connection } from '../../js/rpc/connection.js';
import { channelTo } from '../../web/channel.js';

/** @param {object} params of the worker's method */
export async function tune(params) {
  const start = () => new Worker('/dist/tuner-worker.js', { type: 'module' });
  const connection = new Connection(channelTo(start, 'tuner-worker.js could not be loaded'));
  try {
    return await connection.call('tune', params);
  } finally {
    connection.close();
  }
}
