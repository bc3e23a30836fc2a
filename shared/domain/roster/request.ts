import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import type { BatchPlan, Entry, Records, Step } from '../../call/transact.ts';
import type { Pair } from '../../data/contact-repo.ts';
import * as contacts from '../../data/contact-repo.ts';
import { checkVerification, settingsOf, type Verification } from '../../data/profile-repo.ts';
import * as users from '../../data/user-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';
import { demandAnother } from './command.ts';
import { demandRoom, friendCounts } from './friendship.ts';

/** How users verify friends: `auth_mode` of their settings. */
const [ANYONE, CONSENT, QUESTION] = [0, 1, 2];

/** A request as a client sends it. */
export interface FriendRequest {
  user_id: UserId;
  alias: string;
  reason: string;
  auth_answer: string;
}

/**
 * `POST /roster/apply`: the users become friends, or the other one gets a request, as its settings have it.
 * @throws ApiError noPermission, userMissing, alreadyFriend, blockedByActor, friendRefused, wrongAnswer, tooManyFriends,
 *   tooManyFriendRequests
 */
export async function apply(call: Call, request: FriendRequest): Promise<true> {
  const [error] = await applyEach(call, [request]);
  if (error) throw error;
  return true;
}

/** `POST /roster/apply/batch`: the same for several users, each on its own. */
export async function applyBatch(call: Call, requests: FriendRequest[]) {
  const errors = await applyEach(call, requests);
  return {
    success: requests.filter((_, index) => !errors[index]).map(({ user_id }) => user_id),
    fails: requests.flatMap(({ user_id }, index) =>
      errors[index] ? [{ user_id, reason: errors[index].message }] : [],
    ),
  };
}

/** Counts of open requests may contain expired ones. So those at the limit are counted again before they are refused. */
async function applyEach(call: Call, requests: FriendRequest[]): Promise<(ApiError | undefined)[]> {
  const errors = await attempt(call, requests, false);
  const full = requests.filter((_, index) => errors[index]?.name === 'tooManyFriendRequests');
  if (full.length === 0) return errors;
  const again = await attempt(call, full, true);
  return requests.map((request, index) => (full.includes(request) ? again[full.indexOf(request)] : errors[index]));
}

const readsOf = (call: Call, requests: FriendRequest[], recount: boolean) => ({
  myCounts: contacts.countsOf(call.app, call.person),
  others: requests.map(({ user_id: other }) => ({
    found: userOf(call.app, other),
    verification: settingsOf<Verification>(call.app, other),
    sides: contacts.pairOf(call.app, call.person, other),
    open: recount ? [contacts.openRequestsOf(call.app, other, call.now)] : [],
  })),
});
type Found = Records<ReturnType<typeof readsOf>>;

function attempt(call: Call, requests: FriendRequest[], recount: boolean): Promise<(ApiError | undefined)[]> {
  const { app, person: me } = call;
  const pairAt = ({ others }: Found, { entry, index }: Entry<FriendRequest>): Pair => ({
    app,
    user: me,
    other: entry.user_id,
    ...others[index]!.sides,
  });
  const befriends = (found: Found, { entry, index }: Entry<FriendRequest>): boolean =>
    contacts.isOpen(found.others[index]!.sides.mine, call.now) ||
    admits(found.others[index]!.verification, entry.auth_answer);
  const plan: BatchPlan<ReturnType<typeof readsOf>, FriendRequest> = {
    permit: () => {},
    entry: (found, request, batch) => {
      const pair = pairAt(found, request);
      const { verification, open } = found.others[request.index]!;
      demandAnother(call, pair.other);
      existingUser(found.others[request.index]!.found);
      if (pair.mine?.friendAt !== undefined) throw new ApiError('alreadyFriend');
      if (pair.mine?.blockedAt !== undefined) throw new ApiError('blockedByActor');
      const befriended = befriends(found, request);
      const steps = befriended
        ? befriend(call, pair, request.entry, batch.filter((one) => befriends(found, one)).length)
        : send(call, pair, request.entry, open[0]);
      // Nobody is told of a block.
      if (pair.theirs?.blockedAt !== undefined) return [];
      return [
        ...steps,
        users.checkExists(app, pair.other),
        ...(contacts.isOpen(pair.mine, call.now) ? [] : [checkVerification(app, pair.other, verification)]),
      ];
    },
    shared: (found, batch) => {
      if (batch.length === 0) return [];
      const counts = batch
        .filter((one) => befriends(found, one))
        .map((one) => friendCounts(found.others[one.index]!.sides.mine, found.myCounts));
      const sum = {
        friends: counts.length,
        requests: counts.reduce((total, { requests: more }) => total + more, 0),
      };
      return [
        users.checkExists(app, me),
        ...contacts.count(app, me, found.myCounts, sum, { friends: call.limits.friends }),
      ];
    },
  };
  return call.changeEach(readsOf(call, requests, recount), requests, plan);
}

/**
 * Whether the request makes friends at once; otherwise the user must consent.
 * @throws ApiError friendRefused, wrongAnswer
 */
function admits({ auth_mode = ANYONE, auth_answer = '' }: Verification = {}, answer: string): boolean {
  if (auth_mode === ANYONE) return true;
  if (auth_mode === CONSENT) return false;
  if (auth_mode !== QUESTION) throw new ApiError('friendRefused');
  // Without a right answer no answer is right.
  if (compared(auth_answer) === '' || compared(auth_answer) !== compared(answer)) throw new ApiError('wrongAnswer');
  return true;
}

const compared = (answer: string) => answer.normalize('NFKC').trim().toLowerCase();

/** The steps of the two contacts and the other's counts. @param more friends that the actor gets by the same transaction */
function befriend(call: Call, pair: Pair, { alias }: FriendRequest, more: number): Step[] {
  demandRoom(call, pair, more);
  const { app, other, theirs, theirCounts } = pair;
  return [
    ...contacts.befriend(pair, call.now, alias),
    ...contacts.count(app, other, theirCounts, friendCounts(theirs, theirCounts), { friends: call.limits.friends }),
  ];
}

/** A request that waits for consent. @param open how many are open, where they were counted again */
function send(call: Call, pair: Pair, { alias, reason }: FriendRequest, open: number | undefined): Step[] {
  const { app, other, theirs, theirCounts } = pair;
  const { invitation_life: life, friend_requests: most } = call.limits;
  const renewed = contacts.isCounted(theirs, theirCounts);
  if (!renewed && (open ?? theirCounts?.requests ?? 0) >= most) throw new ApiError('tooManyFriendRequests');
  const { now } = call;
  return [
    ...contacts.request(pair, { alias, reason, now, expiresAt: now + life * 1000 }),
    ...(renewed
      ? []
      : open === undefined
        ? contacts.count(app, other, theirCounts, { requests: 1 }, { requests: most })
        : [contacts.recount(app, other, theirCounts, open + 1, now)]),
  ];
}

/**
 * `GET /roster/apply/list`: requests that the actor received in the last 30 days, the newest first.
 * @throws ApiError badParameter (cursor)
 */
export async function requestList(call: Call, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(
    call,
    'roster/apply/list',
    contacts.requestsNewestFirst(call.app, call.person, call.now),
    given,
  );
  return page.answer(await call.open(page.read), ({ user, contact }) => ({
    user_id: user,
    reason: contact.requestReason ?? '',
    status: contact.requestStatus ?? contacts.WAITING,
    expired_time: contact.requestExpiresAt ?? 0,
  }));
}
