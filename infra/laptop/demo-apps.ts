/**
 * What the laptop stack begins with: two apps, each with an admin token, so that one sees that apps do not see each other's
 * data; and in the first one two users with a group.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { Call } from '../../shared/call/call.ts';
import type { Database } from '../../shared/data/database.ts';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { appNamed, createApp, issueAdminToken } from '../../shared/domain/app/apps.ts';
import { importLines } from '../../shared/domain/app/import.ts';
import type { Line } from '../../shared/domain/app/lines/kinds.ts';
import { loginById } from '../../shared/domain/user/login.ts';
import { ApiError } from '../../shared/errors.ts';
import type { AppId, GroupId, UserId } from '../../shared/ids.ts';
import { readKept } from '../local/start-up.ts';

interface DemoUser {
  user_id: UserId;
  username: string;
  password: string;
  /** Of a session. */
  token: string;
}

export interface DemoApps {
  app_id: string;
  admin_token: string;
  /** Users of this app: the owner and a member of the group. Without those who were deleted or have another password. */
  users: DemoUser[];
  group_id: GroupId;
  other_app_id: string;
  other_admin_token: string;
}

const PASSWORD = 'correct-horse';
/** Of the password. To hash it again at each start would take a tenth of a second. */
const PASSWORD_HASH = {
  salt: '3amus7WYxpPoYhULGwTLqQ',
  hash: 'JQ9vwQeIQXZNNMdEIfcAKIUgjlme3-XI7oa21-ShlOw',
  ...{ N: 2 ** 14, r: 8, p: 5 },
};
const ANN = { user_id: 1001 as UserId, username: 'ann' };
const BEN = { user_id: 1002 as UserId, username: 'ben' };
const GROUP = 2001 as GroupId;

/** Lines of one kind, in the order of dependence. */
const LINES: Line[][] = [
  [ANN, BEN].map((user) => ({ kind: 'user', ...user, password_hash: PASSWORD_HASH })),
  [{ kind: 'group', group_id: GROUP, owner_id: ANN.user_id, name: 'Friends' }],
  [{ kind: 'member', group_id: GROUP, user_id: BEN.user_id }],
];

/**
 * Makes all that is not there yet. If the data is kept in the folder `dataDir`, so are the tokens: the table holds only
 * their hashes.
 */
export async function demoApps(
  client: DynamoDBClient,
  tableName: string,
  dataDir: string | undefined,
): Promise<DemoApps> {
  const documents = DynamoDBDocument.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const open = () => viewOf({ client: documents, name: tableName });
  const file = dataDir === undefined ? undefined : join(dataDir, 'demo-apps.json');
  const kept: Omit<DemoApps, 'users'> & { users?: DemoUser[] } =
    file && existsSync(file) ? readKept(file) : await newApps(open);
  const users = await demoUsers(open, kept.app_id as AppId, kept.users ?? []);
  const all = { ...kept, users, group_id: GROUP };
  if (file) writeFileSync(file, JSON.stringify(all, null, 2), { mode: 0o600 });
  return all;
}

async function newApps(open: () => Database): Promise<Omit<DemoApps, 'users'>> {
  const make = async (name: string) => {
    const { app } = await createApp(open(), { name });
    return { app, token: await issueAdminToken(open(), app, { name: 'laptop stack' }) };
  };
  const [demo, other] = await Promise.all([make('Demo'), make('Other demo')]);
  return {
    app_id: demo.app,
    admin_token: demo.token,
    group_id: GROUP,
    other_app_id: other.app,
    other_admin_token: other.token,
  };
}

/** The users with a session each: the one before, if it still lives. */
async function demoUsers(open: () => Database, app: AppId, before: readonly DemoUser[]): Promise<DemoUser[]> {
  const record = await appNamed(open(), app);
  // What is there stays as it is, also where it was changed or deleted since.
  if (before.length === 0)
    for (const lines of LINES)
      await importLines(
        open,
        record,
        lines.map((line, index) => ({ line, number: index + 1 })),
      );
  const nobody = { app, token: undefined, user: undefined, group: undefined };
  const found = await Promise.all(
    [ANN, BEN].map(async (user) => {
      const old = before.find(({ user_id }) => user_id === user.user_id);
      try {
        if (old) {
          const call = new Call({ access: 'person' }, { ...nobody, token: old.token }, { db: open() });
          if (
            await call.open([]).then(
              () => true,
              () => false,
            )
          )
            return old;
        }
        const call = new Call({ access: 'public' }, nobody, { db: open(), userAgent: 'laptop stack' });
        const { token } = await loginById(call, user.user_id, PASSWORD, 'laptop stack');
        return { ...user, password: PASSWORD, token };
      } catch (error) {
        if (error instanceof ApiError) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((user) => user !== undefined);
}
