import { isFriend, isWaiting } from './commands/roster.ts';
import type { Run } from './run.ts';

/**
 * What deleted users still are to others after the background has done its jobs. Blocks of the others may stay, and the
 * mark of a friendship that a user ended before its deletion.
 */
export function leftOfDeleted({ model, users }: Run): string[] {
  const moment = model.at(model.version);
  const isDeleted = (id: number) => moment.user(id)?.status === 'deleted';
  return users.flatMap(({ id }) =>
    moment.contacts(id).flatMap(({ other, contact }) => {
      if (isDeleted(id)) return `${id} is deleted and has a contact ${other}`;
      const isKnown = isFriend(contact) || isWaiting(contact);
      return isDeleted(other) && isKnown ? `${id} is a friend of ${other}, who is deleted, or has its request` : [];
    }),
  );
}
