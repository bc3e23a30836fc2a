import type * as z from 'zod/mini';
import type { Scope } from '../scopes.ts';

/** What the declaration of an operation holds. Plain data with lazy schemas: infrastructure, documents and tests read it. */

/**
 * What a function may do: a closed vocabulary, each word exact IAM actions on exact resources.
 * `infra/constructs/grants.ts` turns them into statements. A TransactWriteItems needs the words of its items
 * (`put`, `update`, `delete`, `check`).
 */
export type Grant =
  | 'get' // dynamodb:GetItem
  | 'batch-get' // dynamodb:BatchGetItem
  | 'query' // dynamodb:Query on the table
  | 'query-lsi1' // dynamodb:Query on the local index of that name
  | 'query-lsi2'
  | 'query-lsi3'
  | 'query-gsi1' // lags behind: background, operators, and what the app itself searches
  | 'put' // dynamodb:PutItem
  | 'update' // dynamodb:UpdateItem
  | 'delete' // dynamodb:DeleteItem
  | 'check' // dynamodb:ConditionCheckItem
  | 'presign-put' // s3:PutObject on incoming/*
  | 'presign-post' // the same, for the form
  | 'presign-avatar' // s3:PutObject on incoming/*/avatars/*
  | 'presign-get' // s3:GetObject on files/*
  | 'head-object' // s3:GetObject on incoming/* (HeadObject needs the same permission)
  | 'publish-object' // s3:GetObject and s3:DeleteObject on incoming/*, s3:PutObject and s3:DeleteObject on files/*
  | 'publish-avatar' // s3:GetObject on incoming/*/avatars/*, s3:PutObject on files/*/avatars/*
  | 'archive-events' // s3:PutObject on events/*
  | 'delete-object' // s3:DeleteObject on incoming/* and files/*
  | 'send-webhooks' // sqs:SendMessage on the queue of webhooks
  | 'receive-webhooks' // what takes messages from it and returns them: sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility, GetQueueAttributes
  | 'take-imports' // the same on the queue of imports, and sqs:SendMessage
  | 'read-import-parts' // s3:GetObject and s3:DeleteObject on imports/*/parts/*
  | 'put-refused-lines' // s3:PutObject on imports/*/refused/*
  | 'put-events' // events:PutEvents on the bus of the stage
  | 'refresh-keys'; // lambda:InvokeFunction on background/refresh-keys

/** The nested stack that holds a function; no stack may pass 400 resources. */
export type Area = 'account' | 'user' | 'group' | 'member' | 'file' | 'roster' | 'event' | 'access' | 'admin';

/** The title of each area, in the order of the documents. */
export const AREAS: Record<Area, string> = {
  account: 'Tokens and registration',
  user: 'Users',
  group: 'Groups',
  member: 'Members',
  file: 'Files',
  roster: 'Friends',
  event: 'Events',
  access: 'Decisions',
  admin: 'Administration',
};

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type RouteKey = `${Method} /${string}`;

/**
 * Which actors an operation takes. `public`: it ignores the token and the actor headers. `anyone`: every actor.
 * `person`: a user; an admin token must name one. `admin`: an admin token, whether it names a user or not.
 * `admin as person`: an admin token that names a user.
 */
export type Access = 'public' | 'anyone' | 'person' | 'admin' | 'admin as person';

/** What every function has: of the HTTP API, or in the background. */
export interface FunctionRow {
  /**
   * Permanent, because log lines and logical ids in the templates carry it: the path of the entry file below
   * `functions/`, without `.ts`. It is the URL's path with hyphens for underscores. Where one path carries different
   * operations, a last part tells them apart (`user/profile/get`, `user/profile/set`).
   */
  id: string;
  summary: string;
  /** What the operation does beyond what its access needs anyway (see `grantsOf`). */
  grants: readonly Grant[];
  /** MiB; default 512. */
  memory?: number;
  /** Seconds; default 10: a contended write retries for up to 5. */
  timeout?: number;
}

/** An error as the envelope tells it: `status` is that of its answer. */
export interface Failed {
  name: string;
  status: number;
  message: string;
}

