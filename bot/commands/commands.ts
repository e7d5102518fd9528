import { createAdmin } from './admin.ts'
import { createAsk } from './ask.ts'
import { createAsking } from './asking.ts'
import { createAttribution } from './attribution.ts'
import { createBalance } from './balance.ts'
import type { BotCommand, BotParts } from './bot-command.ts'
import { createContribute } from './contribute.ts'
import { createDatanet } from './datanet.ts'
import { createEarnings } from './earnings.ts'
import { createGiving } from './giving.ts'
import { createHelp } from './help.ts'
import { createInbox } from './inbox.ts'
import { createMenus } from './menus.ts'
import { createMine } from './mine.ts'
import { createPrivacy } from './privacy.ts'
import { createReview } from './review.ts'
import { createStart } from './start.ts'
import { createWallet } from './wallet.ts'

/** All that the bot offers. */
export function createCommands(parts: BotParts): readonly BotCommand[] {
  const giving = createGiving(parts)
  const asking = createAsking(parts)
  const attribution = createAttribution(parts, giving)
  return [
    createStart(parts, giving),
    createHelp(),
    ...createDatanet(parts),
    createContribute(parts, giving),
    createMine(parts),
    createReview(parts),
    createAsk(parts, asking),
    attribution,
    ...createBalance(parts),
    createWallet(parts),
    ...createEarnings(parts),
    createInbox(parts),
    createPrivacy(parts),
    createAdmin(parts),
    ...createMenus(parts, { giving, asking, sources: attribution.sources })
  ]
}
