/** The two apps of the laptop stack, each with an admin token. Two show that apps do not see each other's data. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { createApp, issueAdminToken } from '../../shared/domain/app/apps.ts';
import { readKept } from '../local/start-up.ts';

export interface DemoApps {
  app_id: string;
  admin_token: string;
  other_app_id: string;
  other_admin_token: string;
}

/**
 * Makes the apps and their tokens. If the data is kept in the folder `dataDir`, so are the tokens: the table holds only
 * their hashes.
 */
export async function demoApps(
  client: DynamoDBClient,
  tableName: string,
  dataDir: string | undefined,
): Promise<DemoApps> {
  const file = dataDir === undefined ? undefined : join(dataDir, 'demo-apps.json');
  if (file && existsSync(file)) return readKept(file);
  const documents = DynamoDBDocument.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const make = async (name: string) => {
    const db = viewOf({ client: documents, name: tableName });
    const { app } = await createApp(db, { name });
    return { app, token: await issueAdminToken(db, app, { name: 'laptop stack' }) };
  };
  const [demo, other] = await Promise.all([make('Demo'), make('Other demo')]);
  const made = {
    app_id: demo.app,
    admin_token: demo.token,
    other_app_id: other.app,
    other_admin_token: other.token,
  };
  if (file) writeFileSync(file, JSON.stringify(made, null, 2), { mode: 0o600 });
  return made;
}
