// What the page starts with: a small sentiment set, written for it.

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

export const samples = [
  ...positive.map((text) => ({ text, label: 'positive' })),
  ...negative.map((text) => ({ text, label: 'negative' })),
];

/** Sentences to try, as long as the labels are these. It gets the last one wrong until it is shown a similar one. */
export const suggestions = [
  'Two hours of my life I will never get back.',
  'My new favourite place in town.',
  'They went out of their way to help us.',
];
