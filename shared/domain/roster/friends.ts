import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { answeredBytes, fitting } from '../../call/page.ts';
import type { Records } from '../../call/transact.ts';
import type { Contact } from '../../data/contact-repo.ts';
import * as contacts from '../../data/contact-repo.ts';
import { profileOf, settingsOf, type Verification } from '../../data/profile-repo.ts';
import { isUser, mobileOf, type User, usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';

/**
 * `GET /roster/list`: ids of the actor's friends in the order in which they became friends, without blocked ones.
 * @throws ApiError badParameter (cursor)
 */
export async function friendList(call: Call, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, 'roster/list', contacts.friendsInOrder(call.app, call.person), given);
  return page.answer(await call.open(page.read), (friend) => friend);
}

/** `POST /roster/list`: any users, in the order asked, without those who do not exist. */
export const friendDetails = async (call: Call, ids: UserId[]) => fitted(await detailsOf(call, ids));

/** `GET /roster/id`. @throws ApiError userMissing */
export const findById = (call: Call, id: UserId) => detailsOfOne(call, id);

/** `GET /roster/name`: by the whole username. @throws ApiError userMissing */
export const findByName = async (call: Call, username: string) =>
  detailsOfOne(call, (await call.open(usernameOf(call.app, username)))?.user);

/** `GET /roster/mobile`: by the whole number. @throws ApiError userMissing */
export const findByMobile = async (call: Call, mobile: string) =>
  detailsOfOne(call, (await call.open(mobileOf(call.app, mobile)))?.user);

async function detailsOfOne(call: Call, id: UserId | undefined): Promise<Details> {
  const [details] = await detailsOf(call, id === undefined ? [] : [id]);
  if (!details) throw new ApiError('userMissing');
  return details;
}

type Details = ReturnType<typeof detailsReply>;

const readsOf = (call: Call, id: UserId) => ({
  user: userOf(call.app, id),
  contact: contacts.contactOf(call.app, call.person, id),
  verification: settingsOf<Verification>(call.app, id),
  profile: profileOf(call.app, id),
});
type Found = Records<ReturnType<typeof readsOf>>;

async function detailsOf(call: Call, ids: UserId[]): Promise<Details[]> {
  const found = await call.open(ids.map((id) => readsOf(call, id)));
  const exts = await call.db.read(
    found.map(({ contact }, index) => (contact?.ext ? [contacts.extOf(call.app, call.person, ids[index]!)] : [])),
  );
  return found.flatMap(({ user, ...about }, index) =>
    isUser(user) ? [detailsReply(user, about, exts[index]?.[0]?.ext)] : [],
  );
}

const [FRIEND, DELETED_FRIEND, STRANGER, BLOCKED] = [0, 1, 2, 3];

function relationOf({ blockedAt, friendAt, deletedAt }: Contact): number {
  if (blockedAt !== undefined) return BLOCKED;
  if (friendAt !== undefined) return FRIEND;
  return deletedAt === undefined ? STRANGER : DELETED_FRIEND;
}

/** What the actor may know of a user: never the answer to the question, the mobile number or the private info. */
function detailsReply(user: User, about: Omit<Found, 'user'>, ext = '') {
  const { contact = {}, verification = {}, profile = {} } = about;
  const { nick_name = '', avatar = '', description = '', public_info = '' } = profile;
  const { auth_mode = 0, auth_question = '' } = verification;
  // A request that waits for consent has an alias, too.
  const { alias = '', mute = false } = contact.friendAt === undefined ? {} : contact;
  return {
    user_id: user.user,
    username: user.username,
    nick_name,
    avatar,
    description,
    public_info,
    auth_mode,
    auth_question,
    alias,
    ext,
    mute_notification: mute,
    relation: relationOf(contact),
  };
}

const LONG_TEXTS = ['avatar', 'description', 'public_info', 'auth_question', 'ext'] as const;
/** Bytes that the long texts of one answer may have together: the rest of 1,000 users takes up to 2.5 MB more. */
const TEXTS = 3_400_000;

/** The entries without the texts that are longer than their share, where one answer cannot hold all of them. */
function fitted(entries: Details[]): Details[] {
  if (fitting(entries) === entries.length) return entries;
  const share = TEXTS / LONG_TEXTS.length / entries.length;
  const without = (entry: Details) => LONG_TEXTS.filter((name) => answeredBytes(entry[name]) > share);
  return entries.map((entry) => ({ ...entry, ...Object.fromEntries(without(entry).map((name) => [name, ''])) }));
}
