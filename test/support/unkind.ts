import { type Manners, UNKIND } from '../../infra/local/unkind/manners.ts';

/** With the environment variable UNKIND the database is unkind to all operations, by that seed. */
export const SEED = process.env.UNKIND ? Number(process.env.UNKIND) : undefined;

/** How unkind it is to stories. */
export const TO_STORIES: Manners = {
  ...UNKIND,
  // Stories count the entries of a page.
  faults: { ...UNKIND.faults, 'page ends early': 0 },
  // No story comes near what a key takes, and measuring that costs two more requests for each write.
  rates: undefined,
};
