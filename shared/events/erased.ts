import type { EventData, EventType } from './catalogue.ts';
import { subjectOf } from './catalogue.ts';

/** Stands in the place of a user who has been erased. No user ever has this number. */
export const ERASED = 0;

/** Fields of `data` that hold a user id, in events of all types. `test/events/erased.test.ts` compares the catalogue. */
export const PERSON_FIELDS = [
  'user_id',
  'friend_id',
  'blocked_id',
  'inviter_id',
  'by',
  'author',
  'uploader',
  'owner_id',
  'previous_owner_id',
] as const;

/** What names people in an event, as logs keep it and as readers get it. */
interface Naming {
  type: EventType;
  authtype: string;
  authid?: string | undefined;
  subject?: string;
  data: object;
}

const isAuthor = ({ authtype, authid }: Naming, user: number) =>
  (authtype === 'user' || authtype === 'app_as_user') && authid === String(user);

/** The users whom an event names. */
export const usersIn = (event: Naming): number[] => {
  const data = event.data as Record<string, unknown>;
  const named = PERSON_FIELDS.flatMap((field) => (typeof data[field] === 'number' ? [data[field]] : []));
  const author = Number(event.authid);
  return isAuthor(event, author) ? [...named, author] : named;
};

/** The event with nobody in the place of the user: its number, order and type stay. The same one where it names others. */
export function withoutUser<E extends Naming>(event: E, user: number): E {
  if (!usersIn(event).includes(user)) return event;
  const was = event.data as Record<string, unknown>;
  const data = { ...was };
  for (const field of PERSON_FIELDS) if (was[field] === user) data[field] = ERASED;
  if (was.user_id === user && 'username' in was) data.username = '';
  return {
    ...event,
    data,
    ...(isAuthor(event, user) && { authid: String(ERASED) }),
    ...(event.subject !== undefined && { subject: subjectOf(event.type, data as EventData[EventType]) }),
  };
}
