import type { Attack } from './attacks.ts'

const CONTRACT = 'test/contracts/bounty.test.ts'
const HOSTING = 'test/peer/services/bounty/bounty-hosting.test.ts'
const FILLING = 'test/peer/services/bounty/bounty-filling.test.ts'
const E2E = 'test/e2e/bounty.test.ts'

/** On money that is locked for questions, and on those who ask them. specs/04-datanet.md §Bounty */
export const BOUNTY_ATTACKS: readonly Attack[] = [
  {
    attack:
      'a copied permit or authorization is to fund another bounty, or fails the one it is for',
    defence: 'it names its lock and its amount; a permit that was shown before changes nothing',
    tests: [
      [CONTRACT, 'is funded by a permit, shown before or not'],
      ['test/contracts/funding.test.ts', 'an authorization funds the bounty that it names']
    ]
  },
  {
    attack: 'a lock is filled twice, or refilled after it paid',
    defence: 'an id that was filled stays so for ever',
    tests: [[CONTRACT, 'is locked by several, filled once']]
  },
  {
    attack: 'a funder takes its money back while somebody answers',
    defence: 'nothing comes back before the expiry, by the chain’s clock',
    tests: [
      [CONTRACT, 'comes back to each funder once it expired, and not before'],
      [E2E, 'comes back to who funded it once it expired']
    ]
  },
  {
    attack: 'a curator pays themselves, or fewer than the threshold pay anyone',
    defence: 'the contract refuses it, and so do the peers of the others',
    tests: [
      [CONTRACT, 'is filled by a quorum alone'],
      [FILLING, 'nobody approves a payment to themselves']
    ]
  },
  {
    attack: 'a curator approves two answers, one of them for a friend',
    defence: 'the second word is refused unless it is meant instead, and one quorum is paid once',
    tests: [[FILLING, 'each with one word']]
  },
  {
    attack: 'money is promised, or locked in a block that a fork undoes',
    defence: 'hosts list it under confirmed blocks, and no more without them',
    tests: [
      [HOSTING, 'lists what promises money while confirmed blocks hold it'],
      ['test/peer/chain/watched-locks.test.ts', 'no more once a fork has undone it']
    ]
  },
  {
    attack: 'a crash in the middle of a payment makes it twice',
    defence: 'it is on the disk before it is sent, and ended before another is made',
    tests: [
      ['test/peer/services/bounty/bounty-paying.test.ts', 'a crash makes no second one of it']
    ]
  },
  {
    attack: 'somebody’s question to a model is made public',
    defence: 'only with the asker’s word, given with that question',
    tests: [[E2E, 'is published with its asker’s consent alone']]
  },
  {
    attack: 'the list is flooded with questions, or with one in many words',
    defence: 'bounded for an account and a Datanet, each near-duplicate once, money apart',
    tests: [
      [HOSTING, 'keeps so many without money of one account'],
      [HOSTING, 'is asked a question once']
    ]
  }
]
