import { JOB, type Key } from '../../shared/data/keys.ts';
import { keyText } from '../../shared/data/read.ts';
import { type Step, statement } from '../../shared/data/step.ts';
import { stepsOf } from '../../shared/data/write-queue.ts';
import type { Answer } from '../support/api.ts';
import { type Answered, type Call, type EntryReply, entriesOf, isGroup, keyParts } from './commands/command.ts';
import { commandOf } from './commands/index.ts';
import { errorOf } from './entry-errors.ts';
import type { FileRules } from './file-rules.ts';
import type { Oracle } from './oracle.ts';
import { LIMITS, oracleAt, type Run } from './run.ts';
import type { Statement, Task, Write } from './scheduler.ts';
import { succeeds, type Verdict } from './verdict.ts';

/** A call on its way, and what its writes did. */
export interface Running {
  call: Call;
  name: string;
  /** The call's clock (ms), and the model's version when it began. */
  now: number;
  from: number;
  /** The ids of users, or of files, that its writes changed. */
  changed: Set<number>;
  writes: number;
}

/** A user whom a write changes, or a file. */
interface Change {
  id: number;
  /** The user joins by it. */
  joins: boolean;
}

const isQueued = ({ pk, sk }: Key) => pk.startsWith('Q#') && sk.startsWith('T#');
const leavesQueue = ({ verb, key }: Write) => verb === 'Delete' && isQueued(key);
const VERBS = { put: 'Put', update: 'Update', delete: 'Delete', check: 'ConditionCheck' } as const;
const asWrite = (step: Step): Write => ({
  verb: VERBS[step.action],
  key: step.key,
  statement: statement(step, '') as Statement,
});

/** Compares what the product writes and answers with what the oracle allows. */
export class Judge {
  readonly #run: Run;
  readonly #fileRules: FileRules;
  readonly #calls = new Map<Task, Running>();
  /** Writes that wait in a queue, by their keys: whose they are, and what they will do. */
  readonly #queued = new Map<string, { task: Task; writes: Write[] }>();
  /** What the next write would do wrong: a violation only if the database does it. */
  #pending: { task: Task; problems: string[] } | undefined;
  /** Every job that was ever left to the background. */
  readonly jobs: Key[] = [];

  constructor(run: Run, fileRules: FileRules) {
    this.#run = run;
    this.#fileRules = fileRules;
  }

  begin(task: Task, call: Call, name: string): Running {
    const { scheduler, model } = this.#run;
    const running = { call, name, now: scheduler.now, from: model.version, changed: new Set<number>(), writes: 0 };
    this.#calls.set(task, running);
    return running;
  }

  end(task: Task): void {
    this.#calls.delete(task);
  }

  /** Just before a write: whether what it is about to do is right, with all records as they are now. */
  beforeWrite(task: Task, writes: Write[]): void {
    const running = this.#calls.get(task);
    // Queued writes are judged one by one, after the transaction that does them.
    if (!running || writes.some(leavesQueue)) return;
    const changes = changesOf(running.call, writes);
    if (changes.length === 0) return;
    const problems = this.#problemsOfWrite(running, writes, changes);
    this.#pending = { task, problems: problems.map((problem) => `${running.name}: ${problem}`) };
  }

