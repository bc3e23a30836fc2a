import type { Command } from 'commander';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { appNamed } from '../../shared/domain/app/apps.ts';
import { eventHistory } from '../../shared/domain/app/event-history.ts';
import { wants } from '../../shared/domain/event/filter.ts';
import type { EventPattern } from '../../shared/events/catalogue.ts';
import type { AppId, GroupId, UserId } from '../../shared/ids.ts';
import type { Printing } from './answer.ts';
import { appId, eventTypes, pastTime, wholeNumber } from './arguments.ts';
import { findBucket } from './bucket.ts';
import { lineOf } from './event-line.ts';
import type { Place } from './table.ts';

interface AuditOptions extends Place {
  user?: UserId;
  group?: GroupId;
  by?: string;
  since?: number;
  until?: number;
  type?: EventPattern[];
  bucket?: string;
  json?: true;
}

/** `audit`: who did what, when, by which call. */
export function addAuditCommand(program: Command, printing: Printing) {
  program
    .command('audit')
    .description('show who did what, when, by which call: from the archive what is older than the feed, then the feed')
    .argument('<app>', 'id of the app', appId)
    .option('--user <id>', 'events about this user', wholeNumber<UserId>)
    .option('--group <id>', 'events about this group', wholeNumber<GroupId>)
    .option('--by <id>', 'events caused by this user, admin token or operator')
    .option('--since <time>', 'events from this time on, such as 7d or 2026-11-29T08:00Z', pastTime)
    .option('--until <time>', 'events before this time', pastTime)
    .option('--type <types>', 'events of these types, such as group.member.removed or group.*', eventTypes)
    .option('--bucket <name>', 'bucket on AWS, for events in the archive: output BucketName of the data stack')
    .action(
      printing<[AppId], AuditOptions>(async (table, [app], options, { print, note }) => {
        const { user, group, by, since, until, type, json } = options;
        await appNamed(viewOf(table), app);
        const filter = { types: type, group_id: group, user_id: user };
        let shown = 0;
        for await (const event of eventHistory(table, () => findBucket(options), app, { since, until })) {
          if (!wants(filter, event) || (by !== undefined && event.authid !== by)) continue;
          print(json ? JSON.stringify(event) : lineOf(event));
          shown++;
        }
        note(shown === 1 ? '1 event' : `${shown} events`);
        return {};
      }),
    );
}
