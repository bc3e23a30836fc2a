import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../../data/webhook-repo.ts';
import type { EventPattern, RosterEvent } from '../../events/catalogue.ts';
import type { AppId, GroupId } from '../../ids.ts';
import type { QueueMessage } from '../../messaging/queue-repo.ts';
import type { EventEntry } from './entry.ts';
import { wants } from './filter.ts';

/** What the queue holds: an event on its way to one endpoint. */

/** The type of the event that `/event/endpoint/test` sends. The feed has no such type, and no event of number 0. */
export const TEST_TYPE = 'endpoint.test';
export const NO_SEQUENCE = '0'.padStart(16, '0');

/** An event of the feed, or a test: an event of another type about the endpoint. */
export type SentEvent = Pick<RosterEvent, 'id' | 'subject' | 'sequence'> & { type: string };

/** The body of a message. */
export interface Queued {
  app: AppId;
  endpoint: string;
  event: SentEvent;
}

/** Whether the endpoint gets the event. */
export const isFor = ({ types, group, enabled }: Endpoint, event: Pick<EventEntry, 'type' | 'data'>): boolean =>
  enabled &&
  wants(
    {
      types: types.length > 0 ? (types as EventPattern[]) : undefined,
      group_id: group === 0 ? undefined : (group as GroupId),
    },
    event,
  );

/**
 * The message of an event for an endpoint. Events of one group, and those of one user, come in their order.
 * @param again sends it although the queue may have taken it within the last minutes
 */
export function messageFor(app: AppId, endpoint: string, event: SentEvent, again = false): QueueMessage {
  const [kind, id = ''] = event.subject.split('/');
  const queued: Queued = { app, endpoint, event };
  return {
    body: JSON.stringify(queued),
    group: `${endpoint}/${kind}/${id}`,
    deduplicationId: `${endpoint}/${event.id}${again ? `/${randomBytes(6).toString('hex')}` : ''}`,
  };
}
