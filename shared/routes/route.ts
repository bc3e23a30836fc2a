/** The shape of a row of the route table. Plain data, imports nothing: infra, tests and documents read it too. */

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
  | 'query-gsi1' // background and operators only
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
  | 'delete-object'; // s3:DeleteObject on incoming/* and files/*

/** The nested stack that holds a function; no stack may pass 400 resources. */
export type Area = 'account' | 'user' | 'group' | 'member' | 'file';

/** What people call an area, in the order of lists for them. */
export const AREAS: Record<Area, string> = {
  account: 'Tokens and registration',
  user: 'Users',
  group: 'Groups',
  member: 'Members',
  file: 'Files',
};

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What every function of the HTTP API and every background function has. */
export interface FunctionRow {
  /**
   * Identity for ever (log lines, logical ids in the templates): the path of the entry file below `functions/`,
   * without `.ts`. It is the URL's path with hyphens for underscores; where one path carries different operations,
   * a last part tells them apart (`user/profile/get`, `user/profile/set`).
   */
  id: string;
  summary: string;
  /** What the operation does beyond what its kind of access needs anyway (see `grantsOf`). */
  grants: readonly Grant[];
  /** MiB; 512 where absent. */
  memory?: number;
  /** Seconds; 10 where absent: a contended write retries up to 5. */
  timeout?: number;
}

export interface Route extends FunctionRow {
  path: `/${string}`;
  /** Aliases share one function and cannot be told apart by it. */
  methods: readonly Method[];
  /**
   * Where the API documents put the parameters: absent, in the query of a GET and in the body of all else. Every
   * operation takes them in either.
   */
  parameters?: 'query';
  area: Area;
  /** Section of the API documents: `7.x` group-api.md, `1.x` user-api.md, `token` for the token document, `file` for addresses of files. */
  section: string;
  /**
   * `actor`: an access-token is checked on every call. `public`: tokens and actor headers are ignored.
   */
  access: 'actor' | 'public';
}

export interface BackgroundFunction extends FunctionRow {
  /**
   * `jobs`: the table's stream, filtered to new and touched job items (partition key begins with `J#`).
   * `uploads`: every object that came to lie below `incoming/` of the bucket.
   */
  trigger: 'jobs' | 'uploads';
}

/**
 * All words a function needs: its row's, plus what its kind of access does on every call
 * (one BatchGet for app, session and user; the presence or last-use note, at most once a minute).
 */
export function grantsOf(row: FunctionRow & { access?: Route['access'] }): readonly Grant[] {
  const base: Grant[] = row.access === 'actor' ? ['batch-get', 'update'] : row.access === 'public' ? ['batch-get'] : [];
  return [...new Set([...base, ...row.grants])];
}
