import { expect, test } from 'vitest';
import { type Image, itemBytes } from '../../infra/local/units.ts';
import { projectedBy } from '../../shared/data/schema.ts';
import { MOST_BYTES } from '../../shared/data/sizes.ts';
import type { LocalIndexName } from '../../shared/data/table.ts';
import { MAXIMUMS } from '../../shared/limits.ts';
import { appId, groupId, userId } from '../support/ids.ts';
import { largest, wide } from '../support/largest.ts';

const ID = Number.MAX_SAFE_INTEGER;
const [USER, GROUP] = [userId(ID), groupId(ID)];

test('no item is larger than the size that reads are planned with, and none is much smaller', () => {
  const of = largest(appId('a'.repeat(64)), wide, 9_999_999_999_998);
  const inIndex = (index: LocalIndexName, item: Image) => {
    const names = new Set<string>(['pk', 'sk', `${index}sk`, ...(projectedBy(index) ?? [])]);
    return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
  };
  const [, announcementText] = of.announcement(GROUP, ID);
  // A short one takes more than the first item of a long one.
  const short = of.announcement(GROUP, ID, 'x'.repeat(1800 - Buffer.byteLength(wide(256))));
  expect(short).toHaveLength(1);
  const items: Record<keyof typeof MOST_BYTES, object> = {
    groupInfo: of.groupInfo(GROUP),
    groupText: of.groupText(GROUP),
    groupMembership: of.member(GROUP, USER),
    userMembership: of.userMembership(USER, GROUP),
    application: of.application(GROUP, USER),
    contact: of.contact(USER, USER),
    listedContact: inIndex('lsi3', of.contact(USER, USER)),
    contactExt: of.contactExt(USER, USER),
    invitation: of.invitation(USER, GROUP, USER),
    counted: inIndex('lsi2', of.invitation(USER, GROUP, USER)),
    announcement: short[0]!,
    announcementText: announcementText!,
    file: of.file(GROUP, ID),
    publicGroup: of.publicGroup(GROUP),
    directoryEntry: of.directoryEntry(USER),
    device: of.device(USER, ID),
    profile: of.profile(USER),
    settings: of.settings(USER),
    tags: of.tags(USER, MAXIMUMS.tags ?? 0),
  };
  for (const [name, item] of Object.entries(items)) {
    const most = MOST_BYTES[name as keyof typeof MOST_BYTES];
    expect(itemBytes(item as Image), name).toBeLessThanOrEqual(most);
    expect(itemBytes(item as Image), name).toBeGreaterThan(most * 0.65);
  }
});
