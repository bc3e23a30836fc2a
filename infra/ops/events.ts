import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { appLog, openEventsOf } from '../../shared/data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { appNamed } from '../../shared/domain/app/apps.ts';
import { eventHistory } from '../../shared/domain/app/event-history.ts';
import { type ForgottenEvents, forgetUsername } from '../../shared/domain/app/forget-events.ts';
import { eventOf } from '../../shared/domain/event/entry.ts';
import { wants } from '../../shared/domain/event/filter.ts';
import { readLog } from '../../shared/domain/event/log-pages.ts';
import { Unavailable } from '../../shared/errors.ts';
import type { EventPattern, RosterEvent } from '../../shared/events/catalogue.ts';
import type { AppId, GroupId, UserId } from '../../shared/ids.ts';
import type { Answering, Output, Printing } from './answer.ts';
import { appId, eventTypes, numberOrZero, wholeNumber } from './arguments.ts';
import { findBucket } from './bucket.ts';
import { addEventCheckCommand } from './event-check.ts';
import { lineOf } from './event-line.ts';
import { Forwarder, secretArgument } from './forwarder.ts';
import { Progress } from './progress.ts';
import type { Place } from './table.ts';
import { endpointId, redeliverAll } from './webhooks.ts';

/** Time between two looks for new events, and after a fault of the database (ms). */
const LOOK_AGAIN = 500;
const AFTER_FAULT = 5000;

interface ListenOptions extends Place {
  types?: EventPattern[];
  group?: GroupId;
  user?: UserId;
  after?: number;
  forwardTo?: URL;
  secret?: string;
  json?: true;
}

interface ReplayOptions extends Place {
  from: number;
  to: number;
  forwardTo?: URL;
  endpoint?: string;
  secret?: string;
  bucket?: string;
  json?: true;
}

