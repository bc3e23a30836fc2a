import { KEPT_IN_LISTS } from '../limits.ts';
import { all, equal, unchanged } from './expression.ts';
import { APPLICATION, applicationKey, applicationMade, edgeKey, relationKey, relationPartition } from './keys.ts';
import { edgeTtl, type Relation, relationTtl } from './membership-repo.ts';
import { type Get, type Query, record } from './read.ts';
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
  made: number;
  /** Can be approved until then. */
  until: number;
  l1: string;
}

export const applicationOf = (app: string, group: number, applicant: number): Get<Application | undefined> =>
  record(applicationKey(app, group, applicant));
export const applicantOf = ({ sk }: Application) => Number(sk.slice(APPLICATION.length));

/** Pending: neither handled nor expired. */
export const isPending = (application: Application | undefined, now: number): application is Application =>
  application?.status === PENDING && application.until > now;

const ttl = (made: number) => Math.ceil(made / 1000) + KEPT_IN_LISTS;

/** The application and its mark on the relation, which makes it void the moment the person joins or is blocked. */
export function applySteps(
  app: string,
  group: number,
  applicant: number,
  was: Relation | undefined,
  { reason, made, until }: { reason: string; made: number; until: number },
): Step[] {
  const order = applicationMade(made, applicant);
  return [
    update(
      relationKey(app, group, applicant),
      { set: { applied: made, applied_until: until, ttl: relationTtl(was?.until, ttl(made)) } },
      unchanged(was, 'state', 'until', 'applied'),
    ),
    put(applicationKey(app, group, applicant), {
      reason,
      status: PENDING,
      made,
      until,
      l1: order,
      l2: order,
      ttl: ttl(made),
    }),
    // So that the deletion of the person finds the application.
    update(edgeKey(app, applicant, group), { set: { applied: made, ttl: edgeTtl(made) } }),
  ];
}

/** The pending application that the relation marks is settled with the joining. */
export const settleApplication = (
  app: string,
  group: number,
  user: number,
  was: Relation | undefined,
  now: number,
): Step[] =>
  was?.applied !== undefined && (was.applied_until ?? 0) > now
    ? [update(applicationKey(app, group, user), { set: { status: AGREED } }, stillPending({ made: was.applied }))]
    : [];

/** Handled without joining: the mark goes with it. One that was renewed meanwhile shows in both records. */
export const rejectSteps = (app: string, group: number, applicant: number, application: Application): Step[] => [
  update(applicationKey(app, group, applicant), { set: { status: REJECTED } }, stillPending(application)),
  update(
    relationKey(app, group, applicant),
    { set: { applied: undefined, applied_until: undefined } },
    equal('applied', application.made),
  ),
];

const stillPending = ({ made }: Pick<Application, 'made'>) => all(equal('status', PENDING), equal('made', made));

/** Applications of a group made within `[from, to]` bounds of the order key, the newest first, as `view` gives them. */
export const applicationsOf = <T>(
  app: string,
  group: number,
  between: readonly [string, string],
  limit: number,
  view: (application: Application) => T,
): Query<{ entries: T[]; more: boolean }> => ({
  query: {
    partition: relationPartition(app, group),
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
    partition: relationPartition(app, group),
    index: 'lsi2',
    between,
    entryBytes: MOST_BYTES.counted,
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});
