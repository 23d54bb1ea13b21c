// What the page starts with, written for it: a small sentiment set, and texts for each of the other tasks.

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

/** A sentence to try. */
export const toTry = 'Simply delightful from start to finish.';

/** More, as long as the labels are these. It gets the last one wrong until it is shown a similar one. */
export const suggestions = [
  'Two hours of my life I will never get back.',
  'My new favourite place in town.',
  'They went out of their way to help us.',
];

/** For the sentiment of a text as a whole and of each of its sentences. */
export const reviews = [
  'The actors are a joy to watch. But the story drags, and the ending makes no sense at all. Still, I would see it again.',
  'A film so clumsy that even its jokes seem embarrassed.',
  'Quietly funny, never sentimental, and over far too soon.',
];

/** For the names in a text. */
export const news = [
  'Angela Merkel met Tim Cook of Apple in Berlin to talk about the new iPhone',
  'Saw Adele live at Wembley last night, and the Northern line was a mess on the way home.',
  'Anyone else think Zelda on the Switch is the best thing Nintendo has done since Mario Kart?',
];

/** What questions are asked about. */
export const passage =
  'Polar bears live in the Arctic and hunt seals on the sea ice near Svalbard. They can swim for days.';

export const questions = [
  'Where do polar bears hunt?',
  'What do polar bears hunt?',
  'How long can polar bears swim?',
  'What is near Svalbard?',
];

/** Among which similar ones are looked for. */
export const lines = [
  'How do I reset my password?',
  'I was charged twice for the same order.',
  'My parcel has not arrived yet.',
  'Can I get my money back?',
  'The app crashes when I open the camera.',
  'Do you deliver to Norway?',
  'How can I delete my account?',
  'The blue jacket is sold out. When will there be more?',
  'Your driver was very friendly, thank you!',
  'Is there a discount for students?',
];

export const queries = [
  'The package is a week late',
  'I cannot log in any more',
  'Please cancel it and refund me',
  'Will it be back in stock?',
];

/** In which a word is missing. */
export const gaps = [
  'The capital of France is [MASK].',
  'After the long hike we were all very [MASK].',
  'She plays the [MASK] in an orchestra.',
];
