import { unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import { demandListed, isBlocked, newestFirst, ROSTER_READ } from './roster.ts';

export const listBlocked: Command = {
  op: 'roster/blocked_list',
  weight: 1.5,
  freeWeight: 1,
  errors: [],
  draw: ({ anyone }) => ({ op: 'roster/blocked_list', actor: anyone, group: 0 }),
  request: () => ['GET /roster/blocked_list', {}],
  permitted: () => unchanged,
  succeeded: ({ actor = 0 }, success) =>
    demandListed(success, (moment) =>
      moment
        .contacts(actor)
        .filter(({ contact }) => isBlocked(contact))
        .sort(newestFirst('blockedAt'))
        .map(({ other }) => other),
    ),
  ...ROSTER_READ,
};
