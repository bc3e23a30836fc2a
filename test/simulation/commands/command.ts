import type { Key } from '../../../shared/data/keys.ts';
import type { ErrorName } from '../../../shared/errors.ts';
import type { Limits } from '../../../shared/limits.ts';
import type { Outcome } from '../../support/api.ts';
import type { Actor, Person } from '../../support/story.ts';
import type { Draw } from '../draw.ts';
import type { Files } from '../files.ts';
import type { Model, Moment } from '../model.ts';
import type { Oracle } from '../oracle.ts';
import type { Write } from '../scheduler.ts';
import type { Verdict } from '../verdict.ts';

/** A call of a simulation run. */
export interface Call {
  op: string;
  /** The user who calls; undefined: the app itself. */
  actor: number | undefined;
  group: number;
  /** The entries of a call with a list: users, or files. */
  users?: number[];
  files?: number[];
  /** How the call answers an invitation or an application. */
  approval?: boolean;
}

export type UsersCall = Call & { users: number[] };

/** A QR code that was signed while the model was at these versions, by this clock (ms). */
export interface QrCode {
  group: number;
  signer: number;
  signed: number;
  versions: [from: number, to: number];
  /** Seconds. */
  expires: number;
  code: string;
}

/** A successful answer, and what happened between the beginning of its call and its end. */
export interface Success {
  data: unknown;
  /** The call's clock (ms). */
  now: number;
  moments: Moment[];
  /** The model's versions at the call's beginning and end. */
  versions: [from: number, to: number];
  /** The ids of users, or of files, that its writes changed. */
  changed: Set<number>;
  /** The run has faults: BatchGets are read at several moments. */
  torn: boolean;
  limits: Limits;
  files: Files;
  /** QR codes that users can join by. */
  codes: QrCode[];
  wrong: (what: string) => void;
}

/** An answer that the oracle finds right at no moment of its call. */
export interface Answered {
  outcome: Outcome;
  data: unknown;
  writes: number;
  /** The run has faults: BatchGets are read at several moments. */
  torn: boolean;
  /** The oracle of each moment of the call. */
  oracles: Oracle[];
}

/** The part of a key that is looked at: `pk` is `kind#app#id#part`. */
export interface KeyParts {
  kind: string;
  id: number;
  part: string | undefined;
  sk: string;
}

/**
 * One operation in the simulation: which calls are likely, what they send, what they may answer and what they must have
 * done. A new command is one file in this folder and its line in `index.ts`.
 */
export interface Command<C extends Call = Call> {
  op: string;
  /** How often a simulation run makes this call, beside the others. */
  weight: number;
  /** The same of a free-running one. */
  freeWeight: number;
  /** The app itself cannot make it. */
  usersOnly?: true | undefined;
  /** Which errors it may answer, beside those of an actor who was signed out or deleted. */
  errors: readonly ErrorName[];

  /** A call that is likely to succeed, mostly. */
  draw(draw: Draw): C;
  /** @param nth the number of the call in its run @param users all users, with their sessions */
  request(call: C, nth: number, users: readonly Person[]): Parameters<Actor['asks']>;

  /** What the call answers at a moment, apart from the entries of a list and from whether the actor is deleted. */
  permitted(oracle: Oracle, call: C): Verdict;
  /** Whether the bucket holds what the call relies on: it is read at a moment of its own. */
  uploaded?(oracle: Oracle, call: C): boolean;
  /** The same of one entry of the list, where the call itself is permitted. */
  entry?(oracle: Oracle, call: C, id: number, entry: Entry): Verdict;

  /** The id of the user or file that a write changes beside the group's membership of a user. */
  changed?(key: KeyParts, call: Call): number | undefined;
  /** What must hold of the user or file just after a write that changed it. */
  effect?(oracle: Oracle, call: C, id: number, before: Moment): boolean;
  /** What the model keeps of a change beside the items: see `Model.followKick`. */
  follow?(model: Model, before: Moment, call: C, id: number, now: number): void;

  /** The call as its writes show it, where the product chooses one of several records. */
  asWritten?(call: C, writes: Write[]): C;
  /** It makes a group, whose id is known from its writes. */
  createsGroup?: true;
  /** What is wrong with a user who joins by it. */
  wrongJoin?(user: number, moment: Moment): string | undefined;
  /** Each entry takes a place, not only those who join. */
  takesPlaces?: true;

  /** The entries of its answer, where this is no list of them. */
  entryReplies?(data: unknown): EntryReply[];

  /** Judges what an answer shows, and keeps what later calls need from it. */
  succeeded?(call: C, success: Success): void;
  /** The answer may rest on records of several moments, or on a moment that the model does not know. */
  excused?(call: C, answered: Answered): boolean;
}

/** What an answer says of one entry of a list. */
export interface EntryReply {
  user_id?: number;
  file_id?: number;
  result: string;
  reason: string;
}

export interface Entry {
  /** How many entries joined before it by the same transaction. */
  joined: number;
  /** The user gets an invitation instead of joining; this may have changed meanwhile. */
  confirms: boolean;
}

/** The entries of a call with a list. */
export const entriesOf = ({ users, files }: Call): number[] | undefined => users ?? files;

export function keyParts({ pk, sk }: Key): KeyParts {
  const [kind = '', , id, part] = pk.split('#');
  return { kind, id: Number(id), part, sk };
}

export const isInvitation = ({ kind, sk }: KeyParts): boolean => kind === 'U' && sk.startsWith('I#');
export const isGroup = ({ kind, part, sk }: KeyParts): boolean => kind === 'G' && part === undefined && sk === '#';
export const isUser = ({ kind, sk }: KeyParts): boolean => kind === 'U' && sk === '#';

/** Errors of calls on a group. */
export const GROUP_ERRORS: readonly ErrorName[] = ['groupMissing', 'needsMember'];
export const ADMIN_ERRORS: readonly ErrorName[] = [...GROUP_ERRORS, 'needsAdmin'];
export const OWNER_ERRORS: readonly ErrorName[] = [...GROUP_ERRORS, 'needsOwner'];
export const JOIN_ERRORS: readonly ErrorName[] = ['alreadyMember', 'blocked', 'tooManyJoined', 'groupFull'];
