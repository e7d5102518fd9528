import type { BenchQuestion, BenchSet } from './types.ts'

/** A few notes by one person, and what others would ask about them in words of their own. */
interface Notebook {
  readonly name: string
  readonly half: 'tune' | 'test'
  readonly notes: Readonly<Record<string, string>>
  /** The title of the note that answers, and the questions. */
  readonly questions: Readonly<Record<string, readonly string[]>>
  readonly unknown: readonly string[]
}

const NOTEBOOKS: readonly Notebook[] = [
  {
    name: 'household notes',
    half: 'tune',
    notes: {
      'Sourdough starter':
        'Feed the starter once a day with equal weights of flour and water. Keep it at about 24 degrees. If it smells of acetone it is hungry: feed it twice a day until the smell is gone. In the fridge it needs food only once a week. A grey liquid on top is harmless and can be stirred in.',
      'Bike maintenance':
        'Wipe and oil the chain every 200 km, more often in the rain. Inflate road tyres to 7 bar and city tyres to 4 bar. Replace brake pads when less than 1 mm of rubber is left. If gears skip, turn the barrel adjuster a quarter turn counterclockwise.',
      'Community garden rules':
        'Plots are watered before 9 in the morning or after 7 in the evening. Dogs stay outside the fence. Compost takes no meat, no bread and no diseased plants. Whoever does not tend a plot for six weeks gives it back. The shed key hangs behind the notice board.',
      Tomatoes:
        'Sow tomatoes indoors in the middle of March. Plant them out after the last frost, in our valley after 15 May. Pinch out side shoots every week. Brown spots on the lower leaves are early blight: remove the leaves and water only the soil. Yellow leaves between green veins mean that magnesium is missing.',
      'Home network':
        'The router sits in the cellar and its admin page is at 192.168.1.1. The guest wifi is called Linde-Guest and is switched off at midnight. If the internet is down, unplug the modem for thirty seconds. The printer only works on the 2.4 GHz band.',
      'Heat pump':
        'The heat pump was installed in 2021 by Meier. Its filter must be cleaned every three months. Error E14 means that the outdoor unit is iced: run the defrost programme. The flow temperature is 38 degrees; raising it by one degree costs about two percent more electricity.',
      'Hiking club':
        'We meet every second Sunday at the old mill at 8. Tours are graded from 1 to 5, and beginners should not go above 2. Cancel by Friday evening. Members pay 30 euro a year, children nothing.',
      'Coffee machine':
        'Descale the machine every two months with citric acid. A blinking red light means that the water tank is empty. For espresso use 18 grams of coffee and 36 grams of water in 28 seconds. If it tastes sour, grind finer.'
    },
    questions: {
      'Sourdough starter': [
        'my bread culture smells like nail polish remover, what now?',
        'how often does the yeast pot in the refrigerator want flour?'
      ],
      'Bike maintenance': [
        'when do I have to grease my bicycle?',
        'what pressure for the wheels in town?',
        'the derailleur jumps, how do I fix it?'
      ],
      'Community garden rules': [
        'may I bring my puppy?',
        'can I throw leftovers of chicken on the heap?',
        'at what time can I sprinkle my bed?'
      ],
      Tomatoes: ['when should I put the seeds in pots?', 'the leaves turn yellow, what is wrong?'],
      'Home network': [
        'where do I log in to change the wifi settings?',
        'nobody can get online, what should I do?',
        'why does the printer not connect?'
      ],
      'Heat pump': ['the heating shows E14', 'who put in the heating?'],
      'Hiking club': [
        'how much is the membership?',
        'what time do the walks start?',
        'is a tour of grade 4 ok for my first time?'
      ],
      'Coffee machine': [
        'the espresso is too acidic',
        'the coffee maker flashes red',
        'how do I get rid of limescale?'
      ]
    },
    unknown: [
      'how do I change a flat tyre?',
      'when do I prune apple trees?',
      'what is the wifi password?',
      'who is the president of the club?',
      'what does a new heat pump cost?',
      'who won the world cup in 1998?',
      'how do I make cheese?',
      'how long do I boil potatoes?',
      'what is the capital of France?',
      'hello'
    ]
  },
  {
    name: 'office handbook',
    half: 'tune',
    notes: {
      Holidays:
        'Everyone has 28 days of paid leave. Ask for it in the calendar two weeks ahead; your team lead answers within three days. Up to five days can be carried over until the end of March.',
      'Sick leave':
        'Tell your team lead before 9 o’clock on the first day. A doctor’s note is needed from the fourth day on. Illness during a vacation gives the days back.',
      'Travel expenses':
        'Trains are booked in second class, flights only above six hours by rail. Hand in receipts within 30 days through the expense form. Meals are paid with a flat 28 euro a day. Taxis need a reason.',
      'Meeting rooms':
        'Rooms are booked in the calendar; a room that nobody enters for ten minutes is free again. The large room has a camera and seats 14. Food is not allowed in the room with the carpet.',
      'Laptops and phones':
        'New colleagues get a laptop on their first morning at the service desk. Lost devices are reported at once to the service desk, day and night. Private use of the phone is allowed within the EU. After four years a device is replaced.',
      Passwords:
        'Use the password manager for everything. Nobody, not even the service desk, will ask you for a password. After five wrong attempts an account is locked for an hour.',
      'Working from home':
        'Three days a week can be worked from home, four with small children. Core hours are 10 to 15 everywhere. From abroad it is possible for 20 days a year, within the EU only.',
      'Fire alarm':
        'Leave by the stairs, never by the lift. The meeting point is the bicycle stand in Rose Street. Floor wardens wear orange vests and count everybody.'
    },
    questions: {
      Holidays: [
        'how much vacation do I get?',
        'can I take my unused days off into next year?',
        'when must I apply for time off?'
      ],
      'Sick leave': [
        'I have the flu, whom do I call?',
        'when do I have to bring a certificate from the physician?',
        'I got ill on my holiday, are the days lost?'
      ],
      'Travel expenses': [
        'may I fly to Vienna?',
        'how do I get my money back after a business trip?',
        'what do I get for lunch on the road?'
      ],
      'Meeting rooms': [
        'where can we have a video conference with twelve people?',
        'our room is empty, who may use it?'
      ],
      'Laptops and phones': [
        'my notebook was stolen on the train',
        'may I call my mother in Spain with the work phone?',
        'when do I get a new computer?'
      ],
      Passwords: [
        'someone from IT wants my login, should I give it?',
        'I typed it wrong too often and cannot get in'
      ],
      'Working from home': [
        'how often can I stay at home?',
        'may I work from Portugal for two weeks?',
        'when do I have to be reachable?'
      ],
      'Fire alarm': ['where do we gather when it burns?', 'can I use the elevator in an emergency?']
    },
    unknown: [
      'how do I get a parking space?',
      'what is on the menu of the canteen today?',
      'when is the salary paid?',
      'who is our managing director?',
      'how do I cancel my contract?',
      'is there a company pension?',
      'what does a train ticket to Berlin cost?',
      'how tall is Mount Everest?',
      'can you write a poem?',
      'what is the wifi password for guests?'
    ]
  },
  {
    name: 'holiday flat',
    half: 'test',
    notes: {
      Arrival:
        'The key is in the small safe beside the door; you get the code by message on the day before. Check-in is from 15 o’clock. Parking is behind the house, place number 7.',
      Departure:
        'Please leave by 10 in the morning. Put the linen into the basket in the bathroom and start the dishwasher. The key goes back into the safe.',
      Kitchen:
        'The induction hob only takes pots with a magnetic bottom; they are in the lower drawer. The oven fuse trips when oven and kettle run together. Salt, oil and coffee filters are there for everyone.',
      Rubbish:
        'Glass goes to the containers at the church. Paper is collected on the first Tuesday of the month, everything else on Fridays. Food scraps have a brown bin.',
      Heating:
        'The radiators are set with the wheel in the hallway. At night the boiler lowers the temperature by four degrees. If the rooms stay cold, press the reset button on the boiler in the cupboard once.',
      Beach:
        'The nearest beach is twelve minutes on foot, past the lighthouse. Dogs may go there from October to April. Red flags mean that swimming is forbidden.',
      Bicycles:
        'Four bicycles stand in the shed, the combination of the lock is the year on the front door. Please pump up the tyres yourself. Helmets for children hang on the wall.',
      Doctor:
        'Doctor Brandt in the village sees patients without appointment from 8 to 10. The nearest hospital is in Husum, 25 minutes by car. In an emergency call 112.'
    },
    questions: {
      Arrival: [
        'how do I get in?',
        'when can we come at the earliest?',
        'where can I leave the car?'
      ],
      Departure: [
        'until what hour can we stay on the last day?',
        'what should I do with the used sheets?'
      ],
      Kitchen: [
        'my pan does not get warm on the stove',
        'the power goes off when I bake',
        'do I have to buy oil?'
      ],
      Rubbish: [
        'where do I throw empty bottles?',
        'when is the trash picked up?',
        'what goes into the brown one?'
      ],
      Heating: ['it is freezing in here, what can I do?', 'why is it colder in the evening?'],
      Beach: [
        'how far is it to the sea?',
        'can my dog run there in summer?',
        'may I go into the water when there is a red flag?'
      ],
      Bicycles: [
        'are there bikes for us?',
        'how do I open the lock?',
        'something for the head of my little son?'
      ],
      Doctor: ['my daughter has a fever, where do we go?', 'how long does it take to the clinic?']
    },
    unknown: [
      'is there a washing machine?',
      'what is the name of the wireless network?',
      'can I bring a cat?',
      'where is a good restaurant?',
      'how much is the tourist tax?',
      'who owns the flat next door?',
      'how does a nuclear reactor work?',
      'when was the lighthouse built?',
      'translate good morning into Japanese',
      'which bus goes to the station?'
    ]
  },
  {
    name: 'climbing gym',
    half: 'test',
    notes: {
      'Opening hours':
        'We open at 10 and close at 23, on Sundays already at 21. On the first Monday of a month the hall is closed for route setting until 16.',
      Prices:
        'A day ticket is 14 euro, 11 for students. Ten visits cost 120 euro. Shoes can be rented for 4 euro, a harness for 3. Children under six climb for nothing.',
      'Before you start':
        'Whoever has never belayed takes the introductory course, two evenings of three hours. Everybody signs the waiver at the desk. Under 14 only together with a grown-up.',
      'Belaying rules':
        'Partners check knot and belay device of each other before every climb. Only assisted braking devices are used. Do not stand under somebody who climbs. Lead climbers clip every bolt.',
      Bouldering:
        'The mats are five metres thick in total and cover the whole floor. Do not leave bottles on the mats. Colours give the grade: yellow is easiest, black hardest.',
      Lockers:
        'Lockers take a one euro coin. They are emptied every night. We do not pay for stolen things.',
      'Lost property':
        'What was left behind is kept at the desk for four weeks and then given away.',
      Café: 'Soup and cake until 20 o’clock. Own food may be eaten at the tables outside. Pay by card only.'
    },
    questions: {
      'Opening hours': [
        'until when can I train on a Sunday evening?',
        'why was it shut on Monday morning?'
      ],
      Prices: [
        'how much does it cost to get in?',
        'do I have to pay for my four year old?',
        'can I borrow climbing shoes?',
        'is there a discount at university?'
      ],
      'Before you start': [
        'I am a beginner, what do I have to do first?',
        'may my 12 year old daughter come alone?',
        'how long does the training for newcomers take?'
      ],
      'Belaying rules': [
        'which belay device may I use?',
        'what do we have to look at before going up?',
        'may I leave out a clip when I lead?'
      ],
      Bouldering: ['which colour is the most difficult?', 'where should I not put my drink?'],
      Lockers: [
        'what do I need to lock up my bag?',
        'somebody stole my phone, will you replace it?',
        'can I keep my shoes in the locker overnight?'
      ],
      'Lost property': ['I forgot my jacket two weeks ago'],
      Café: [
        'can I eat my own sandwich?',
        'do you accept cash for coffee?',
        'when does the kitchen close?'
      ]
    },
    unknown: [
      'do you have a sauna?',
      'is there yoga on Wednesdays?',
      'can I book a birthday party?',
      'how do I get a refund for my ticket?',
      'who sets the routes?',
      'where do I park?',
      'what is the best rope to buy?',
      'how do I tie a bowline?',
      'who climbed Everest first?',
      'what is the square root of two?'
    ]
  }
]

/** Little Datanets as people start with them: eight notes each, asked about in other words. */
export function noteSets(): readonly BenchSet[] {
  return NOTEBOOKS.map(({ name, half, notes, questions, unknown }) => {
    const known = Object.entries(questions).flatMap(([title, asked]) =>
      asked.map(
        (one): BenchQuestion => ({
          datanet: name,
          half,
          kind: 'notes',
          turns: [one],
          gold: [title]
        })
      )
    )
    const others = unknown.map(
      (one): BenchQuestion => ({ datanet: name, half, kind: 'notes', turns: [one], gold: [] })
    )
    const passages = Object.entries(notes).map(([title, text]) => ({ id: title, title, text }))
    return { name, passages, questions: [...known, ...others] }
  })
}
