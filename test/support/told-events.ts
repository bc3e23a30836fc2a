import { DynamoDBDocument, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { LaptopDescription } from '../../infra/laptop/roster.ts';
import { localClient } from '../../infra/local/dynamodb-local.ts';
import { type EventPage, entriesOf, firstOf } from '../../shared/data/log-repo.ts';
import { type EventEntry, eventOf } from '../../shared/domain/event/entry.ts';
import { eventSchema } from '../../shared/events/catalogue.ts';
import type { AppId } from '../../shared/ids.ts';

type Page = EventPage & { pk: string };

/**
 * What is wrong with the events of all apps of a laptop stack: of each, the catalogue knows the type and its data, and
 * numbers have no gap. @returns how many events there are, and a sentence for each problem
 */
export async function toldEvents({ dynamodb_endpoint, table_name }: LaptopDescription) {
  const client = DynamoDBDocument.from(localClient(dynamodb_endpoint));
  const pages: Page[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const answer = await client.send(
      new ScanCommand({
        TableName: table_name,
        ConsistentRead: true,
        FilterExpression: 'begins_with(pk, :log)',
        ExpressionAttributeValues: { ':log': 'V#' },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    pages.push(...((answer.Items ?? []) as Page[]));
    from = answer.LastEvaluatedKey;
  } while (from);
  client.destroy();
  const problems: string[] = [];
  let events = 0;
  for (const [app, own] of Map.groupBy(pages, ({ pk }) => pk.split('#')[1] as AppId)) {
    let next: number | undefined;
    for (const page of own.filter(({ count }) => count > 0).sort((one, other) => one.last - other.last)) {
      // A story may have removed what is old.
      if (firstOf(page) !== (next ?? firstOf(page))) problems.push(`app ${app} has no event ${next}`);
      next = page.last + 1;
      for (const entry of entriesOf<EventEntry>(page)) {
        events++;
        const event = eventOf(app, entry);
        const { success, error } = eventSchema(entry.type).safeParse(event);
        if (!success) problems.push(`${JSON.stringify(event)}: ${error.message}`);
      }
    }
  }
  return { events, problems };
}
