import * as counters from '../../../data/counter-repo.ts';
import { countersOf, SHARDS, totalOf } from '../../../data/counter-repo.ts';
import { type Identity, identityOf, type UserIdentity } from '../../../data/identity-repo.ts';
import * as imports from '../../../data/import-repo.ts';
import { type Profile, profileOf, settingsOf, type Tags, tagsOf } from '../../../data/profile-repo.ts';
import { comparedName, mobileOf, type PasswordHash, type User, usernameOf, userOf } from '../../../data/user-repo.ts';
import { ApiError, badParameter } from '../../../errors.ts';
import type { AppId, UserId } from '../../../ids.ts';
import { hashPassword } from '../../user/password-hash.ts';
import { type LineKind, type Numbered, type Optional, type Scope, unlessDiffering } from './line.ts';

export type UserLine = { kind: 'user'; user_id: UserId; username: string } & Optional<{
  mobile: string;
  status: 'active' | 'disabled';
  group_confirm: boolean;
  created_at: number;
  /** Plain, only in files of other services; an export has the hash. */
  password: string;
  password_hash: PasswordHash;
  nick_name: string;
  avatar: string;
  description: string;
  email: string;
  private_info: string;
  public_info: string;
  settings: Record<string, unknown>;
  tags: string[];
  identities: (Identity & { created_at?: number | undefined })[];
}>;

/** The records of a user that its line is made of. */
export const userRecords = (app: AppId, user: UserId) => ({
  user: userOf(app, user),
  profile: profileOf(app, user),
  settings: settingsOf<Record<string, unknown>>(app, user),
  tags: tagsOf(app, user),
});

export const identityInLine = ({ issuer, subject, createdAt }: UserIdentity) => ({
  issuer,
  subject,
  created_at: createdAt,
});

/** A user with all fields, those at their default too. */
export function userLine(
  user: User,
  profile: Profile | undefined,
  settings: Record<string, unknown> | undefined,
  tags: Tags | undefined,
  identities: UserLine['identities'] = [],
): UserLine {
  const { pk: _, sk: __, stamp: ___, ...set } = settings ?? {};
  return {
    kind: 'user',
    user_id: user.user,
    username: user.username,
    mobile: user.mobile ?? '',
    status: user.status === 'disabled' ? 'disabled' : 'active',
    group_confirm: user.confirm,
    created_at: user.createdAt,
    password_hash: user.password,
    nick_name: profile?.nick_name ?? '',
    avatar: profile?.avatar ?? '',
    description: profile?.description ?? '',
    email: profile?.email ?? '',
    private_info: profile?.private_info ?? '',
    public_info: profile?.public_info ?? '',
    settings: set,
    tags: tags?.tags ?? [],
    identities,
  };
}

const reads = ({ app, limits }: Pick<Scope, 'app' | 'limits'>, lines: readonly UserLine[]) => ({
  users: lines.map(({ user_id, username, mobile }, index) => ({
    ...userRecords(app, user_id),
    name: usernameOf(app, username),
    mobile: mobile === undefined ? [] : [mobileOf(app, mobile)],
    holders: lines[index]?.identities?.map((identity) => identityOf(app, identity)) ?? [],
  })),
  counters: limits.users > 0 ? countersOf(app) : [],
});

export const userKind: LineKind<UserLine, ReturnType<typeof reads>> = {
  defaults: {
    mobile: '',
    status: 'active',
    group_confirm: false,
    nick_name: '',
    avatar: '',
    description: '',
    email: '',
    private_info: '',
    public_info: '',
    settings: {},
    tags: [],
    identities: [],
  },
  lane: ({ user_id }, lanes) => `lane ${user_id % lanes}`,
  contended: ({ user_id, username, mobile, identities = [] }) => [
    `id ${user_id}`,
    `name ${comparedName(username)}`,
    `mobile ${mobile ?? user_id}`,
    ...identities.map(({ issuer, subject }) => `identity ${JSON.stringify([issuer, subject])}`),
  ],
  reads,

  async prepare({ users }, lines) {
    const prepared: Numbered<UserLine>[] = [];
    // One after another: hashes side by side would keep the threads from everybody's look-ups.
    for (const [index, { line, number }] of lines.entries()) {
      const hashed =
        line.password === undefined || users[index]?.user
          ? line
          : { ...line, password_hash: await hashPassword(line.password) };
      prepared.push({ line: hashed, number });
    }
    return prepared;
  },

  entry({ app, limits, now }, { users, counters: shards }, { entry: { line }, index }, batch) {
    const { user, profile, settings, tags, name, mobile, holders } = users[index]!;
    if (user?.status === 'deleted') throw badParameter('user_id', 'belonged to a user who was deleted');
    if (user) {
      // The line names each identity that the user has: then both lists are the same.
      const bound = holders.filter((holder) => holder?.user === user.user).length;
      const isSame = bound === holders.length && bound === (user.identities ?? 0);
      return unlessDiffering(line, userLine(user, profile, settings, tags, isSame ? line.identities : []));
    }
    if (name) throw badParameter('username', `is taken by user ${name.user}`);
    const taken = holders.find((holder) => holder !== undefined);
    if (taken) throw badParameter('identities', `has one that is bound to user ${taken.user}`);
    if (mobile[0]) throw badParameter('mobile', `is bound to user ${mobile[0].user}`);
    if ((line.tags?.length ?? 0) > limits.tags) throw badParameter('tags', `a user has at most ${limits.tags}`);
    if (limits.users > 0 && totalOf(shards, 'users') + batch.length >= limits.users) throw new ApiError('tooManyUsers');
    const { nick_name, avatar, description, email, private_info, public_info } = line;
    return imports.addUser(app, newUser(line, now + index), {
      profile: { nick_name, avatar, description, email, private_info, public_info } as Profile,
      settings: line.settings,
      tags: line.tags,
      identities: line.identities,
    });
  },

  // All lines are of one lane, so each lane has a shard of its own.
  shared: ({ app, limits }, _, batch) =>
    limits.users > 0 ? [counters.count(app, 'users', batch.length, batch[0]!.entry.line.user_id % SHARDS)] : [],
};

function newUser(line: UserLine, now: number): User {
  const { user_id, username, mobile, status = 'active', group_confirm = false, created_at, password_hash } = line;
  const identities = line.identities?.length ?? 0;
  return {
    user: user_id,
    status,
    username,
    ...(mobile !== undefined && { mobile }),
    ...(password_hash && { password: password_hash }),
    epoch: 0,
    confirm: group_confirm,
    joined: 0,
    owned: 0,
    ...(identities > 0 && { identities }),
    createdAt: created_at ?? now,
  };
}
