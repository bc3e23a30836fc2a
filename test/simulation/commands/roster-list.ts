import { unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import { demandListed, isBlocked, isFriend, newestFirst, ROSTER_READ } from './roster.ts';

export const listFriends: Command = {
  op: 'roster/list',
  weight: 3,
  freeWeight: 2,
  errors: [],
  draw: ({ anyone }) => ({ op: 'roster/list', actor: anyone, group: 0 }),
  request: () => ['GET /roster/list', {}],
  permitted: () => unchanged,
  succeeded: ({ actor = 0 }, success) =>
    demandListed(success, (moment) =>
      moment
        .contacts(actor)
        .filter(({ contact }) => isFriend(contact) && !isBlocked(contact))
        .sort(newestFirst('friendAt'))
        .reverse()
        .map(({ other }) => other),
    ),
  ...ROSTER_READ,
};
