import { json } from 'node:stream/consumers'
import { createGround } from '../../../peer/engines/attribution/ground.ts'
import { readCorpus } from '../../../peer/engines/retrieval/corpus.ts'
import { benchSets } from '../models/sets.ts'
import { registered } from './worlds.ts'

/** Recomputes in another process what answers of a set rest on: names and answers in, evidence out. */
const { set, answers } = (await json(process.stdin)) as { set: string; answers: string[] }
const passages = benchSets().find(({ name }) => name === set)?.passages ?? []
const ground = createGround(readCorpus(registered(passages).toReversed()))
console.log(JSON.stringify(answers.map((answer) => ground.attribute(answer))))
