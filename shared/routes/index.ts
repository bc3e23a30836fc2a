import { accountRoutes } from './account.ts';
import { groupRoutes } from './group.ts';
import { memberRoutes } from './member.ts';
import type { BackgroundFunction, Route } from './route.ts';
import { userRoutes } from './user.ts';

export * from './route.ts';

/** THE TABLE: every operation of the HTTP API, one row each. Drives infra, OpenAPI, README and the table-law tests. */
export const routes: readonly Route[] = [...accountRoutes, ...userRoutes, ...groupRoutes, ...memberRoutes];

/** Functions that no client calls. */
export const backgroundFunctions: readonly BackgroundFunction[] = [
  {
    id: 'background/clean-up',
    trigger: 'jobs',
    summary: 'Finishes what a small transaction began: members of dissolved groups',
    grants: ['get', 'batch-get', 'query', 'put', 'update', 'delete'],
    timeout: 300,
  },
];
