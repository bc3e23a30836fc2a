import { unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import { demandListed, newestFirst, ROSTER_READ } from './roster.ts';

export const listFriendRequests: Command = {
  op: 'roster/apply/list',
  weight: 2,
  freeWeight: 1,
  errors: [],
  draw: ({ anyone }) => ({ op: 'roster/apply/list', actor: anyone, group: 0 }),
  request: () => ['GET /roster/apply/list', {}],
  permitted: () => unchanged,
  succeeded: ({ actor = 0 }, success) =>
    demandListed(success, (moment) =>
      moment
        .contacts(actor)
        .filter(({ contact }) => contact.requestedAt !== undefined)
        .sort(newestFirst('requestedAt'))
        .map(
          ({ other, contact: { requestReason: reason, requestStatus: status, requestExpiresAt: expired_time } }) => ({
            user_id: other,
            reason,
            status,
            expired_time,
          }),
        ),
    ),
  ...ROSTER_READ,
};
