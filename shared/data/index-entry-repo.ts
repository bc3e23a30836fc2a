import type { AppId, GroupId, UserId } from '../ids.ts';
import type { Key } from './entity.ts';
import { absent, all, equal } from './expression.ts';
import { indexedName, usernameKey } from './keys.ts';
import type { Get, Item } from './read.ts';
import * as schema from './schema.ts';
import { check, type Step, update } from './step.ts';

/**
 * Entries of usernames and groups in the global index. Items that an earlier release has written have none: `migrate` adds
 * them, and `doctor` looks whether any are missing.
 */

/** What adds the entry of an item; none where it has one, or needs none. Refused where the item changes meanwhile. */
export function missingEntry(item: Item & Key): Step[] {
  if (item.gsi1pk !== undefined) return [];
  const key = { pk: item.pk, sk: item.sk };
  const [, app = '', , name = ''] = item.pk.split('#');
  if (schema.username.has(key)) {
    const user = item.user as UserId;
    const entry = schema.username.gsi1(app as AppId, indexedName(name), user);
    return [update(key, { set: entry }, all(equal('user', user), absent('gsi1pk')))];
  }
  const group = Number(item.pk.split('#')[2]) as GroupId;
  if (schema.group.has(key) && item.status === 'normal') {
    const entry = schema.group.gsi1(app as AppId, item.createdAt as number, group);
    return [update(key, { set: entry }, equal('status', 'normal'))];
  }
  if (!schema.groupInfo.has(key)) return [];
  const entry = schema.groupInfo.gsi1(app as AppId, indexedName(String(item.name)), group);
  return [
    update(key, { set: entry }, all(equal('name', item.name), absent('gsi1pk'))),
    // The name of a dissolved group stays out.
    check(schema.group.key(app as AppId, group), equal('status', 'normal')),
  ];
}

/** Whether the entry of a username is missing. */
export const lacksNameEntry = (app: AppId, username: string): Get<boolean> => lacksEntry(usernameKey(app, username));
/** Whether those of a group are: by its age, and by its name. A dissolved one has none. */
export const lacksGroupEntries = (app: AppId, group: GroupId): Get<boolean>[] =>
  [schema.group, schema.groupInfo].map((kind) => lacksEntry(kind.key(app, group)));

const lacksEntry = (key: Key): Get<boolean> => ({
  get: key,
  parse: (item) => item !== undefined && item.gsi1pk === undefined && item.status !== 'dissolved',
});
