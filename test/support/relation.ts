import type { Person } from './story.ts';

/** What the other user is to the first: see `relation` of `GET /roster/id`. */
export const relation = async (one: Person, other: Person): Promise<number> =>
  (await one.does('GET /roster/id', { user_id: other.id })).relation;
