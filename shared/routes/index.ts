import * as access from './access.ts';
import * as account from './account.ts';
import * as admin from './admin.ts';
import * as event from './event.ts';
import * as file from './file.ts';
import * as group from './group.ts';
import * as member from './member.ts';
import type { BackgroundFunction, FunctionRow, Operation } from './operation.ts';
import * as roster from './roster.ts';
import * as user from './user.ts';

export * from './operation.ts';

/**
 * The route table: every operation of the HTTP API, that is everything that the area files export, area by area in the
 * order of ids. Infrastructure, documents, client and tests read it. Functions import only their own declaration.
 */
export const routes: readonly Operation[] = [account, user, group, member, file, roster, event, access, admin].flatMap(
  (area) => Object.values<Operation>(area).sort((a, b) => (a.id < b.id ? -1 : 1)),
);

/** Functions that no client calls. */
export const backgroundFunctions: readonly BackgroundFunction[] = [
  {
    id: 'background/clean-up',
    trigger: 'jobs',
    summary:
      'Finishes what a small transaction began: what dissolved groups, deleted users, blocks and deleted files leave',
    // It finds the successor of a deleted owner by the local indexes of admins and members.
    grants: ['batch-get', 'query', 'query-lsi1', 'query-lsi3', 'put', 'update', 'delete', 'delete-object'],
    timeout: 300,
  },
  {
    id: 'background/relay',
    trigger: 'changes',
    ofEvents: true,
    summary: 'Numbers what happened, appends it to the logs of events, and passes it to the bus and to webhooks',
    grants: ['batch-get', 'query', 'put', 'update', 'delete', 'put-events', 'send-webhooks'],
    timeout: 60,
  },
  {
    id: 'background/deliver',
    trigger: 'webhooks',
    ofEvents: true,
    summary: 'Sends events to webhook endpoints',
    grants: ['batch-get', 'put', 'update', 'delete', 'receive-webhooks'],
    timeout: 60,
  },
  {
    id: 'background/import',
    trigger: 'imports',
    summary: 'Imports a lane of the lines that an operator has uploaded',
    // What lines of all kinds write. A whole processor: deciding is half of the time of a chunk.
    grants: ['batch-get', 'put', 'update', 'delete', 'check', 'take-imports', 'read-import-parts', 'put-refused-lines'],
    timeout: 60,
    memory: 1769,
  },
  {
    id: 'background/archive',
    trigger: 'schedule',
    ofEvents: true,
    summary: 'Writes the events of each hour that is over to the archive in the bucket',
    // It finds all apps by the global index.
    grants: ['batch-get', 'query', 'query-gsi1', 'put', 'archive-events'],
    timeout: 900,
    memory: 1024,
  },
  {
    id: 'background/refresh-keys',
    trigger: 'schedule',
    summary: 'Fetches the public keys of the issuers of all apps, or of one app that has met an unknown key',
    // It finds all apps by the global index.
    grants: ['batch-get', 'query-gsi1', 'update'],
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

/** The page that describes the API. It is no operation: it has no envelope and no section of the API documents. */
export const docsPage: FunctionRow = {
  id: 'docs',
  summary: 'The description of the API and its events, and a page to read and try it',
  grants: [],
  memory: 256,
};

/** Paths of that page, all for GET; `{file}` is one part of a path. */
export const DOCS_PATHS = ['/openapi.json', '/asyncapi.json', '/docs', '/docs/{file}'] as const;

/** The page by which operators and support people look at an app. Like the other page, it is no operation. */
export const consolePage: FunctionRow = {
  id: 'console',
  summary: 'The console: a page that calls the API with an admin token',
  grants: [],
  memory: 256,
};

export const CONSOLE_PATHS = ['/console', '/console/{file}'] as const;

/** Functions that serve pages. Each has a setting of the same name, which leaves it out of a deployment. */
export const pages: readonly FunctionRow[] = [docsPage, consolePage];
