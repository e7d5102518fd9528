import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import { type Card, COLOUR } from './card.ts'
import { plainLine } from './markdown.ts'

/** How something is given that its contributor signs themselves. */
export function directCard({ id, name, licences }: DatanetSummary): Card {
  return {
    colour: COLOUR.notice,
    parts: [
      `**Give to ${plainLine(name, 100)} by your own key**`,
      'What you type into this bot is signed by an account that the bot keeps for you. By a peer of your own you sign yourself (origin `direct`): nobody else can sign, withdraw or claim for you, and files may be larger.',
      `With Node 20 or newer, in a clone of datanet:\n\`\`\`\nnpx datanet peer start --background --network <the network's file>\nnpx datanet contribute ./my-folder --datanet ${id}\n\`\`\`The network’s file comes from who runs this bot. Licences taken: ${licences.map((one) => plainLine(one, 60)).join(', ')}.`,
      '-# What you gave here before can follow you: /wallet link, then hand over.'
    ]
  }
}
