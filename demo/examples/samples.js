// What each kind of classifier begins with, written for the page.

/** @typedef {import('./types.js').Input} Input */
/** @typedef {import('./types.js').Labelled} Labelled */
/** @typedef {{ examples: Labelled[], toTry: Input, suggestions: Input[] }} Samples what is learned from, and what is tried on it */

const positive = [
  'I loved every minute of it.',
  'What a lovely surprise, I am so happy with it!',
  'A warm and funny film with a wonderful cast.',
  'The food was delicious and everyone was so kind.',
  'It works beautifully and makes every day a little easier.',
  'One of the best books I have read in years.',
  'We laughed all evening and cannot wait to come back.',
  'Great service, I would recommend them to anybody.',
];

const negative = [
  'I regret every minute of it.',
  'What a letdown, I want my money back.',
  'A dull and lifeless film with terrible acting.',
  'The food was cold and the waiter was rude.',
  'It broke after a week, I am so disappointed.',
  'One of the worst books I have ever tried to finish.',
  'We had an awful time and left a day early.',
  'Useless support, nobody ever answers my messages.',
];

/** It gets the last suggestion wrong until it is shown a similar one. @type {Samples} */
export const opinions = {
  examples: [
    ...positive.map((text) => ({ text, label: 'positive' })),
    ...negative.map((text) => ({ text, label: 'negative' })),
  ],
  toTry: { text: 'Simply delightful from start to finish.' },
  suggestions: [
    { text: 'Two hours of my life I will never get back.' },
    { text: 'My new favourite place in town.' },
    { text: 'They went out of their way to help us.' },
  ],
};

/** What a guest writes about. @type {[labels: string[], texts: string[]][]} */
const aspects = [
  [
    ['room'],
    [
      'The bed was hard as a board.',
      'Our window looked out over the sea.',
      'The bathroom was spotless and the towels were soft.',
      'Thin walls: we heard everything from next door.',
    ],
  ],
  [
    ['food'],
    [
      'Breakfast was a feast, with fresh bread and good coffee.',
      'The soup was cold and the salad was limp.',
      'Dinner was the best we had all year.',
      'There was nothing for vegetarians on the menu.',
    ],
  ],
  [
    ['staff'],
    [
      'The receptionist greeted us with a smile.',
      'Nobody answered the phone at the front desk.',
      'A porter carried all our bags up the stairs.',
      'The manager was rude and would not listen.',
    ],
  ],
  [
    ['price'],
    [
      'Far too expensive for what it is.',
      'A real bargain, we paid half of what others ask.',
      'They charged us extra for parking.',
      'You get a lot for your money here.',
    ],
  ],
  [
    ['room', 'price'],
    ['A tiny room for two hundred a night.', 'Large, quiet rooms, and cheap too.'],
  ],
  [
    ['food', 'price'],
    ['Twenty for a dry sandwich is too much.', 'A delicious dinner that cost next to nothing.'],
  ],
  [
    ['food', 'staff'],
    ['The waiter was charming and the fish was perfect.', 'The waitress was slow and brought the wrong dish.'],
  ],
  [
    ['room', 'staff'],
    ['The maid was so kind and left our bathroom spotless.', 'The lady at reception gave us a nicer room.'],
  ],
];

/** @type {Samples} */
export const hotelReviews = {
  examples: aspects.flatMap(([labels, texts]) => texts.flatMap((text) => labels.map((label) => ({ text, label })))),
  toTry: { text: 'A dark little room, and it cost a fortune.' },
  suggestions: [
    { text: 'The waiter spilled our wine and did not say sorry.' },
    { text: 'Breakfast is cheap and plentiful.' },
    { text: 'We loved the balcony and the view of the hills.' },
  ],
};

/** @type {[text: string, textPair: string][]} */
const same = [
  ['The train was late.', 'The train did not arrive on time.'],
  ['How do I get my money back?', 'How can I get a refund?'],
  ['She is a doctor.', 'She works as a physician.'],
  ['It is raining heavily.', 'It is pouring outside.'],
  ['The film was boring.', 'I nearly fell asleep during the movie.'],
  ['Can you help me?', 'Could you give me a hand?'],
  ['They got married last year.', 'Their wedding was a year ago.'],
  ['I lost my keys.', 'I cannot find my keys any more.'],
  ['He is very tall.', 'He is a man of great height.'],
  ['We have run out of milk.', 'There is no milk left.'],
  ['The exam was difficult.', 'It was a hard test.'],
  ['Please close the window.', 'Would you shut the window?'],
  ['When does the bank open?', 'What are the opening hours of the bank?'],
  ['This suitcase weighs a lot.', 'The luggage is heavy.'],
  ['He never tells the truth.', 'He is a liar.'],
  ['Which way is the station?', 'How do I get to the train?'],
];

/** @type {[text: string, textPair: string][]} */
const different = [
  ['The shop is closed on Sundays.', 'My sister likes trains.'],
  ['He bought a new car.', 'The soup is made of carrots.'],
  ['The dog ran after the cat.', 'We moved house last year.'],
  ['How do I change my password?', 'She sings in a choir.'],
  ['The soup is too hot to eat.', 'The bank is near the station.'],
  ['Our team won the match.', 'I have to buy new shoes.'],
  ['The computer is slow.', 'They planted apple trees.'],
  ['My grandmother knits.', 'The road is closed.'],
  ['The museum is free on Mondays.', 'He broke his arm.'],
  ['I would like a cup of tea.', 'The meeting starts at nine.'],
  ['The baby is asleep.', 'Your order has been sent.'],
  ['The bridge is very old.', 'You need a warm coat.'],
  ['Where is the nearest chemist?', 'Do you sell umbrellas?'],
  ['I would rather stay at home.', 'Bees make honey.'],
  ['The lift is out of order.', 'Is this seat taken?'],
  ['What is the capital of Chile?', 'How long does the flight take?'],
];

/** It gets the last suggestion wrong: that one word turns the meaning round is more than it learns here. @type {Samples} */
export const sentencePairs = {
  examples: [
    ...same.map(([text, textPair]) => ({ text, textPair, label: 'same meaning' })),
    ...different.map(([text, textPair]) => ({ text, textPair, label: 'different' })),
  ],
  toTry: { text: 'He quit his job.', textPair: 'He resigned from his position.' },
  suggestions: [
    { text: 'My phone is broken.', textPair: 'My mobile does not work any more.' },
    { text: 'She plays the violin.', textPair: 'Tomatoes are red.' },
    { text: 'The shop is open.', textPair: 'The shop is closed.' },
  ],
};
