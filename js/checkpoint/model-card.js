// README.md for folders that bertlet writes: what is in them, and the lines that open them.

/** @typedef {import('./head-class.js').WrittenHead} WrittenHead */
/** @typedef {import('./head-class.js').HeadClass} HeadClass */

/** As the hub calls the tasks; a card of another one is refused there. */
const PIPELINE_TAGS = {
  SequenceClassification: 'text-classification',
  TokenClassification: 'token-classification',
  QuestionAnswering: 'question-answering',
  FeatureExtraction: 'sentence-similarity',
};

/** What a head is asked in JavaScript. @type {Record<import('../types.js').HeadTask, string>} */
const CALLS = {
  'text-classification': "classify('what a lovely film')",
  'multi-label': "classify('what a lovely film')",
  regression: "score('what a lovely film')",
  'token-classification': "entities('Ada lives in Rome.')",
  'sentence-similarity': "score({ text: 'a lovely film', textPair: 'what a beautiful movie' })",
  'question-answering': "answer({ question: 'Who lives in Rome?', context: 'Ada lives in Rome.' })",
};

/** What the tokenizer is given in Python. */
const INPUTS = {
  SequenceClassification: '"what a lovely film"',
  TokenClassification: '"Ada lives in Rome."',
  QuestionAnswering: '"Who lives in Rome?", "Ada lives in Rome."',
  FeatureExtraction: '"what a lovely film"',
};

/** How PyTorch pools hidden states [1][tokens][hiddenSize]. @type {Record<string, string>} */
const POOLINGS = { mean: 'hidden.mean(1)', cls: 'hidden[:, 0]', max: 'hidden.max(1).values' };

/** A name of the hub, which alone may stand in a card's `base_model`. */
const HUB_ID = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

/** @param {string} language @param {string[]} lines */
const code = (language, lines) => ['```' + language, ...lines, '```', ''];

/**
 * The card of an adapter's folder.
 * @param {WrittenHead} head
 * @param {HeadClass} headClass
 * @param {string} modelName of the base model
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function adapterCard(head, { suffix, layers, pooled }, modelName) {
  const base = JSON.stringify(modelName);
  if (suffix === 'FeatureExtraction') return vectorCard(base, modelName);
  const auto = `AutoModelFor${suffix}`;
  const { labels, task, transitions } = head;
  const count = labels.length > 0 ? `, num_labels=${labels.length}` : '';
  const inputs = `**tokenizer(${INPUTS[suffix]}, return_tensors="pt")`;
  const { pooling, normalize } = head.network;
  const vector = normalize ? `torch.nn.functional.normalize(${POOLINGS[pooling]})` : POOLINGS[pooling];
  const opening = `model = PeftModel.from_pretrained(model, ".")${pooled ? '.merge_and_unload()' : ''}.eval()`;
  const use = pooled
    ? [
        `hidden = model.base_model(${inputs}).last_hidden_state`,
        `logits = model.${layers[layers.length - 1][0]}(${vector})`,
      ]
    : [`output = model(${inputs})`];
  return encodeCard({
    base: HUB_ID.test(modelName) ? modelName : undefined,
    library: 'peft',
    tag: PIPELINE_TAGS[suffix],
    lines: [
      `A LoRA adapter for ${modelName}, with its head for ${task}${labels.length > 0 ? `: ${labels.join(', ')}` : ''}. Trained with bertlet.`,
      '',
      'In Python, with `.` for this folder:',
      '',
      ...code('python', [
        ...(pooled && normalize ? ['import torch'] : []),
        'from peft import PeftModel',
        `from transformers import ${auto}, AutoTokenizer`,
        '',
        `tokenizer = AutoTokenizer.from_pretrained(${base})`,
        `model = ${auto}.from_pretrained(${base}${count}, dtype="float32")`,
        opening,
        ...use,
      ]),
      ...(pooled
        ? [
            `The classifier was trained on the ${pooling} of the tokens' hidden states, which no class of transformers computes: do not call the whole model.`,
            '',
          ]
        : []),
      ...(suffix === 'QuestionAnswering'
        ? [
            'The adapter has no `task_type`: with it, PEFT would not give the model its `token_type_ids`, with which it was trained.',
            '',
          ]
        : []),
      ...(transitions
        ? [
            'bertlet gives the best sequence of tags by the transitions of a conditional random field, `crf.safetensors`, in the names of pytorch-crf.',
            '',
          ]
        : []),
      'In JavaScript:',
      '',
      ...code('js', [
        "import { load } from 'bertlet';",
        '',
        `const bert = await load(${base}, { adapter: 'https://…/this-folder/' });`,
        `await bert.head.${CALLS[task]};`,
      ]),
    ],
  });
}

/**
 * The card of the folder of an adapter without a head.
 * @param {string} base of the base model's name, quoted
 * @param {string} modelName
 */
