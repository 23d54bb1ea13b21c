// Questions to try, and what the page learns from at first, written for it.

/** What questions are asked about. */
export const passage =
  'Polar bears live in the Arctic and hunt seals on the sea ice near Svalbard. They can swim for days.';

export const questions = [
  'Where do polar bears hunt?',
  'What do polar bears hunt?',
  'How long can polar bears swim?',
  'What is near Svalbard?',
];

/** One kind of question is what a head can learn from so few. */
const question = 'When does it start?';

export const announcements = [
  'The choir meets in the school hall at [half past seven]. Bring a pencil and a bottle of water.',
  'Come to our book sale on Saturday. Doors open at [10 am], and there will be cake.',
  'The film begins at [8.15 pm] and lasts about two hours. Tickets are nine euros.',
  'Our next yoga class is on [Monday] at the sports centre, with Anna as the teacher.',
  'Band practice has been moved to [Thursday evening]. Please tell the drummer.',
  'You are invited to Tom’s birthday party on [the 3rd of June]. There will be a barbecue in the garden.',
  'The lecture on volcanoes starts at [6 pm] in room 204. Admission is free.',
  'Because of the rain the match will not kick off before [four o’clock].',
  'The market opens at [seven in the morning] and sells fruit, cheese and flowers until noon.',
  'Our summer course in pottery begins on [July 12]. There are five places left.',
  'The guided tour leaves from the fountain at [11.30]. It is about three kilometres long.',
  'Dinner for all volunteers is on [Friday night] at the harbour restaurant.',
  'The meeting with the parents will be held on [Tuesday] in the library on the second floor.',
  'From [9 o’clock] there is a flea market in the old station, with more than fifty stalls.',
  'The race for children under twelve starts at [2 pm] by the lake.',
  'The concert in the park was a great success, and four hundred people came.',
  'The swimming pool has a new slide that is thirty metres long.',
  'The exhibition opens on [5 March] with a speech by the mayor, who is 81 years old.',
  'Rehearsals for the play begin [next Wednesday]. Everyone gets a copy of the text.',
  'The swimming lesson starts at [4 pm], so please be at the pool ten minutes before.',
  'We will meet on [Wednesday] to clean the beach. Gloves are provided for 30 people.',
  'The bus tour of the old town begins at [10.15] in front of the cathedral.',
  'Our French evening is on [Saturday evening]. Cheese and wine are on us.',
  'The new season opens on [September 8] with a play in three acts.',
  'Doors open at [half past six], the band comes on an hour later.',
  'The training for new staff begins [next Thursday] on the fourth floor.',
  'Our lunch concert is at [one o’clock] in the chapel. It takes 40 minutes.',
  'The workshop on bees will take place on [the 21st of May] in the school garden.',
  'There are two hundred books in the box, and all of them are free.',
  'The parade sets off at [noon] from the post office.',
  'Live music tonight: the trio plays from [nine o’clock], and the bar has twelve kinds of beer.',
]
  .map((text) => `${question}\n${text}`)
  .join('\n\n');

/** Not among them, to try. */
export const announcementToTry = {
  question,
  passage: 'The cooking class starts at 7 pm in the kitchen of the community centre, and costs 12 euros.',
};
