import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { emptyModel, fold, type Model } from '../../client/fold.ts';
import { limitsOf } from '../../shared/data/app-repo.ts';
import { appLog } from '../../shared/data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import * as schema from '../../shared/data/schema.ts';
import { appNamed } from '../../shared/domain/app/apps.ts';
import { eventHistory } from '../../shared/domain/app/event-history.ts';
import { eventOf } from '../../shared/domain/event/entry.ts';
import { readLog } from '../../shared/domain/event/log-pages.ts';
import { type LostRecord, repair } from '../../shared/domain/event/relay.ts';
import { type RosterEvent, subjectOf } from '../../shared/events/catalogue.ts';
import type { Fact } from '../../shared/events/facts.ts';
import type { AppId, GroupId, UserId } from '../../shared/ids.ts';
import type { OperatorBucket } from '../../shared/storage/operator-object-repo.ts';
import { type Answering, aligned } from './answer.ts';
import { appId } from './arguments.ts';
import { findBucket } from './bucket.ts';
import { type Difference, differences } from './event-differences.ts';
import { type Place, runningStack } from './table.ts';
import { readGroup, readUsers, tableModel } from './table-model.ts';

interface CheckOptions extends Place {
  repair?: true;
  model?: string;
  bucket?: string;
}

/** `events check`: whether the events of an app add up to its users and groups. */
export function addEventCheckCommand(events: Command, answering: Answering) {
  events
    .command('check')
    .description('add up all events of an app, from archive and feed, and compare the result with the table')
    .argument('<app>', 'id of the app', appId)
    .option('--repair', 'append the events that are missing, so that both agree')
    .option('--model <file>', 'begin with the result in this file, if it exists, and keep the new one there')
    .option(
      '--bucket <name>',
      'bucket on AWS, to begin with events in the archive: output BucketName of the data stack',
    )
    .action(
      answering<[AppId], CheckOptions>(async (table, [app], options) => {
        const { event_days } = limitsOf(await appNamed(viewOf(table), app));
        if (event_days === 0) throw new Error(`app ${app} has no events: its limit event_days is 0`);
        const hasArchive = options.bucket !== undefined || runningStack(options) !== undefined;
        const check = new EventCheck(table, hasArchive ? () => findBucket(options) : undefined, app);
        await check.begin(options.model);
        const found = await check.compare();
        const isRepaired = options.repair !== undefined && found.length > 0 && (await check.repair(found));
        if (options.model !== undefined && (found.length === 0 || isRepaired)) check.keep(options.model);
        const { sequence, users, groups } = check.summary;
        const { cause, appended } = check;
        const rows = found.map(({ subject, field, events, table }) => [subject, field, events, table]);
        const parts = [
          ...(rows.length > 0 ? [aligned(rows, ['subject', 'field', 'by events', 'in the table'])] : []),
          ...(users + groups > 0
            ? [`${users} users and ${groups} groups are older than the events and were not compared.`]
            : []),
          rows.length === 0
            ? `Events up to ${sequence} add up to the table.`
            : `${rows.length} differences. ${options.repair ? repairText(check, isRepaired) : IF_LOST}`,
        ];
        return {
          json: {
            app_id: app,
            sequence,
            differences: found.map(({ missing, ...difference }) => difference),
            older: { users, groups },
            appended,
            ...(appended > 0 && { cause }),
          },
          text: parts.join('\n\n'),
          failed: found.length > 0 && !isRepaired,
        };
      }),
    );
}

const IF_LOST = 'If the relay is not only behind (see its alarm), --repair appends what is missing.';

const repairText = ({ appended, cause }: EventCheck, isRepaired: boolean) =>
  `Appended ${appended} events with the cause ${cause}: ${isRepaired ? 'now both agree' : 'some differences remain'}.`;

/** A difference must last so many looks, each so much later (ms): an event comes within some seconds of its change. */
const LOOKS = 3;
const BETWEEN = 2000;
/** How often a repair begins again because new events came first. */
const ATTEMPTS = 20;

/** The comparison of what the events of an app add up to with its users and groups. */
class EventCheck {
  readonly #table: OperatorTable;
  readonly #bucket: (() => OperatorBucket) | undefined;
  readonly #app: AppId;
  /** What this check appends has this cause. */
  readonly cause = `repair-${randomUUID()}`;
  appended = 0;
  #told: Model = emptyModel();
  #inTable: Model = emptyModel();
  /** The events begin with the app, or with a model that had all of it. */
  #all = true;

  /** @param bucket that of the archive; undefined: only the feed is read */
  constructor(table: OperatorTable, bucket: (() => OperatorBucket) | undefined, app: AppId) {
    this.#table = table;
    this.#bucket = bucket;
    this.#app = app;
  }

