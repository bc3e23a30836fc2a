import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { transact } from '../../shared/call/transact.ts';
import { limitsOf } from '../../shared/data/app-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { ENDPOINT_ID } from '../../shared/data/webhook-repo.ts';
import { appNamed } from '../../shared/domain/app/apps.ts';
import {
  createEndpoint,
  deleteEndpoint,
  type EndpointView,
  type endpointReply,
  listEndpoints,
  rotateSecret,
  setEndpoint,
} from '../../shared/domain/event/endpoints.ts';
import { listAttempts, redeliver, sendTest } from '../../shared/domain/event/redelivery.ts';
import type { AppId } from '../../shared/ids.ts';
import { webhookQueueNameOf } from '../names.ts';
import { type Answering, aligned, shownTime } from './answer.ts';
import { appId, eventPatterns, numberOrZero, timeSpan } from './arguments.ts';
import { queueSender } from './queue.ts';
import { type Place, runningStack } from './table.ts';

type Reply = ReturnType<typeof endpointReply>;

/** What `create` and `update` take. */
interface Fields {
  types?: string[];
  group?: number;
  description?: string;
}

/** `webhooks …`: endpoints to which an app's events are sent. */
export function addWebhookCommands(program: Command, answering: Answering) {
  const webhooks = program.command('webhooks').description('send the events of an app to HTTP endpoints');
  const command = (name: string, description: string) =>
    webhooks.command(name).description(description).argument('<app>', 'id of the app', appId);
  const onEndpoint = (name: string, description: string) =>
    command(name, description).argument('<endpoint>', 'id of the endpoint', endpointId);
  const choosing = (added: Command) =>
    added
      .option('--types <types>', 'types of events, such as group.member.removed,user.*; "" for all', typesArgument)
      .option('--group <id>', 'only events of this group; 0 for all', numberOrZero)
      .option('--description <text>', 'what the endpoint is for');

  choosing(command('create', 'create an endpoint; its secret is shown only once').argument('<url>', 'https://…'))
    .option('--disabled', 'send nothing yet')
    .action(
      answering<[AppId, string], Fields & Place & { disabled?: true }>(async (table, [app, url], options) => {
        const { types = [], group = 0, description = '', disabled } = options;
        const view = await viewOn(table, app, options);
        const given = { url, types, group_id: group, description, enabled: !disabled };
        const made = await createEndpoint(view, given);
        const text = `${shown([made])}\n\nSecret: ${made.secret}\nIt is not shown again. Verify each request with it.`;
        return { json: made, text };
      }),
    );

  command('list', 'list the endpoints of an app').action(
    answering<[AppId], Place>(async (table, [app], options) => {
      const endpoints = await listEndpoints(await viewOn(table, app, options));
      const text = endpoints.length > 0 ? shown(endpoints) : `App ${app} has no endpoints.`;
      return { json: { app_id: app, endpoints }, text };
    }),
  );

  choosing(onEndpoint('update', 'change an endpoint'))
    .option('--url <url>', 'where events are sent to')
    .option('--enable', 'send events again, from now on')
    .option('--disable', 'send nothing more, and drop what waits')
    .action(
      answering<[AppId, string], Fields & Place & { url?: string; enable?: true; disable?: true }>(
        async (table, [app, endpoint], options) => {
          const { types, group: group_id, description, url, enable, disable } = options;
          if (enable && disable) throw new Error('--enable cannot be combined with --disable');
          const enabled = enable ?? (disable && false);
          const view = await viewOn(table, app, options);
          const changed = await setEndpoint(view, endpoint, { types, group_id, description, url, enabled });
          return { json: changed, text: shown([changed]) };
        },
      ),
    );

  onEndpoint('delete', 'delete an endpoint, and drop what waits for it').action(
    answering<[AppId, string], Place>(async (table, [app, endpoint], options) => {
      await deleteEndpoint(await viewOn(table, app, options), endpoint);
      return { json: { endpoint_id: endpoint, deleted: true }, text: `Endpoint ${endpoint} of app ${app} is deleted.` };
    }),
  );

  onEndpoint('rotate', 'give an endpoint a new secret, which is shown only once')
    .option('--keep <span>', 'how long the secret before it signs too, such as 12h or 0m', keptSpan, 86_400)
    .action(
      answering<[AppId, string], Place & { keep: number }>(async (table, [app, endpoint], options) => {
        const made = await rotateSecret(await viewOn(table, app, options), endpoint, options.keep);
        const until = `The one before it is valid until ${shownTime(made.previous_expires_at * 1000)}.`;
        return { json: made, text: `Secret: ${made.secret}\nIt is not shown again. ${until}` };
      }),
    );

  onEndpoint('test', 'send a test event, once').action(
    answering<[AppId, string], Place>(async (table, [app, endpoint], options) => {
      const view = await viewOn(table, app, options);
      const sent = await sendTest(view, endpoint);
      return {
        json: { endpoint_id: endpoint, ...sent },
        text: `Event ${sent.event_id} is on its way: see webhooks deliveries ${app} ${endpoint}.`,
      };
    }),
  );

  onEndpoint('deliveries', 'list the last attempts to send events')
    .option('--limit <count>', 'at most so many, up to 1000', numberOrZero, 20)
    .action(
      answering<[AppId, string], Place & { limit: number }>(async (table, [app, endpoint], options) => {
        const limit = Math.min(1000, Math.max(1, options.limit));
        const attempts = await listAttempts(await viewOn(table, app, options), endpoint, limit);
        const rows = attempts.map((one) => [
          one.time,
          one.sequence,
          one.type,
          String(one.attempt),
          one.delivered ? 'delivered' : one.next_attempt_at ? 'again' : 'failed',
          one.status ? String(one.status) : one.error,
          `${one.ms} ms`,
          one.answer.replaceAll(/\s+/g, ' ').slice(0, 60),
        ]);
        const headings = ['time', 'sequence', 'type', 'attempt', 'outcome', 'status', 'took', 'answer'];
        const text =
          rows.length > 0 ? aligned(rows, headings) : 'Nothing was sent to this endpoint in the last 3 days.';
        return { json: { endpoint_id: endpoint, attempts }, text };
      }),
    );

  onEndpoint('redeliver', 'send events again: one, a range, or what has failed')
    .option('--sequence <number>', 'this event', numberOrZero)
    .option('--from <number>', 'events from this number on', numberOrZero)
    .option('--to <number>', 'up to this number', numberOrZero)
    .option('--failed', 'only what has failed for good')
    .action(
      answering<[AppId, string], Place & { sequence?: number; from?: number; to?: number; failed?: true }>(
        async (table, [app, endpoint], options) => {
          const { sequence, from, to, failed = false } = options;
          if (sequence === undefined && from === undefined && !failed)
            throw new Error('give --sequence, --from or --failed');
          const range = { from: sequence ?? from, to: sequence ?? to, failed };
          const sent = await redeliverAll(table, app, endpoint, range, options);
          return { json: { endpoint_id: endpoint, sent }, text: `${sent} events are on their way to ${endpoint}.` };
        },
      ),
    );
}

