import { expect, test } from 'vitest';
import { type Image, itemBytes } from '../../infra/local/units.ts';
import * as schema from '../../shared/data/schema.ts';
import { ENTITIES, INDEX_BYTES, projectedBy } from '../../shared/data/schema.ts';
import type { LocalIndexName } from '../../shared/data/table.ts';
import { MAXIMUMS } from '../../shared/limits.ts';
import { appId, groupId, userId } from '../support/ids.ts';
import { largest, wide } from '../support/largest.ts';

const ID = Number.MAX_SAFE_INTEGER;
const APP = appId('a'.repeat(64));
const [USER, GROUP] = [userId(ID), groupId(ID)];
const MOST_BYTES: Record<string, number> = {
  ...INDEX_BYTES,
  ...Object.fromEntries(
    Object.entries(ENTITIES).flatMap(([name, { entity }]) => (entity.shape.bytes ? [[name, entity.shape.bytes]] : [])),
  ),
};

test('no item is larger than the size that reads are planned with, and none is much smaller', () => {
  const of = largest(APP, wide, 9_999_999_999_998);
  const inIndex = (index: LocalIndexName, item: Image) => {
    const names = new Set<string>(['pk', 'sk', `${index}sk`, ...(projectedBy(index) ?? [])]);
    return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
  };
  const [, announcementText] = of.announcement(GROUP, ID);
  // A short one takes more than the first item of a long one.
  const short = of.announcement(GROUP, ID, 'x'.repeat(1800 - Buffer.byteLength(wide(256))));
  expect(short).toHaveLength(1);
  const items: Record<string, object> = {
    'group info': of.groupInfo(GROUP),
    'group text': of.groupText(GROUP),
    'group membership': of.member(GROUP, USER),
    'user membership': of.userMembership(USER, GROUP),
    application: of.application(GROUP, USER),
    contact: of.contact(USER, USER),
    listedContact: inIndex('lsi3', of.contact(USER, USER)),
    'contact ext': of.contactExt(USER, USER),
    invitation: of.invitation(USER, GROUP, USER),
    counted: inIndex('lsi2', of.invitation(USER, GROUP, USER)),
    announcement: short[0]!,
    'announcement text': announcementText!,
    file: of.file(GROUP, ID),
    'public group': of.publicGroup(GROUP),
    'dissolved group': schema.dissolvedGroup.key(APP, GROUP),
    'cleaned group': { ...schema.cleanedGroup.key(APP, 9_999_999_999_998, GROUP), ttl: 9_999_999_999 },
    'directory entry': of.directoryEntry(USER),
    'directory counts': of.directoryCounts(9999),
    device: of.device(USER, ID),
    profile: of.profile(USER),
    settings: of.settings(USER),
    tags: of.tags(USER, MAXIMUMS.tags ?? 0),
    issuer: of.issuer(),
    'user identity': of.userIdentity(USER),
    'webhook endpoint': of.endpoint(),
    'webhook attempt': of.attempt(),
    delivery: of.failedDelivery(),
  };
  expect(Object.keys(items).sort()).toEqual(Object.keys(MOST_BYTES).sort());
  for (const [name, item] of Object.entries(items)) {
    const most = MOST_BYTES[name]!;
    expect(itemBytes(item as Image), name).toBeLessThanOrEqual(most);
    expect(itemBytes(item as Image), name).toBeGreaterThan(most * 0.65);
  }
});
