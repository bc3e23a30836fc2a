/** Run with `node client/example.ts` while the laptop stack is running (`npm start`). */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApiError, entries, rosterClient } from './roster.ts';

const stack = JSON.parse(readFileSync(process.argv[2] ?? '.local/stack.json', 'utf8'));
const client = rosterClient({ endpoint: stack.api_endpoint, app: stack.app_id });

// Register two users and log in as one.
const suffix = randomInt(1e9);
const password = 'correct-horse';
const alice = await client.user.registerV2({ username: `alice_${suffix}`, password });
const bob = await client.user.registerV2({ username: `bob_${suffix}`, password });
const session = await client.token.id({ user_id: alice.user_id, password });
const asAlice = client.with({ token: session.token });

// Create a group, add a member, list the members.
const { group_id } = await asAlice.group.create({ name: 'Friends' }, { idempotencyKey: `friends-${suffix}` });
const [invited] = await asAlice.group.invite({ group_id, user_list: [bob.user_id], reason: 'Join us' });
console.log(`bob joined: ${invited?.result}`);
for await (const { user_id, join_time } of entries(asAlice.group.memberList, { group_id }))
  console.log(`member ${user_id} since ${new Date(join_time * 1000).toISOString()}`);

// The client throws API errors with name and code.
try {
  await asAlice.group.leave({ group_id });
} catch (error) {
  if (!(error instanceof ApiError && error.is('ownerCannotLeave'))) throw error;
  console.log(`${error.name} (${error.code}): ${error.message}`);
}