/** One operation of the HTTP API. The name of its const is the id in camel case, which is its `operationId` too. */
export interface Operation<S extends z.ZodMiniType = z.ZodMiniType> extends FunctionRow {
  path: `/${string}`;
  /** All methods share one function, which cannot tell them apart. The first is the main one, the others are aliases. */
  methods: readonly Method[];
  /** Routes on other paths that clients call for the same operation, although the API documents have none of them. */
  aliases?: readonly RouteKey[];
  /**
   * Where the API documents put the parameters; default: in the query of a GET, otherwise in the body. The service
   * accepts all parameters in either place.
   */
  parameters?: 'query';
  /** Permanent, like the id. */
  area: Area;
  /**
   * Section of the API documents: `7.x` for groups, `1.x` for users. A word (`token`, `file`, `roster`, `event`, `access`, `admin`,
   * `extra`) for a route beyond them, which test/fixtures/own-endpoints.json and roster-endpoints.json list.
   */
  section: string;
  /** What the summary leaves open, in full sentences. */
  description?: string;
  access: Access;
  /**
   * The scope that an admin token needs. `read`: the operation changes nothing. `decide`: it answers whether users may do
   * something. `login`: it opens sessions of users, or sets what they log in with. The others: it changes these. Only
   * public operations have none, and the one that tells a token's scopes.
   */
  scope?: Scope;
  /** With the header `idempotency-key`, a repeated call gets the first answer again and changes nothing. */
  idempotent?: boolean;
  /** The answer is one page of a list; `counted`: it also says how many entries the whole list has. */
  page?: 'counted' | 'uncounted';
  /** Further fields of a success, beside `data`. */
  beside?: () => z.ZodMiniObject;
  /**
   * The operation speaks a protocol of others: its answers have no envelope. `reply` is then the whole body of a success,
   * and this makes status and body of an error.
   */
  bare?: (failed: Failed) => { status: number; body: unknown };
  /** Body of such an error. */
  bareError?: () => z.ZodMiniType;
  /** The body may also be a form without a file (`application/x-www-form-urlencoded`). */
  form?: boolean;
  /** The body is one text, not JSON: it comes as the parameter `body`. */
  rawBody?: boolean;
  /** The body is a form with a file (`multipart/form-data`): it comes as the parameter `form`, a `Multipart`. */
  multipart?: boolean;
  /** `app_id` and `access-token` may come in the query, for addresses in pages, which cannot send headers. */
  queryCredentials?: boolean;
  /** The parameter that names the group; default `group_id`. */
  groupParameter?: string;
  /** Most bytes of a body; default: what a single record needs. */
  mostBody?: number;
  /** Parameters of query and body together. */
  request: () => S;
  /** An entry of the request's one list, where the operation checks the entries one by one: see `entries`. */
  entry?: () => z.ZodMiniType;
  /** `data` of a success. */
  reply: () => z.ZodMiniType;
}

/**
 * The part of a declaration that a function needs at run time. The bundler leaves out the rest, so no bundle carries
 * descriptions or reply schemas.
 */
export type Contract<S extends z.ZodMiniType = z.ZodMiniType> = Pick<
  Operation<S>,
  | 'access'
  | 'scope'
  | 'idempotent'
  | 'bare'
  | 'form'
  | 'rawBody'
  | 'multipart'
  | 'queryCredentials'
  | 'groupParameter'
  | 'mostBody'
  | 'request'
  | 'entry'
>;

export interface BackgroundFunction extends FunctionRow {
  /**
   * `jobs`: the table's stream, filtered to new and touched job items (their partition key begins with `J#`).
   * `changes`: the table's stream, filtered to stamped items, pages of events, and what the fan-out holds back.
   * `uploads`: every object that is created below `incoming/` in the bucket.
   * `webhooks`: the queue of webhooks.
   * `imports`: the queue of imports.
   * `schedule`: once per hour.
   */
  trigger: 'jobs' | 'changes' | 'uploads' | 'webhooks' | 'imports' | 'schedule';
  /** Deployments without events leave it out. */
  ofEvents?: true;
}

/** All routes of an operation, the main one first. */
export const routeKeysOf = ({ path, methods, aliases = [] }: Operation): RouteKey[] => [
  ...methods.map((method): RouteKey => `${method} ${path}`),
  ...aliases,
];

/** Hashing a password costs processor time: a whole virtual processor (1,769 MiB) makes the call three times faster. */
export const PASSWORD_MEMORY = 1769;

/**
 * All grants of a function: its own, and what every call does (one BatchGet for app, session and user; the write of
 * presence or last use, at most once a minute; the write of statistics).
 */
export function grantsOf({ access, grants }: Pick<Operation, 'grants'> & { access?: Access }): readonly Grant[] {
  const base: Grant[] = access === undefined ? [] : ['batch-get', 'update'];
  return [...new Set([...base, ...grants])];
}
