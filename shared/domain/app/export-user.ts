import { appOf } from '../../data/app-repo.ts';
import { type OperatorTable, scanned, viewOf } from '../../data/operator-queries.ts';
import { profileOf } from '../../data/profile-repo.ts';
import { checkKnown, locate, type Person, recordAbout } from '../../data/trace-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { RosterEvent } from '../../events/catalogue.ts';
import { usersIn } from '../../events/erased.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import { avatarKeys, type OperatorBucket, objectKey, writtenAt } from '../../storage/operator-object-repo.ts';
import { parseAvatarAddress } from '../file/address.ts';
import { appNamed } from './apps.ts';
import { eventHistory } from './event-history.ts';

/** A piece of what is stored about a person. */
export type Exported =
  | { is: 'record'; record: Record<string, unknown> & { kind: string } }
  | { is: 'event'; event: RosterEvent }
  /** An object of the bucket, to be copied to this place. */
  | { is: 'object'; key: string; path: string }
  | { is: 'progress'; items: number; units: number };

/**
 * All that is stored about a user, found by reading the whole table, then the events of the app. In memory is one page
 * at a time.
 * @throws ApiError appMissing, userMissing
 */
export async function* exportUser(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  user: UserId,
  rate: number,
): AsyncGenerator<Exported> {
  await appNamed(viewOf(table), app);
  const { record, profile } = await viewOf(table).read({
    app: appOf(app),
    record: userOf(app, user),
    profile: profileOf(app, user),
  });
  if (!record) throw new ApiError('userMissing', `app "${app}" has no user ${user}`);
  const person: Person = { app, user, names: [] };
  const avatar = parseAvatarAddress(URL.parse(profile?.avatar ?? '')?.searchParams.get('object_name') ?? '');
  const [served] = avatar === undefined ? [] : avatarKeys(app, avatar);
  if (served !== undefined && (await writtenAt(bucket, served)) !== undefined)
    yield { is: 'object', key: served, path: 'objects/avatar' };
  for await (const { items, units } of scanned(table, rate)) {
    for (const item of items) {
      checkKnown(item, app);
      const found = recordAbout(item, person, Date.now());
      if (!found) continue;
      yield { is: 'record', record: found as Record<string, unknown> & { kind: string } };
      const { places } = locate(item)!;
      if (found.kind === 'file' && item.uploader === user && typeof item.object === 'string') {
        const group = Number(places.group) as GroupId;
        const key = objectKey(app, group, item.object);
        if ((await writtenAt(bucket, key)) !== undefined)
          yield { is: 'object', key, path: `objects/group-${group}-file-${Number(places.number)}` };
      }
    }
    yield { is: 'progress', items: items.length, units };
  }
  for await (const event of eventHistory(table, () => bucket, app))
    if (usersIn(event).includes(user)) yield { is: 'event', event };
}
