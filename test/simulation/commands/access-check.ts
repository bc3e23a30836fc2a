import { parseToken } from '../../../shared/call/token.ts';
import type { OpenChangePage } from '../../../shared/data/log-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import type { Decision } from '../../../shared/domain/access/decision.ts';
import { type ErrorName, errors } from '../../../shared/errors.ts';
import { groupId, userId } from '../../support/ids.ts';
import type { Person } from '../../support/story.ts';
import type { Draw } from '../draw.ts';
import type { Moment } from '../model.ts';
import { unchanged } from '../verdict.ts';
import type { Call, Command, Success } from './command.ts';
import { isBlocked, isFriend } from './roster.ts';

type Action = 'connect' | 'subscribe' | 'publish';
/** Speaking depends on most. */
const ACTIONS: Action[] = ['connect', 'subscribe', 'publish', 'publish'];

interface Asked {
  action: Action;
  user: number;
  /** By the token of the user's session. */
  bySession: boolean;
  group?: number;
  peer?: number;
}

/** Several questions in one call; their number tells the sessions from the users. */
type Check = Call & { asked: Asked[]; tokens?: Map<number, string> };

export const checkAccess: Command<Check> = {
  op: 'access/check',
  weight: 8,
  // A free run has no model that a decision could be compared with.
  freeWeight: 0,
  errors: [],
  draw(draw) {
    const { random, group, members, moment, world } = draw;
    const banned = members.filter((id) => moment.membership(group, id)?.bannedUntil !== undefined);
    const asked = Array.from({ length: random.whole(2, 8) }, (): Asked => {
      const user = draw.likely(random.chance(0.5) && banned.length > 0 ? banned : members);
      const question = { action: random.one(ACTIONS), user, bySession: random.chance(0.5) };
      return random.chance(0.7) ? { ...question, group } : { ...question, peer: peerOf(draw, user, world.users) };
    });
    return { op: 'access/check', actor: undefined, group: 0, asked };
  },
  request(call, _nth, people) {
    call.tokens = new Map(people.map(({ id, token }: Person) => [id, token]));
    const items = call.asked.map(({ action, user, bySession, group, peer }) => ({
      action,
      ...(bySession ? { token: call.tokens!.get(user) } : { user_id: user }),
      ...(group === undefined ? { peer_id: peer } : { group_id: group }),
    }));
    return ['POST /access/check', { items }];
  },
  permitted: () => unchanged,
  succeeded(call, success) {
    const { data, moments, torn, now, wrong } = success;
    const decisions = (data as Decision[]).map(shown);
    const right = moments.map((moment) => call.asked.map((one) => shown(predicted(moment, call, one, now, success))));
    if (right.some((all) => all.every((one, index) => one === decisions[index]))) return;
    // Requests that fail are sent again, so records may be of several moments.
    if (torn && moments.length > 1) return;
    wrong(`decides ${decisions}, which was never so: ${right.at(-1)}`);
  },
};

/** Mostly another user about whom the first one, or who about it, keeps something. */
function peerOf({ random, moment }: Draw, user: number, users: number[]): number {
  const known = users.filter((other) => moment.contact(other, user) !== undefined);
  return random.one(known.length > 0 && random.chance(0.7) ? known : users);
}

const shown = ({ allow, code, user_id, device_sn, role, until, version }: Omit<Decision, 'reason'>) =>
  [allow, code, user_id, device_sn, role, until, version].join(' ');

/** The last change of the group that had its number a second ago: a decision that begins now sees it. */
function settledChange(moment: Moment, group: number, now: number): number {
  const log = moment.item(schema.openChangePage.key(moment.app, groupId(group))) as OpenChangePage | undefined;
  if (!log) return 0;
  const numbers: [number, number][] = [...log.marks, [log.last, log.at]];
  return Math.max(0, ...numbers.filter(([, at]) => at < now - 1000).map(([number]) => number));
}

/** What docs/message-services.md says of a question, with all records at hand. */
function predicted(
  moment: Moment,
  { tokens }: Check,
  { action, user, bySession, group, peer }: Asked,
  now: number,
  { limits }: Success,
): Omit<Decision, 'reason'> {
  const status = moment.user(user)?.status;
  const text = bySession ? tokens?.get(user) : undefined;
  const token = text === undefined ? undefined : parseToken(text);
  const device = token?.kind === 'user' ? token.device : undefined;
  const session = device === undefined ? undefined : moment.item(schema.device.key(moment.app, userId(user), device));
  const ends = session === undefined ? Number.POSITIVE_INFINITY : Number(session.expiresAt);
  const decided = (error?: ErrorName, role: 0 | 1 | 2 | null = null, until = Number.POSITIVE_INFINITY) => {
    const end = Math.min(until, ends);
    return {
      allow: error === undefined,
      code: error === undefined ? 200 : errors[error][0],
      user_id: userId(user),
      device_sn: device ?? null,
      role,
      until: end > 9_999_999_999_998 ? -1 : end,
      version: action === 'connect' || group === undefined ? 0 : settledChange(moment, group, now),
    };
  };
  const gone = status === undefined || status === 'deleted';
  if (gone || (bySession && session?.token === undefined))
    return { ...decided(bySession ? 'loginAgain' : 'userMissing'), until: -1 };
  if (action === 'connect') return decided();
  if (group === undefined) {
    if (action === 'subscribe') return decided(peer === user ? undefined : 'noPermission');
    const contact = moment.contact(peer!, user);
    if ((moment.user(peer!)?.status ?? 'deleted') === 'deleted') return decided('userMissing');
    if (isBlocked(contact)) return decided('noPermission');
    return decided(isFriend(contact) || peer === user || limits.strangers_may_message === 1 ? undefined : 'notFriend');
  }
  const { status: kind, mutedUntil = 0 } = moment.group(group) ?? {};
  if (kind !== 'normal') return decided('groupMissing');
  const { state, role = 0, bannedUntil = 0 } = moment.membership(group, user) ?? {};
  if (state !== 'member') return decided('needsMember');
  if (action === 'subscribe') return decided(undefined, role);
  if (bannedUntil > now) return decided('bannedInGroup', role, bannedUntil);
  return mutedUntil > now && role === 0 ? decided('groupSilenced', role, mutedUntil) : decided(undefined, role);
}
