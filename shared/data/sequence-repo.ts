import { absent } from './expression.ts';
import { sequenceKey } from './keys.ts';
import { type Get, getItem } from './read.ts';
import { type Step, update } from './step.ts';

/** Numbers of a group, apart from what joins touch: they are drawn by whoever writes the number that was read, plus 1. */
export interface Sequence {
  /** Number of the last announcement, and how many are kept. */
  announcement?: number;
  announcements?: number;
  /** Number of the last file, and how many are published. */
  file?: number;
  files?: number;
  /** The group is dissolved and its files are being removed: none may be added. */
  closed?: boolean;
}

export const sequenceOf = (app: string, group: number): Get<Sequence | undefined> => getItem(sequenceKey(app, group));

/** The clean-up of a dissolved group has begun: from now on its files only go. */
export const closeSequence = (app: string, group: number): Step =>
  update(sequenceKey(app, group), { set: { closed: true } });
export const OPEN = absent('closed');
/** Nothing is left that it counts; calls that began before still find it closed for an hour. */
export const forgetSequence = (app: string, group: number, now: number): Step =>
  update(sequenceKey(app, group), { set: { ttl: Math.ceil(now / 1000) + 3600 } });