  #problemsOfWrite({ call, now, from: begun }: Running, writes: Write[], changes: Change[]): string[] {
    const { model, groups } = this.#run;
    const command = commandOf(call);
    const { version } = model;
    // A write that does not touch the group's own record may rest on how it was a moment before: see the data model.
    const from = writes.some(({ key }) => isGroup(keyParts(key))) ? version : begun;
    // A rejection lets nobody in: it may be of an invitation or application that has become void meanwhile.
    const rejects = call.approval === false;
    const versions = Array.from({ length: version - from + 1 }, (_, nth) => from + nth);
    const oracles = versions.map((at) => oracleAt(this.#run, now, rejects ? at : version, at));
    const problems: string[] = [];
    const demand = (ask: (oracle: Oracle) => Verdict, what: string) => {
      const verdicts = oracles.map(ask);
      if (!verdicts.some((verdict) => succeeds(verdict) && !verdict.storesNothing))
        problems.push(`${what}, though it is ${verdicts.at(-1)?.outcomes}`);
    };
    const creates = command.createsGroup && newGroup(writes, groups);
    if (creates) {
      call.group = creates;
      demand((oracle) => oracle.permitted(call), 'creates');
    }
    if (call.approval !== undefined && writes.some((write) => this.#answersAgain(write)))
      problems.push('answers what has been answered');
    if (!entriesOf(call)) {
      const written = command.asWritten?.(call, writes) ?? call;
      demand((oracle) => oracle.permitted(written), 'goes through');
      // The bucket was read before, and may have changed since.
      if (!versions.some((at) => oracleAt(this.#run, now, at).uploaded(call)))
        problems.push('registers what is not there');
      return problems;
    }
    // The creator is the first to join.
    let joined = creates ? 1 : 0;
    for (const { id, joins } of changes) {
      if (command.createsGroup && id === call.actor) continue;
      demand((oracle) => oracle.entry(call, id, { joined, confirms: !joins }), `changes ${id}`);
      const wrong = joins && command.wrongJoin?.(id, model.at(version));
      if (wrong) problems.push(`${id} ${wrong}`);
      if (joins || command.takesPlaces) joined++;
    }
    return problems;
  }

  #answersAgain({ verb, key }: Write): boolean {
    const { model } = this.#run;
    return verb === 'Update' && /^[IA]#/.test(key.sk) && model.at(model.version).item(key)?.status !== 0;
  }

  /** After a write: the model follows it, and what it was meant for must hold. */
  written(task: Task, writes: Write[]): void {
    if (writes.length > 1 && writes.some(leavesQueue)) return void this.#writtenFromQueue(writes);
    const { model, violations } = this.#run;
    for (const { verb, key, statement } of writes)
      if (verb === 'Put' && isQueued(key))
        this.#queued.set(keyText(key), { task, writes: stepsOf(statement.Item as { steps: string }).map(asWrite) });
    model.follow(writes);
    const running = this.#calls.get(task);
    this.#fileRules.written(task, writes, running?.call);
    for (const { verb, key } of writes) if (verb === 'Put' && key.pk.startsWith(JOB)) this.jobs.push(key);
    if (!running) return;
    if (this.#pending?.task === task) violations.push(...this.#pending.problems);
    this.#pending = undefined;
    this.#effects(running, changesOf(running.call, writes));
  }

  #writtenFromQueue(writes: Write[]): void {
    for (const taken of writes.filter(leavesQueue)) {
      const queued = this.#queued.get(keyText(taken.key))!;
      this.beforeWrite(queued.task, queued.writes);
      this.written(queued.task, queued.writes);
      this.#run.model.follow([taken]);
    }
  }

  #effects(running: Running, changes: Change[]): void {
    const { model, groups, violations } = this.#run;
    const { call, changed, now, name } = running;
    if (changes.length > 0) running.writes++;
    const oracle = oracleAt(this.#run, now, model.version);
    const before = model.at(model.version - 1);
    for (const { id } of changes) {
      commandOf(call).follow?.(model, before, call, id, now);
      changed.add(id);
      if (!oracle.effect(call, id, before)) violations.push(`${name}: has not the effect it should on ${id}`);
    }
    if (commandOf(call).createsGroup && call.group !== 0 && !groups.includes(call.group)) groups.push(call.group);
  }

  /**
   * Whether the answer was right at some moment between the call's beginning and its end. Where reads are torn an error
   * may rest on records of several moments; it must have changed nothing.
   */
  answered(running: Running, outcome: Answer['outcome'], data: unknown): void {
    const { model, violations, faults, files, codes } = this.#run;
    const { call, name, now, from, changed, writes } = running;
    const command = commandOf(call);
    const versions = Array.from({ length: model.version - from + 1 }, (_, nth) => from + nth);
    const oracles = versions.map((version) => oracleAt(this.#run, now, version));
    const wrong = (what: string) => void violations.push(`${name}: ${what}`);
    const answered: Answered = { outcome, data, writes, torn: faults > 0, oracles };
    const excused = command.excused?.(call, answered) ?? false;
    if (outcome !== 'success') {
      if (writes > 0) wrong(`answers ${outcome} and has changed something`);
      if (faults === 0 && !excused && !oracles.some((oracle) => oracle.call(call).outcomes.includes(outcome)))
        wrong(`answers ${outcome}, which was never right: ${oracles.map((oracle) => oracle.call(call).outcomes)}`);
      return;
    }
    const moments = oracles.map(({ at }) => at);
    const { torn } = answered;
    const during: [number, number] = [from, model.version];
    command.succeeded?.(call, {
      data,
      now,
      moments,
      versions: during,
      changed,
      torn,
      limits: LIMITS,
      files,
      codes,
      wrong,
    });
    if (!command.createsGroup && entriesOf(call))
      return void this.#entriesAnswered(running, oracles, command.entryReplies?.(data) ?? (data as EntryReply[]));
    const isRight = (verdict: Verdict) => succeeds(verdict) && !(writes === 0 && verdict.changes);
    if (!excused && !oracles.some((oracle) => isRight(oracle.call(call))))
      wrong(writes === 0 ? 'succeeds without doing anything' : 'succeeds, which was never right');
  }

  #entriesAnswered({ call, name, changed }: Running, oracles: Oracle[], entries: EntryReply[]): void {
    const { violations, faults } = this.#run;
    const wrong = (what: string) => violations.push(`${name}: ${what}`);
    for (const { user_id, file_id, result, reason } of entries) {
      const id = user_id ?? file_id ?? 0;
      const verdicts = oracles.map((oracle) => oracle.entry(call, id));
      const done = changed.has(id);
      if (result === 'success') {
        if (!done && !verdicts.some((verdict) => succeeds(verdict) && !verdict.changes))
          wrong(`says that ${id} is done and has done nothing`);
        continue;
      }
      if (done) wrong(`says that ${id} failed (${reason}) and has done it`);
      const error = errorOf(reason);
      // Entries before it may have reached a limit by what another call then did instead.
      const crowded = oracles.map((oracle) => oracle.entry(call, id, { joined: entries.length - 1 }));
      const isRight = ({ outcomes }: Verdict) => error !== undefined && outcomes.includes(error);
      if (faults === 0 && ![...verdicts, ...crowded].some(isRight))
        wrong(`refuses ${id} with ${error}, which was never right: ${verdicts.map(({ outcomes }) => outcomes)}`);
    }
  }
}

/** The group that the writes make, if they make one. */
function newGroup(writes: Write[], groups: number[]): number | undefined {
  const made = writes.map(({ key }) => keyParts(key)).find(isGroup)?.id;
  return made === undefined || groups.includes(made) ? undefined : made;
}

/** The users whom the writes of a call change, and whether they join by it; or the files. */
function changesOf(call: Call, writes: Write[]): Change[] {
  const command = commandOf(call);
  const changes = new Map<number, boolean>();
  for (const { verb, statement, key } of writes) {
    if (verb === 'ConditionCheck') continue;
    const parts = keyParts(key);
    const isGroupMembership = parts.kind === 'G' && parts.part === 'R' && parts.sk.startsWith('R#');
    if (isGroupMembership) changes.set(Number(parts.sk.split('#')[1]), statement.Item?.state === 'member');
    const id = command.changed?.(parts, call);
    // A contact of friends is written when they become friends.
    if (id !== undefined) changes.set(id, changes.get(id) || statement.Item?.friendAt !== undefined);
  }
  return [...changes].map(([id, joins]) => ({ id, joins }));
}
