import { accountRoutes } from './account.ts';
import { fileRoutes } from './file.ts';
import { groupRoutes } from './group.ts';
import { memberRoutes } from './member.ts';
import type { BackgroundFunction, FunctionRow, Route } from './route.ts';
import { userRoutes } from './user.ts';

export * from './route.ts';

/** THE TABLE: every operation of the HTTP API, one row each. Drives infra, OpenAPI, README and the table-law tests. */
export const routes: readonly Route[] = [
  ...accountRoutes,
  ...userRoutes,
  ...groupRoutes,
  ...memberRoutes,
  ...fileRoutes,
];

/** Functions that no client calls. */
export const backgroundFunctions: readonly BackgroundFunction[] = [
  {
    id: 'background/clean-up',
    trigger: 'jobs',
    summary: 'Finishes what a small transaction began: members and files of dissolved groups, objects of deleted files',
    // Heirs of a deleted owner are found by the local indexes of admins and members.
    grants: ['batch-get', 'query', 'query-lsi1', 'query-lsi3', 'put', 'update', 'delete', 'delete-object'],
    timeout: 300,
  },
  {
    id: 'background/publish-file',
    trigger: 'uploads',
    summary: 'Publishes the avatar or the reserved file that was uploaded',
    grants: ['batch-get', 'update', 'delete', 'publish-object'],
    timeout: 60,
  },
];

/** The page that describes the API: no operation, so it has no envelope and no section of the API documents. */
export const docsPage: FunctionRow = {
  id: 'docs',
  summary: 'The description of the API, and a page to read and try it',
  grants: [],
  memory: 256,
};

/** Paths of that page, all for GET; `{file}` is one part of a path. */
export const DOCS_PATHS = ['/openapi.json', '/docs', '/docs/{file}'] as const;
