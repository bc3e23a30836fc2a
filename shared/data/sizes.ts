/**
 * The most bytes of each entity that may be long or that lists hold many of, as the table or the index returns it: app
 * ids of 64 characters, ids of 16 digits, texts of the longest that their parameters take, at 4 bytes a character.
 * `Call.open` plans by them how much it may read before the caller's rights are proven. `test/data/sizes.test.ts` makes
 * the largest item of each. What is not named here has less than 4 KB, one read unit.
 */
export const MOST_BYTES = {
  groupInfo: 9_000,
  groupText: 21_000,
  groupMembership: 1_100,
  userMembership: 450,
  application: 2_600,
  invitation: 2_700,
  /** Of either, in an index for counting. */
  counted: 220,
  announcement: 2_200,
  announcementText: 40_300,
  file: 10_600,
  publicGroup: 110,
  directoryEntry: 110,
  device: 14_500,
  profile: 46_500,
  settings: 12_000,
  /** 200 of them: an app's limit is at most that. */
  tags: 52_000,
} as const;
