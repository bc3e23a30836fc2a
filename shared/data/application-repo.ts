import { KEPT_IN_LISTS } from '../limits.ts';
import { all, equal, unchanged } from './expression.ts';
import {
  APPLICATION,
  applicationKey,
  applicationOrder,
  groupMembershipKey,
  groupMembershipPartition,
  userMembershipKey,
} from './keys.ts';
import { type GroupMembership, groupMembershipTtl, userMembershipTtl } from './membership-repo.ts';
import { type Get, getItem, type Query } from './read.ts';
import { MOST_BYTES } from './sizes.ts';
import { put, type Step, update } from './step.ts';

export const PENDING = 0;
export const AGREED = 1;
export const REJECTED = 2;
export type Outcome = 0 | 1 | 2;

/** The one application of a person to a group: a second renews it. Times in milliseconds. */
export interface Application {
  sk: string;
  reason: string;
  status: Outcome;
  createdAt: number;
  /** Can be approved until then. */
  expiresAt: number;
  lsi1sk: string;
}

export const applicationOf = (app: string, group: number, applicant: number): Get<Application | undefined> =>
  getItem(applicationKey(app, group, applicant));
export const applicantOf = ({ sk }: Application) => Number(sk.slice(APPLICATION.length));

/** Pending: neither handled nor expired. */
export const isPending = (application: Application | undefined, now: number): application is Application =>
  application?.status === PENDING && application.expiresAt > now;

const ttl = (createdAt: number) => Math.ceil(createdAt / 1000) + KEPT_IN_LISTS;

/** The application and its mark on the group membership, which makes it void the moment the person joins or is blocked. */
export function applySteps(
  app: string,
  group: number,
  applicant: number,
  was: GroupMembership | undefined,
  { reason, createdAt, expiresAt }: { reason: string; createdAt: number; expiresAt: number },
): Step[] {
  const order = applicationOrder(createdAt, applicant);
  return [
    update(
      groupMembershipKey(app, group, applicant),
      {
        set: {
          applied: createdAt,
          applicationExpiresAt: expiresAt,
          ttl: groupMembershipTtl(was?.bannedUntil, ttl(createdAt)),
        },
      },
      unchanged(was, 'state', 'bannedUntil', 'applied'),
    ),
    put(applicationKey(app, group, applicant), {
      reason,
      status: PENDING,
      createdAt,
      expiresAt,
      lsi1sk: order,
      lsi2sk: order,
      ttl: ttl(createdAt),
    }),
    // So that the deletion of the person finds the application.
    update(userMembershipKey(app, applicant, group), {
      set: { applied: createdAt, ttl: userMembershipTtl(createdAt) },
    }),
  ];
}

/** The pending application that the group membership marks is settled with the joining. */
export const closeApplication = (
  app: string,
  group: number,
  user: number,
  was: GroupMembership | undefined,
  now: number,
): Step[] =>
  was?.applied !== undefined && (was.applicationExpiresAt ?? 0) > now
    ? [update(applicationKey(app, group, user), { set: { status: AGREED } }, stillPending({ createdAt: was.applied }))]
    : [];

/** Handled without joining: the mark goes with it. One that was renewed meanwhile shows in both records. */
export const rejectSteps = (app: string, group: number, applicant: number, application: Application): Step[] => [
  update(applicationKey(app, group, applicant), { set: { status: REJECTED } }, stillPending(application)),
  update(
    groupMembershipKey(app, group, applicant),
    { set: { applied: undefined, applicationExpiresAt: undefined } },
    equal('applied', application.createdAt),
  ),
];

const stillPending = ({ createdAt }: Pick<Application, 'createdAt'>) =>
  all(equal('status', PENDING), equal('createdAt', createdAt));

/** Applications of a group made within `[from, to]` bounds of the order key, the newest first, as `view` gives them. */
export const applicationsOf = <T>(
  app: string,
  group: number,
  between: readonly [string, string],
  limit: number,
  view: (application: Application) => T,
): Query<{ entries: T[]; more: boolean }> => ({
  query: {
    partition: groupMembershipPartition(app, group),
    index: 'lsi1',
    between,
    entryBytes: MOST_BYTES.application,
    descending: true,
    limit,
    all: true,
  },
  parse: ({ items, last }) => ({ entries: (items as unknown as Application[]).map(view), more: last !== undefined }),
});

export const applicationCountOf = (app: string, group: number, between: readonly [string, string]): Query<number> => ({
  query: {
    partition: groupMembershipPartition(app, group),
    index: 'lsi2',
    between,
    entryBytes: MOST_BYTES.counted,
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});