/** Sends events to an endpoint again, all of a range. @returns how many */
export async function redeliverAll(
  table: OperatorTable,
  app: AppId,
  endpoint: string,
  { from = 1, to, failed }: { from?: number | undefined; to?: number | undefined; failed: boolean },
  place: Place,
): Promise<number> {
  const send = queueSender(place, webhookQueueNameOf);
  let sent = 0;
  let next: number | undefined = from;
  while (next !== undefined) {
    // Each part as a call of its own, so that nothing is cut off.
    const part = await redeliver(await viewOn(table, app, place, send), endpoint, { from: next, to, failed });
    sent += part.sent;
    next = part.next === undefined ? undefined : Number(part.next);
  }
  return sent;
}

/** The app as its endpoints are managed by an operator. */
async function viewOn(
  table: OperatorTable,
  app: AppId,
  place: Place,
  send = queueSender(place, webhookQueueNameOf),
): Promise<EndpointView> {
  const db = viewOf(table);
  return {
    db,
    app,
    limits: limitsOf(await appNamed(db, app)),
    now: Date.now(),
    loopback: runningStack(place) !== undefined,
    send,
    open: (reads) => db.read(reads),
    transact: (reads, decide) => transact(db, reads, decide),
  };
}

function shown(endpoints: readonly Reply[]): string {
  const rows = endpoints.map((one) => [
    one.endpoint_id,
    one.enabled ? 'enabled' : one.disabled_because ? `disabled: ${one.disabled_because}` : 'disabled',
    one.types.join(',') || 'all types',
    one.group_id === 0 ? 'all groups' : `group ${one.group_id}`,
    shownTime(one.failing_since * 1000),
    one.url,
    one.description,
  ]);
  return aligned(rows, ['id', 'state', 'types', 'groups', 'failing since', 'url', 'description']);
}

/** Parses the id of an endpoint. */
export function endpointId(text: string): string {
  if (!ENDPOINT_ID.test(text))
    throw new InvalidArgumentError('An endpoint id has 16 hexadecimal digits: see webhooks list.');
  return text;
}

/** Parses types separated by commas; none: all types. */
const typesArgument = (text: string) => eventPatterns(text.split(',').flatMap((type) => type.trim() || []));

const LONGEST_KEPT = 7 * 86_400;
/** Seconds. */
function keptSpan(text: string): number {
  const seconds = timeSpan(text) / 1000;
  if (seconds > LONGEST_KEPT) throw new InvalidArgumentError('The old secret is kept for 7 days at most.');
  return seconds;
}
