// What the types must know, and what they must refuse. Compiled, never run.
import {
  createPool,
  load,
  type AnyHead,
  type EntityGroup,
  type FitReport,
  type MaskFill,
  type Pool,
  type PoolOptions,
  type Prediction,
} from 'bertlet';
import { loadTokenizer, type Encoding } from 'bertlet/tokenizer';
import { createModel, type PretrainReport } from 'bertlet/train';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(same: Same<A, B>): boolean => same;

const bert = await load('./model', { assets: '/bertlet/', worker: false });

/** A head that comes from somewhere: its task tells its methods. */
export async function use(head: AnyHead) {
  // @ts-expect-error -- not every head classifies
  head.classify('a film');
  switch (head.task) {
    case 'text-classification':
    case 'multi-label':
      return (await head.classify('a film'))[0].label;
    case 'token-classification':
      return (await head.entities('Ada'))[0].entity_group;
    case 'question-answering':
      return (await head.answer({ question: 'Who?', context: 'Ada' }))[0].answer;
    case 'regression':
      return head.evaluate([{ text: 'a film', score: 1 }]);
    case 'sentence-similarity':
      return head.score({ text: 'a', textPair: 'b' });
    default:
      return head satisfies never;
  }
}

const classifier = await bert.loadHead<'text-classification'>(new Uint8Array());
const classes = await classifier.classify('a film');
is<typeof classes, Prediction[]>(true);
// @ts-expect-error -- it finds no entities
classifier.entities;

const tagger = await bert.fit([{ words: ['Ada'], tags: ['B-person'] }], { task: 'token-classification' });
const entities = await tagger.entities('Ada');
is<typeof entities, EntityGroup[]>(true);
tagger.report.validation?.f1.toFixed();
// @ts-expect-error -- these examples are for another task
bert.fit([{ words: ['Ada'], tags: ['B-person'] }], { task: 'regression' });

const fitted = await bert.fit([{ text: 'good', label: 'yes' }]);
fitted.report.validation?.macroF1.toFixed();
const report: FitReport = fitted.report;
// @ts-expect-error -- no such number
report.nothing;

const one = await bert.fillMask('A [MASK].');
is<typeof one, MaskFill[]>(true);
const two = await bert.fillMask('A [MASK] and a [MASK].');
is<typeof two, MaskFill[][]>(true);
const unknown = await bert.fillMask(String(two));
is<typeof unknown, MaskFill[] | MaskFill[][]>(true);
const several = await bert.fillMask(['A [MASK].', 'The [MASK].']);
several[0][0];

const encoding: Encoding = (await loadTokenizer('./model')).tokenize('a film');
const pretrained: PretrainReport = await (await createModel({ vocabulary: encoding.tokens })).pretrain(['a film']);
pretrained.steps.toFixed();

const poolOptions: PoolOptions = { model: './model', size: 2 };
const pool: Pool = await createPool({ ...poolOptions, dtype: 'int8', threads: 2 });
const pooled = await pool.embed(['a film', { text: 'a', textPair: 'b' }], { pooling: 'none' });
is<typeof pooled, Float32Array[][]>(true);
const pooledTagger = await pool.loadHead<'token-classification'>(new Uint8Array());
is<Awaited<ReturnType<typeof pooledTagger.tag>>, string[][]>(true);
pool.size.toFixed();
await pool.dispose();
// @ts-expect-error -- what trains is of a model
pool.fit([]);
