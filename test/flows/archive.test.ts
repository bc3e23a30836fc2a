import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Context } from 'aws-lambda';
import { describe, expect, vi } from 'vitest';
import { handler } from '../../functions/background/archive.ts';
import { LOCAL_ACCOUNT, LOCAL_CREDENTIALS, LOCAL_REGION } from '../../infra/local/aws.ts';
import { functionNameOf } from '../../infra/names.ts';
import { archivedEvents } from '../../shared/domain/app/event-history.ts';
import type { RosterEvent } from '../../shared/events/catalogue.ts';
import { eventsAreTold, type Feed, relayed } from '../support/events.ts';
import { laptopStack } from '../support/stack.ts';
import { type Given, inBothWorlds } from '../support/story.ts';

/** A run of the archive as its schedule would start it in two hours, when the hour of the story is over. */
async function archiveLater({ world: { conflicts } }: Given): Promise<void> {
  const later = new Date(Date.now() + 2 * 3_600_000);
  if (conflicts) {
    const context = { awsRequestId: 'run', getRemainingTimeInMillis: () => 60_000 } as Context;
    return handler({ time: later.toISOString() }, context);
  }
  const { eventbridge_endpoint: endpoint } = await laptopStack();
  const client = new EventBridgeClient({ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  const rule = `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:rule/${functionNameOf('local', 'background/archive')}`;
  const entry = { Source: 'aws.events', DetailType: 'Scheduled Event', Detail: '{}', Resources: [rule], Time: later };
  const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  expect(FailedEntryCount).toBe(0);
}

async function archived({ app, world: { bucket } }: Given): Promise<RosterEvent[]> {
  const events: RosterEvent[] = [];
  for await (const event of archivedEvents(bucket, app)) events.push(event);
  return events;
}

describe('The archive of events', () => {
  inBothWorlds('The archive', (story) => {
    story('once an hour is over, its events lie in the bucket as the feed has them', async (given) => {
      await eventsAreTold(given);
      const [alice, bob] = await given.users(2);
      const { group_id } = await alice!.does('POST /group/create', { name: 'Friends', user_list: [bob!.id] });
      await alice!.does('POST /group/kick', { group_id, user_list: [bob!.id] });
      await relayed(given);
      const { body } = await given.admin().asks('GET /event/list', { limit: 1000 });
      await archiveLater(given);
      const { data } = body as unknown as Feed;
      expect(data.map(({ type }) => type)).toContain('group.member.removed');
      await vi.waitFor(async () => expect(await archived(given)).toEqual(data), { timeout: 10_000 });
    });
  });
});