const vectorCard = (base, modelName) =>
  encodeCard({
    base: HUB_ID.test(modelName) ? modelName : undefined,
    library: 'peft',
    tag: PIPELINE_TAGS.FeatureExtraction,
    lines: [
      `A LoRA adapter for the sentence vectors of ${modelName}. Trained with bertlet on pairs of texts.`,
      '',
      'In Python, with `.` for this folder:',
      '',
      ...code('python', [
        'from sentence_transformers import SentenceTransformer',
        '',
        'model = SentenceTransformer(".")',
        'vectors = model.encode(["what a lovely film"])',
      ]),
      'In JavaScript:',
      '',
      ...code('js', [
        "import { load } from 'bertlet';",
        '',
        `const bert = await load(${base});`,
        "const head = await bert.loadHead('https://…/this-folder/');",
        "const [vector] = await bert.embed(['what a lovely film'], { head });",
      ]),
    ],
  });

/**
 * The card of a model's folder.
 * @param {{ className: string, head?: WrittenHead, headClass?: HeadClass, isSentenceModel: boolean, dtype: import('../types.js').SaveDtype }} model
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function modelCard({ className, head, headClass, isSentenceModel, dtype }) {
  const { labels = [], task } = head ?? {};
  const isPacked = dtype === 'int8';
  const isPooled = headClass?.pooled;
  const auto = headClass && !isPooled ? `AutoModelFor${headClass.suffix}` : 'AutoModel';
  const inputs = INPUTS[headClass?.suffix ?? 'SequenceClassification'];
  const inTransformers = (/** @type {string} */ which, /** @type {string} */ text) => [
    `from transformers import ${which}, AutoTokenizer`,
    '',
    'tokenizer = AutoTokenizer.from_pretrained(".")',
    `model = ${which}.from_pretrained(".").eval()`,
    `output = model(**tokenizer(${text}, return_tensors="pt"))`,
  ];
  const fillsMasks = className.endsWith('ForMaskedLM');
  const inSentences = [
    'from sentence_transformers import SentenceTransformer',
    '',
    'model = SentenceTransformer(".")',
    `${isPooled ? 'logits' : 'vectors'} = model.encode(["what a lovely film"])`,
  ];
  return encodeCard({
    library: isPacked ? 'bertlet' : isSentenceModel ? 'sentence-transformers' : 'transformers',
    tag: headClass && PIPELINE_TAGS[headClass.suffix],
    lines: [
      `A ${className}${task ? `, with a head for ${task}${labels.length > 0 ? `: ${labels.join(', ')}` : ''}` : ''}. Written by bertlet.`,
      '',
      ...(isPacked
        ? [
            'The weights, `bertlet-int8.safetensors`, are packed into 4 to 8 bits: bertlet reads them, Python does not.',
            '',
          ]
        : [
            'In Python, with `.` for this folder:',
            '',
            ...(isPooled ? [] : code('python', inTransformers(auto, inputs))),
            ...(fillsMasks ? code('python', inTransformers('AutoModelForMaskedLM', '"what a [MASK] film"')) : []),
            ...(isSentenceModel ? code('python', inSentences) : []),
          ]),
      'In JavaScript:',
      '',
      ...code('js', [
        "import { load } from 'bertlet';",
        '',
        `const bert = await load('https://…/this-folder/');`,
        task ? `await bert.head.${CALLS[task]};` : "const [vector] = await bert.embed(['what a lovely film']);",
        ...(fillsMasks ? ["const words = await bert.fillMask('what a [MASK] film');"] : []),
      ]),
    ],
  });
}

/**
 * @param {{ base?: string, library: string, tag?: string, lines: string[] }} card
 * @returns {Uint8Array<ArrayBuffer>}
 */
function encodeCard({ base, library, tag, lines }) {
  const header = [
    '---',
    ...(base ? [`base_model: ${base}`] : []),
    `library_name: ${library}`,
    ...(tag ? [`pipeline_tag: ${tag}`] : []),
    'tags:',
    '  - bertlet',
    ...(library === 'peft' ? ['  - lora'] : []),
    '---',
    '',
  ];
  return new TextEncoder().encode([...header, ...lines].join('\n'));
}
