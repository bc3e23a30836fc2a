/**
 * The most bytes of an item, as the table or the index returns it, for each entity that may be long or that lists hold
 * many of: app ids of 64 characters, ids of 16 digits, the longest texts that their parameters take, at 4 bytes per
 * character. `Call.open` plans by them how much it may read before it has proven the caller's rights.
 * `test/data/sizes.test.ts` makes the largest item of each. Items of other entities have less than 4 KB, one read unit.
 */
export const MOST_BYTES = {
  groupInfo: 9_000,
  groupText: 21_000,
  groupMembership: 1_100,
  userMembership: 450,
  application: 2_600,
  contact: 3_300,
  /** Of a friend or a blocked user, in the index of their lists. */
  listedContact: 150,
  contactExt: 16_600,
  invitation: 2_700,
  /** An application or an invitation, in an index for counting. */
  counted: 220,
  announcement: 2_200,
  announcementText: 40_300,
  file: 10_600,
  publicGroup: 110,
  directoryEntry: 110,
  device: 14_500,
  profile: 46_500,
  settings: 12_000,
  /** 200 tags, the most that an app's limit allows. */
  tags: 52_000,
} as const;
