import { type Manners, UNKIND } from '../../infra/local/unkind/manners.ts';

/** The environment variable UNKIND makes the database unkind to all operations; its value is the seed. */
export const SEED = process.env.UNKIND ? Number(process.env.UNKIND) : undefined;

/** The faults that stories meet. */
export const TO_STORIES: Manners = {
  ...UNKIND,
  // Stories count the entries of a page.
  faults: { ...UNKIND.faults, 'page ends early': 0 },
  // No story reaches the rate limit of a key, and measuring it costs two more requests for each write.
  rates: undefined,
};
