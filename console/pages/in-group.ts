import type { Group } from '../../client/roster.ts';
import type { Field } from '../parts/ask.tsx';
import type { Words } from '../text/words.ts';

/** What all parts of a group's page have. */
export interface InGroup {
  group: Group;
  /** Reads the group again. */
  again(): void;
}

/** Asks for how long: one of some usual times. */
export const durationField = ({ room }: Words): Field => ({
  name: 'minutes',
  label: room.duration,
  kind: 'choice',
  options: room.durations,
  value: room.durations[1]?.[0] ?? '60',
});
