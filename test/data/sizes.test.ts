import { expect, test } from 'vitest';
import { type Image, itemBytes } from '../../infra/local/units.ts';
import { projectedBy } from '../../shared/data/schema.ts';
import { MOST_BYTES } from '../../shared/data/sizes.ts';
import { MAXIMUMS } from '../../shared/limits.ts';
import { largest, wide } from '../support/largest.ts';

const ID = Number.MAX_SAFE_INTEGER;

test('no item is larger than the size that reads are planned with, and none is much smaller', () => {
  const of = largest('a'.repeat(64), wide, 9_999_999_999_998);
  const counted = (item: Image) => {
    const names = new Set<string>(['pk', 'sk', 'lsi2sk', ...(projectedBy('lsi2') ?? [])]);
    return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
  };
  const [, announcementText] = of.announcement(ID, ID);
  // A short one takes more than the first item of a long one.
  const short = of.announcement(ID, ID, 'x'.repeat(1800 - Buffer.byteLength(wide(256))));
  expect(short).toHaveLength(1);
  const items: Record<keyof typeof MOST_BYTES, object> = {
    groupInfo: of.groupInfo(ID),
    groupText: of.groupText(ID),
    groupMembership: of.member(ID, ID),
    userMembership: of.userMembership(ID, ID),
    application: of.application(ID, ID),
    invitation: of.invitation(ID, ID, ID),
    counted: counted(of.invitation(ID, ID, ID)),
    announcement: short[0]!,
    announcementText: announcementText!,
    file: of.file(ID, ID),
    publicGroup: of.publicGroup(ID),
    directoryEntry: of.directoryEntry(ID),
    device: of.device(ID, ID),
    profile: of.profile(ID),
    settings: of.settings(ID),
    tags: of.tags(ID, MAXIMUMS.tags ?? 0),
  };
  for (const [name, item] of Object.entries(items)) {
    const most = MOST_BYTES[name as keyof typeof MOST_BYTES];
    expect(itemBytes(item as Image), name).toBeLessThanOrEqual(most);
    expect(itemBytes(item as Image), name).toBeGreaterThan(most * 0.65);
  }
});
