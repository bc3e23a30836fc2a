import type { Call } from '../../call/call.ts';
import { isAlive } from '../../call/caller.ts';
import { isGenuine, parseToken } from '../../call/token.ts';
import { type App, limitsOf } from '../../data/app-repo.ts';
import { type Contact, contactOf } from '../../data/contact-repo.ts';
import { type Device, deviceOf } from '../../data/device-repo.ts';
import { type Group, groupOf } from '../../data/group-repo.ts';
import { type OpenChangePage, openChangesOf } from '../../data/log-repo.ts';
import {
  ADMIN_ROLE,
  FOR_EVER,
  type GroupMembership,
  groupMembershipOf,
  isMember,
  type Role,
  runningBanEnd,
} from '../../data/membership-repo.ts';
import { isUser, type User, userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import { mayHaveVersion, versionOf } from '../group/version.ts';
import { messageRefusal } from '../roster/message.ts';

/** What a message service lets a user do: open a connection, read messages, send them. */
export type Action = 'connect' | 'subscribe' | 'publish';

/** May this session, or this user, do that? It names either the one or the other. */
export interface Question {
  action: Action;
  /** Token of the session. */
  token?: string | undefined;
  user_id?: UserId | undefined;
  /** The group whose messages are read or written. */
  group_id?: GroupId | undefined;
  /** Without a group: the user who gets the messages. */
  peer_id?: UserId | undefined;
}

export interface Decision {
  allow: boolean;
  /** 200, or the code of the error that refuses it. */
  code: number;
  /** Sentence of the error. */
  reason: string;
  /** Null where the token is none of the app. */
  user_id: UserId | null;
  /** Null where no token was given. */
  device_sn: number | null;
  /** Null where the user is no member of the group. */
  role: Role | null;
  /** When the decision can become another by time alone (ms): the first moment at which it may be; −1 never. */
  until: number;
  /** See `versionOf`; 0 without a group. */
  version: number;
}

/** What a decision looks at. Each list has the record, or nothing where the question is not about it. */
interface Found {
  device: (Device | undefined)[];
  user: (User | undefined)[];
  group: (Group | undefined)[];
  membership: (GroupMembership | undefined)[];
  peer: (User | undefined)[];
  contact: (Contact | undefined)[];
  changes: (OpenChangePage | undefined)[];
}

const NEVER = -1;

/**
 * What must be read to answer a question: at most five items.
 * @param question an error stands for one that is malformed: nothing is read for it
 * @param versioned whether the decision tells the group's version
 */
export function readsOf(app: AppId, question: Question | ApiError, versioned: boolean) {
  const given: Partial<Question> = question instanceof ApiError ? {} : question;
  const { action, group_id: group } = given;
  const token = given.token === undefined ? undefined : parseToken(given.token);
  const session = token?.kind === 'user' ? token : undefined;
  const user = session?.user ?? (given.token === undefined ? given.user_id : undefined);
  const inGroup = action !== 'connect' && user !== undefined && group !== undefined;
  const writesTo = action === 'publish' && user !== undefined && group === undefined ? given.peer_id : undefined;
  return {
    device: session ? [deviceOf(app, session.user, session.device)] : [],
    user: user === undefined ? [] : [userOf(app, user)],
    group: inGroup ? [groupOf(app, group)] : [],
    membership: inGroup ? [groupMembershipOf(app, group, user)] : [],
    peer: writesTo === undefined ? [] : [userOf(app, writesTo)],
    contact: writesTo === undefined ? [] : [contactOf(app, writesTo, user!)],
    changes: inGroup && versioned ? [openChangesOf(app, group)] : [],
  };
}

/** The user of a question, and when its session ends. */
interface Subject {
  user_id: UserId | null;
  device_sn: number | null;
  /** Milliseconds. */
  ends: number;
  refusal?: ApiError;
}

/** The session or user of a question. Refused as the documented calls refuse its token, or its login. */
function subjectOf(app: App, now: number, { token: text, user_id }: Question, { device, user }: Found): Subject {
  const forEver = { device_sn: null, ends: FOR_EVER };
  if (text === undefined) {
    const known = { user_id: user_id ?? null, ...forEver };
    const [found] = user;
    if (!isUser(found)) return { ...known, refusal: new ApiError('userMissing') };
    if (found.status !== 'active')
      return { ...known, refusal: new ApiError('noPermission', 'user_id: the user is disabled') };
    return known;
  }
  const token = parseToken(text);
  if (token?.kind !== 'user' || !isGenuine(app, token))
    return { user_id: null, ...forEver, refusal: new ApiError('badToken', 'token: invalid') };
  const known = { user_id: token.user, device_sn: token.device };
  const [session] = device;
  return isAlive(token, session, user[0], now)
    ? { ...known, ends: session.expiresAt }
    : { ...known, ends: FOR_EVER, refusal: new ApiError('loginAgain', 'token: expired, replaced or revoked') };
}

/** What the rules say of a user who may act. */
interface Ruling {
  role: Role | null;
  refusal?: ApiError | undefined;
  /** When the refusal ends (ms). */
  ends?: number;
}

function rulingIn(now: number, { action }: Question, { group: [group], membership: [membership] }: Found): Ruling {
  if (group?.status !== 'normal') return { role: null, refusal: new ApiError('groupMissing') };
  if (!isMember(membership)) return { role: null, refusal: new ApiError('needsMember') };
  const { role } = membership;
  if (action === 'subscribe') return { role };
  const banEnd = runningBanEnd(membership, now);
  if (banEnd !== undefined) return { role, refusal: new ApiError('bannedInGroup'), ends: banEnd };
  if (role < ADMIN_ROLE && group.mutedUntil > now)
    return { role, refusal: new ApiError('groupSilenced'), ends: group.mutedUntil };
  return { role };
}

function rulingBetween(app: App, user: UserId, { action, peer_id }: Question, { peer, contact }: Found): Ruling {
  if (action === 'publish') return { role: null, refusal: messageRefusal(user, peer[0], contact[0], limitsOf(app)) };
  if (peer_id === user) return { role: null };
  return { role: null, refusal: new ApiError('noPermission', 'peer_id: users read their own messages only') };
}

/** Decides from the records that `readsOf` names. A malformed question is refused with its error. @param now ms */
export function decide(app: App, now: number, question: Question | ApiError, found: Found): Decision {
  if (question instanceof ApiError) return refused(question);
  const { user_id, device_sn, ends, refusal } = subjectOf(app, now, question, found);
  const { action, group_id } = question;
  const ruling: Ruling =
    refusal || user_id === null || action === 'connect'
      ? { role: null, refusal }
      : group_id === undefined
        ? rulingBetween(app, user_id, question, found)
        : rulingIn(now, question, found);
  const until = Math.min(ends, ruling.ends ?? FOR_EVER);
  return {
    allow: !ruling.refusal,
    code: ruling.refusal?.code ?? 200,
    reason: ruling.refusal?.message ?? '',
    user_id,
    device_sn,
    role: ruling.role,
    until: until === FOR_EVER ? NEVER : until,
    version: versionOf({ now, limits: limitsOf(app) }, found.changes),
  };
}

/** The decision where neither user nor group is looked at. */
export const refused = ({ code, message }: ApiError): Decision => ({
  allow: false,
  code,
  reason: message,
  user_id: null,
  device_sn: null,
  role: null,
  until: NEVER,
  version: 0,
});

/**
 * `POST /access/check`: one decision for each question, all of them at one moment, in one round trip.
 * @param questions errors stand for those that are malformed
 */
export async function check(call: Call, questions: readonly (Question | ApiError)[]): Promise<Decision[]> {
  const versioned = mayHaveVersion(call);
  const found = await call.openAtOnce(questions.map((question) => readsOf(call.app, question, versioned)));
  return questions.map((question, index) => decide(call.appRecord, call.now, question, found[index]!));
}

/** The same for one question. */
export async function checkOne(call: Call, question: Question): Promise<Decision> {
  return (await check(call, [question]))[0]!;
}

/** What a question says, which must name a user in one way, and what its action is about. */
export function asked(given: Question | ApiError): Question | ApiError {
  if (given instanceof ApiError) return given;
  const { action, token, user_id, group_id, peer_id } = given;
  if ((token === undefined) === (user_id === undefined))
    return badParameter('token', token === undefined ? 'or user_id is required' : 'and user_id: only one of these');
  if (action === 'connect') return given;
  if ((group_id === undefined) === (peer_id === undefined))
    return badParameter(
      'group_id',
      group_id === undefined ? 'or peer_id is required' : 'and peer_id: only one of these',
    );
  return given;
}
