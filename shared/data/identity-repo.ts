import { hash } from 'node:crypto';
import type { AppId, UserId } from '../ids.ts';
import { absent, all, any, below, equal, missing } from './expression.ts';
import { asRecord, type Get, getItem, prefix, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import { check, put, remove, type Step, update } from './step.ts';
import { type NameHolder, NOT_DELETED } from './user-repo.ts';

/** Names that issuers have for users: issuer and subject, which is the value of the claim that names the user. */

export interface Identity {
  issuer: string;
  subject: string;
}
export type UserIdentity = Keyed<ItemOf<typeof schema.userIdentityFields>>;

/** Identities of a user, at most. */
export const MOST_IDENTITIES = 20;

const identityHash = ({ issuer, subject }: Identity) => hash('sha256', JSON.stringify([issuer, subject]), 'base64url');

/** The user to whom the identity is bound. */
export const identityOf = (app: AppId, identity: Identity): Get<NameHolder | undefined> =>
  getItem(schema.identity.key(app, identityHash(identity)));

/** All identities of a user, in the order in which they were bound. */
export const identitiesOf = (app: AppId, user: UserId): Query<UserIdentity[]> => ({
  query: {
    partition: schema.user.partition(app, user),
    between: prefix(schema.userIdentity.sk.prefix),
    entryBytes: schema.userIdentity.bytes,
    limit: MOST_IDENTITIES,
  },
  parse: ({ items }) => items.map(asRecord<UserIdentity>).sort((one, other) => one.createdAt - other.createdAt),
});

/** Proves in a transaction that the identity is still bound to the user. */
export const checkIdentity = (app: AppId, identity: Identity, user: UserId): Step =>
  check(schema.identity.key(app, identityHash(identity)), equal('user', user));

/** Both sides of an identity that nobody has. The user must count it: `countBound`, or a new user's own record. */
export const putIdentity = (app: AppId, user: UserId, identity: Identity, createdAt: number): Step[] => {
  const hash = identityHash(identity);
  const { issuer, subject } = identity;
  return [
    put(schema.identity.key(app, hash), { user }, missing),
    put(schema.userIdentity.key(app, user, hash), { issuer, subject, createdAt }),
  ];
};

/** Both sides of an identity of the user. */
export const removeIdentity = (app: AppId, user: UserId, identity: Identity): Step[] => {
  const hash = identityHash(identity);
  return [
    remove(schema.identity.key(app, hash), equal('user', user)),
    remove(schema.userIdentity.key(app, user, hash)),
  ];
};

/** The user has one identity more, of so many at most. */
export const countBound = (app: AppId, user: UserId): Step =>
  update(
    schema.user.key(app, user),
    { add: { identities: 1 } },
    all(NOT_DELETED, any(absent('identities'), below('identities', MOST_IDENTITIES))),
  );
export const countUnbound = (app: AppId, user: UserId): Step =>
  update(schema.user.key(app, user), { add: { identities: -1 } }, NOT_DELETED);

// ——— a deleted user ———
/** The identity as others find it goes with the user's side, unless it is bound to another user by now. */
export const releaseIdentity = (app: AppId, user: UserId, identity: Identity): Step =>
  remove(schema.identity.key(app, identityHash(identity)), any(missing, equal('user', user)));