  /** Reads all events, then the table. */
  async begin(file: string | undefined): Promise<void> {
    if (file !== undefined && existsSync(file)) {
      const { app_id, model } = JSON.parse(readFileSync(file, 'utf8')) as { app_id: AppId; model: Model };
      if (app_id !== this.#app) throw new Error(`${file} is of app ${app_id}`);
      this.#told = model;
    }
    const after = this.#told.sequence;
    if (this.#bucket)
      for await (const event of eventHistory(this.#table, this.#bucket, this.#app, { after })) this.#fold(event);
    else for await (const event of this.#newer()) this.#fold(event);
    this.#inTable = await tableModel(() => viewOf(this.#table), this.#app);
  }

  /** Events of the feed that were not added up yet. */
  async *#newer(): AsyncGenerator<RosterEvent> {
    for await (const { entries } of readLog(viewOf(this.#table), appLog(this.#app), this.#told.sequence))
      for (const entry of entries) yield eventOf(this.#app, entry);
  }

  #fold(event: RosterEvent): void {
    if (event.cause === this.cause) this.appended++;
    if (Number(event.sequence) > this.#told.sequence + 1) this.#all = false;
    fold(this.#told, event);
  }

  #differences = (): Difference[] => differences(this.#told, this.#inTable, { now: Date.now(), all: this.#all });

  /** Differences that do not go away by events that are only on their way. */
  async compare(): Promise<Difference[]> {
    let lasting = this.#differences();
    for (let look = 1; look < LOOKS && lasting.length > 0; look++) {
      await sleep(BETWEEN);
      await this.#lookAgain(lasting);
      const now = new Set(this.#differences().map(textOf));
      lasting = lasting.filter((difference) => now.has(textOf(difference)));
    }
    return lasting;
  }

  /** Newer events, and the users and groups that they or the differences are about. */
  async #lookAgain(found: readonly Difference[]): Promise<void> {
    const subjects = new Set(found.map(({ subject }) => subject));
    for await (const event of this.#newer()) {
      this.#fold(event);
      subjects.add(event.subject);
    }
    const idsOf = (kind: string) => [
      ...new Set([...subjects].flatMap((text) => (text.startsWith(kind) ? Number(text.split('/')[1]) : []))),
    ];
    await readUsers(viewOf(this.#table), this.#app, idsOf('user/') as UserId[], this.#inTable);
    for (const id of idsOf('group/') as GroupId[]) await readGroup(viewOf(this.#table), this.#app, id, this.#inTable);
  }

  /** Appends what is missing. @returns whether both agree then */
  async repair(found: readonly Difference[]): Promise<boolean> {
    const subjects = new Set(found.map(({ subject }) => subject));
    let lasting = found;
    for (let attempt = 1; attempt <= ATTEMPTS && lasting.length > 0; attempt++) {
      const records = this.#recordsOf(lasting);
      if (records.length === 0) return false;
      await repair(viewOf(this.#table), this.#app, records, this.#told.sequence);
      await this.#lookAgain(found);
      lasting = this.#differences().filter(({ subject }) => subjects.has(subject));
    }
    return lasting.length === 0;
  }

  #recordsOf(found: readonly Difference[]): LostRecord[] {
    const at = Date.now();
    const facts = found.flatMap(({ missing }) =>
      missing.map(
        ([type, data]): Fact => ({
          app: this.#app,
          type,
          data,
          stamp: { type: 'system', cause: this.cause, at, why: {} },
        }),
      ),
    );
    return [...Map.groupBy(facts, (fact) => this.#partitionOf(fact))].map(([partition, facts]) => {
      const group = facts.find(({ type }) => type === 'group.created')?.data as { group_id: number } | undefined;
      const known = group && this.#told.groups[group.group_id];
      return { partition, facts, ...(group && { members: Object.keys(known?.members ?? {}).length }) };
    });
  }

  /** Where the change would have been. */
  #partitionOf({ type, data }: Fact): string {
    const [kind, id, part] = subjectOf(type, data as never).split('/');
    if (kind === 'user') return schema.user.partition(this.#app, Number(id) as UserId);
    const group = Number(id) as GroupId;
    return part === 'member'
      ? schema.groupMembership.partition(this.#app, group)
      : schema.group.partition(this.#app, group);
  }

  /** Keeps the table's model, which is complete, for the next check; and what has ended, of which more may be told late. */
  keep(file: string): void {
    const { sequence, users, groups } = this.#told;
    const ended = <T extends object>(all: { [id: string]: T }, has: (one: T) => boolean) =>
      Object.fromEntries(Object.entries(all).filter(([, one]) => has(one)));
    const model: Model = {
      sequence,
      users: { ...ended(users, ({ status }) => status === 'deleted'), ...this.#inTable.users },
      groups: { ...ended(groups, ({ dissolved }) => dissolved === true), ...this.#inTable.groups },
    };
    writeFileSync(file, JSON.stringify({ app_id: this.#app, model }));
  }

  /** The last event, and how many users and groups are older than the first. */
  get summary(): { sequence: number; users: number; groups: number } {
    const older = (table: object, told: { [id: string]: { complete?: true } }) =>
      this.#all ? 0 : Object.keys(table).filter((id) => !told[id]?.complete).length;
    return {
      sequence: this.#told.sequence,
      users: older(this.#inTable.users, this.#told.users),
      groups: older(this.#inTable.groups, this.#told.groups),
    };
  }
}

const textOf = ({ subject, field, events, table }: Difference) => JSON.stringify([subject, field, events, table]);
