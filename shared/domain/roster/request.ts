import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import type { BatchPlan, Entry, Reads, Step } from '../../call/transact.ts';
import type { ContactCounts, Pair } from '../../data/contact-repo.ts';
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

/** `POST /roster/apply/batch`: the same for several users, each on its own. @param entries requests, or why they are none */
export async function applyBatch(call: Call, entries: { user_id: UserId; request: FriendRequest | ApiError }[]) {
  const requests = entries.flatMap(({ request }) => (request instanceof ApiError ? [] : [request]));
  const errors = await applyEach(call, requests);
  const results = entries.map(({ user_id, request }) => ({
    user_id,
    error: request instanceof ApiError ? request : errors[requests.indexOf(request)],
  }));
  return {
    success: results.filter(({ error }) => !error).map(({ user_id }) => user_id),
    fails: results.flatMap(({ user_id, error }) => (error ? [{ user_id, reason: error.message }] : [])),
  };
}

/** What a Query has found to be open of a user's requests, and the user's counts as they were read before. */
interface Recount {
  counts: ContactCounts | undefined;
  open: number;
}

/** Counts of open requests may contain expired ones. So those at the limit are counted again before they are refused. */
async function applyEach(call: Call, requests: FriendRequest[]): Promise<(ApiError | undefined)[]> {
  call.uses('applications_per_hour', requests.length);
  const { app, now, db } = call;
  const errors = await attempt(call, requests);
  const full = requests.filter((_, index) => errors[index]?.name === 'tooManyFriendRequests');
  if (full.length === 0) return errors;
  const counts = db.records(full.map(({ user_id }) => contacts.countsOf(app, user_id)));
  const open = await db.read(full.map(({ user_id }) => contacts.openRequestsOf(app, user_id, now)));
  const recounts = full.map((_, index) => ({ counts: counts[index], open: open[index] ?? 0 }));
  const again = await attempt(call, full, recounts);
  return requests.map((request, index) => (full.includes(request) ? again[full.indexOf(request)] : errors[index]));
}

const readsOf = (call: Call, requests: FriendRequest[]) => ({
  actor: userOf(call.app, call.person),
  myCounts: contacts.countsOf(call.app, call.person),
  others: requests.map(({ user_id: other }) => ({
    found: userOf(call.app, other),
    verification: settingsOf<Verification>(call.app, other),
    sides: contacts.pairOf(call.app, call.person, other),
  })),
});

/** @param recounts of the second attempt: the call has read everything before */
function attempt(call: Call, requests: FriendRequest[], recounts?: Recount[]): Promise<(ApiError | undefined)[]> {
  const { app, person: me } = call;
  const reads = readsOf(call, requests);
  /** What is known of an entry, and whether it makes friends at once. */
  const look = ({ entry, index }: Entry<FriendRequest>) => {
    const { found, verification, sides } = call.db.records(reads.others[index]!);
    const pair: Pair = { app, user: me, other: entry.user_id, ...sides };
    const crosses = contacts.isOpen(pair.mine, call.now);
    return { found, verification, pair, crosses, befriends: () => crosses || admits(verification, entry.auth_answer) };
  };
  const plan: BatchPlan<Reads, FriendRequest> = {
    permit: () => void existingUser(call.db.records(reads.actor)),
    entry: (_, request, batch) => {
      const { found, verification, pair, crosses, befriends } = look(request);
      demandAnother(call, pair.other);
      existingUser(found);
      if (pair.mine?.friendAt !== undefined) throw new ApiError('alreadyFriend');
      if (pair.mine?.blockedAt !== undefined) throw new ApiError('blockedByActor');
      const steps = befriends()
        ? befriend(call, pair, request.entry, batch.filter((one) => look(one).befriends()).length)
        : send(call, pair, request.entry, recounts?.[request.index]);
      // Nobody is told of a block.
      if (pair.theirs?.blockedAt !== undefined) return [];
      return [
        ...steps,
        users.checkExists(app, pair.other),
        ...(crosses ? [] : [checkVerification(app, pair.other, verification)]),
      ];
    },
    shared: (_, batch) => {
      if (batch.length === 0) return [];
      const myCounts = call.db.records(reads.myCounts);
      const befriended = batch.map(look).filter(({ befriends }) => befriends());
      const mine = befriended.map(({ pair }) => pair.mine);
      const sum = { friends: mine.length, ...contacts.withoutRequests(mine, myCounts) };
      return [
        users.checkExists(app, me),
        ...(mine.length > 0 ? contacts.count(app, me, myCounts, sum, { friends: call.limits.friends }) : []),
      ];
    },
  };
  return call.changeEach(recounts ? [] : (reads as Reads), requests, plan);
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

/** A request that waits for consent. */
function send(call: Call, pair: Pair, { alias, reason }: FriendRequest, recount: Recount | undefined): Step[] {
  const { app, other, theirs, theirCounts } = pair;
  const { now, limits } = call;
  const most = limits.friend_requests;
  const steps = contacts.request(pair, { alias, reason, now, expiresAt: now + limits.invitation_life * 1000 });
  if (contacts.isCounted(theirs, theirCounts))
    return [...steps, ...contacts.count(app, other, theirCounts, { requests: 0 })];
  // A recount is of use only while the requests are those that it has counted.
  const exact = recount && recount.counts?.revision === theirCounts?.revision ? recount.open : undefined;
  if ((exact ?? theirCounts?.requests ?? 0) >= most) throw new ApiError('tooManyFriendRequests');
  return exact === undefined
    ? [...steps, ...contacts.count(app, other, theirCounts, { requests: 1 }, { requests: most })]
    : [...steps, contacts.recount(app, other, theirCounts, exact + 1, now)];
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
