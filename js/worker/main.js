// The worker's entry. Further threads of a multi-threaded engine run this file, too.
import { ownPort } from '#platform';
import { runThread } from '../engine/threads.js';
import { serve } from '../rpc/serve.js';
import { createMethods } from './methods.js';

serve(ownPort(), { ...createMethods(), thread: runThread });
