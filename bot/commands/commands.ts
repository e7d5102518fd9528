import { createAsk } from './ask.ts'
import { createAsking } from './asking.ts'
import { createAttribution } from './attribution.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { createContribute } from './contribute.ts'
import { createGiving } from './giving.ts'
import { createHelp } from './help.ts'
import { createInbox } from './inbox.ts'
import { createMenus } from './menus.ts'
import { createMine } from './mine.ts'
import { createPrivacy } from './privacy.ts'
import { createReview } from './review.ts'
import { createStart } from './start.ts'

/** All that the bot offers. */
export function createCommands(parts: BotParts): readonly BotCommand[] {
  const giving = createGiving(parts)
  const asking = createAsking(parts)
  const attribution = createAttribution(parts, giving)
  return [
    createStart(parts, giving),
    createHelp(),
    createContribute(parts, giving),
    createMine(parts),
    createReview(parts),
    createAsk(parts, asking),
    attribution,
    createInbox(parts),
    createPrivacy(parts),
    ...createMenus(parts, { giving, asking, sources: attribution.sources })
  ]
}