/** `events …`: shows events as they happen, sends them again, removes names from them, and adds them up. */
export function addEventCommands(program: Command, printing: Printing, answering: Answering) {
  const events = program
    .command('events')
    .description('show events as they happen, send them again, remove names from them, add them up');

  events
    .command('listen')
    .description('show the events of an app as they happen, until Ctrl-C')
    .argument('<app>', 'id of the app', appId)
    .option('--types <types>', 'only these types, such as group.member.*,user.created', eventTypes)
    .option('--group <id>', 'only events about this group', wholeNumber<GroupId>)
    .option('--user <id>', 'only events about this user', wholeNumber<UserId>)
    .option('--after <sequence>', 'begin after the event with this number (default: the newest)', numberOrZero)
    .option('--forward-to <url>', 'post each event to this address, signed as a webhook', addressArgument)
    .option('--secret <secret>', 'sign with this secret (default: a new one)', secretArgument)
    .action(
      printing<[AppId], ListenOptions>(async (table, [app], options, output) => {
        await appNamed(viewOf(table), app);
        const stop = new AbortController();
        const interrupt = () => stop.abort();
        process.once('SIGINT', interrupt);
        process.once('SIGTERM', interrupt);
        try {
          return await listen(table, app, options, output, stop.signal);
        } finally {
          process.off('SIGINT', interrupt);
          process.off('SIGTERM', interrupt);
        }
      }),
    );

  events
    .command('replay')
    .description('send past events again, to an address or an endpoint, in order, signed as webhooks')
    .argument('<app>', 'id of the app', appId)
    .option('--forward-to <url>', 'post them to this address; stops at the first that is not taken', addressArgument)
    .option('--endpoint <id>', 'put them into the queue of this endpoint, as webhooks redeliver does', endpointId)
    .option('--from <sequence>', 'number of the first event (default: the oldest)', wholeNumber<number>, 1)
    .option(
      '--to <sequence>',
      'number of the last event (default: the newest)',
      wholeNumber<number>,
      Number.MAX_SAFE_INTEGER,
    )
    .option('--secret <secret>', 'sign with this secret (default: a new one)', secretArgument)
    .option('--bucket <name>', 'bucket on AWS, for events in the archive: output BucketName of the data stack')
    .action(
      printing<[AppId], ReplayOptions>(async (table, [app], options, output) => {
        const { from, to, forwardTo, endpoint, secret } = options;
        await appNamed(viewOf(table), app);
        if (endpoint !== undefined && forwardTo === undefined) {
          const queued = await redeliverAll(table, app, endpoint, { from, to, failed: false }, options);
          output.note(`${queued} events are on their way to ${endpoint}.`);
          return {};
        }
        if (!forwardTo || endpoint !== undefined) throw new Error('give --forward-to or --endpoint');
        const forwarder = new Forwarder(forwardTo, secret, output.note);
        let sent = 0;
        for await (const event of eventHistory(table, () => findBucket(options), app, { after: from - 1 })) {
          const number = Number(event.sequence);
          if (number > to) break;
          show(event, options, output);
          if (!(await forwarder.send(event))) {
            output.note(`Sent ${sent} events. Go on with --from ${number}.`);
            return { failed: true };
          }
          sent++;
        }
        output.note(`Sent ${sent} events.`);
        return {};
      }),
    );

  events
    .command('forget')
    .description('remove the username of a deleted user from the events in feed and archive; may be run again')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id of the deleted user', wholeNumber<UserId>)
    .option('--after <sequence>', 'go on after the event with this number', numberOrZero, 0)
    .option('--rate <number>', 'pages and objects read per second at most', wholeNumber<number>, 200)
    .option('--bucket <name>', 'bucket on AWS: output BucketName of the data stack')
    .action(
      answering<[AppId, UserId], Place & { after: number; rate: number; bucket?: string }>(
        async (table, [app, user], { after, rate, ...place }) => {
          await appNamed(viewOf(table), app);
          const bucket = findBucket(place);
          const progress = new Progress(undefined);
          let done: ForgottenEvents | undefined;
          try {
            for await (done of forgetUsername(table, bucket, app, user, { after, rate }))
              progress.show(done.pages + done.objects, 'pages and objects read');
          } finally {
            progress.end();
            bucket.client.destroy();
          }
          const {
            pages = 0,
            pagesRewritten = 0,
            objects = 0,
            objectsRewritten = 0,
            deliveries = 0,
            events = 0,
          } = done ?? {};
          return {
            json: {
              app_id: app,
              user_id: user,
              events,
              feed: { pages, rewritten: pagesRewritten },
              archive: { objects, rewritten: objectsRewritten },
              failed_deliveries: deliveries,
            },
            text: `Removed the username from ${events} events of user ${user}: rewrote ${pagesRewritten} of ${pages} pages of the feed and ${objectsRewritten} of ${objects} objects of the archive, and ${deliveries} failed deliveries.`,
          };
        },
      ),
    );

  addEventCheckCommand(events, answering);
}

const show = (event: RosterEvent, { json }: { json?: true }, { print }: Output) =>
  print(json ? JSON.stringify(event) : lineOf(event));

async function listen(
  table: OperatorTable,
  app: AppId,
  options: ListenOptions,
  output: Output,
  signal: AbortSignal,
): Promise<{ failed?: boolean }> {
  const { types, group, user, forwardTo, secret } = options;
  const filter = { types, group_id: group, user_id: user };
  const forwarder = forwardTo && new Forwarder(forwardTo, secret, output.note, signal);
  const newest = async () => (await viewOf(table).read(openEventsOf(app)))?.last ?? 0;
  let last = options.after ?? (await newest());
  output.note(`Listening to app ${app} after event ${last}. Ctrl-C ends it.`);
  while (!signal.aborted) {
    try {
      for await (const { entries, lost } of readLog(viewOf(table), appLog(app), last)) {
        if (lost > 0) output.note(`${lost} events after ${last} are no longer in the feed.`);
        for (const entry of entries) {
          if (signal.aborted) break;
          const event = eventOf(app, entry);
          if (wants(filter, event)) {
            show(event, options, output);
            if (forwarder && !(await forwarder.send(event)) && forwarder.gone) return { failed: true };
          }
          if (!signal.aborted) last = entry.sequence;
        }
        if (signal.aborted) break;
      }
      await sleep(LOOK_AGAIN, undefined, { signal }).catch(() => {});
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      output.note(`${error.message}: trying again`);
      await sleep(AFTER_FAULT, undefined, { signal }).catch(() => {});
    }
  }
  output.note(`Stopped. To go on: --after ${last}`);
  return {};
}

function addressArgument(text: string): URL {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new InvalidArgumentError('Give an address such as http://127.0.0.1:3000/hook.');
  return url;
}
