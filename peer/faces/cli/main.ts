import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { runDevnet } from '../../devnet/command.ts'
import { runJoin } from '../../devnet/join.ts'
import { failed } from './print.ts'

const program = new Command('datanet')
  .description('Communities turn what they know into data and models that agents pay for.')
  .showHelpAfterError()
  .exitOverride()

program
  .command('devnet')
  .description('run the whole loop on this machine: contribute, organise, build, use, reward')
  .option('--once', 'stop when the loop has run')
  .option('--json', 'one JSON object a step, the last one the summary')
  .option('--seed <number>', 'which texts and questions are drawn', seed, 1)
  .option('--question <text>', 'ask this as well; may be repeated', collect, [])
  .option('--keep <dir>', 'keep the world there, and start it again where it was')
  .action(runDevnet)

program
  .command('join')
  .description('join a running devnet as another agent and ask it something')
  .argument('<network-file>', 'the file that the devnet names at its end')
  .option('--question <text>', 'what to ask', 'What is SQL injection?')
  .option('--json', 'one JSON object with the answer and its receipt')
  .action(runJoin)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else process.exitCode = failed(error, process.argv.includes('--json'))
}

function seed(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('a whole number from 0 on')
  }
  return value
}

function collect(text: string, before: string[]): string[] {
  return [...before, text]
}
