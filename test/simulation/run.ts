import type { Random } from '../../infra/local/random.ts';
import type { Key } from '../../shared/data/keys.ts';
import { type Limits, LIMITS as USUAL } from '../../shared/limits.ts';
import { type Given, type Person, UNLIMITED } from '../support/story.ts';
import type { QrCode } from './commands/command.ts';
import type { Files } from './files.ts';
import type { Model } from './model.ts';
import { Oracle } from './oracle.ts';
import type { Scheduler } from './scheduler.ts';

/** Small, so that runs reach them. */
export const LIMITS: Limits = {
  ...USUAL,
  // A count is a write of its own, which no command asks for.
  ...UNLIMITED,
  group_capacity: 5,
  group_admins: 2,
  groups_joined: 4,
  groups_owned: 3,
  invitation_life: 10,
  application_life: 10,
  qrcode_life: 10,
  files: 3,
  friends: 3,
  blocked: 2,
  friend_requests: 2,
  strangers_may_message: 0,
};

/** What the parts of a simulation run share. */
export interface Run {
  given: Given;
  random: Random;
  scheduler: Scheduler;
  model: Model;
  files: Files;
  users: Person[];
  groups: number[];
  codes: QrCode[];
  /** How likely (0…1) each request is to go wrong. */
  faults: number;
  violations: string[];
  /** Every job that was ever left to the background. */
  jobs: () => Key[];
}

/** @param groupsAt the version of the groups' own records */
export const oracleAt = ({ model }: Run, now: number, version: number, groupsAt = version): Oracle =>
  new Oracle(model.at(version, groupsAt), now, LIMITS);
