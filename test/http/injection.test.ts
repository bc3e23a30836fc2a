import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { inThisProcess } from '../support/story.ts';

/** Texts that mean something to keys, expressions, JSON, objects, logs or shells. */
const HOSTILE = [
  '#',
  'A#app#T#hash',
  'U#1',
  '~',
  ':v',
  '#n = :v',
  'attribute_exists(pk)',
  '"}, {"pk": "x',
  '__proto__',
  'constructor',
  '$(id)',
  "'; DROP TABLE users; --",
  '\n{"level":"error"}',
  '\u0000',
  '\uffff',
];

inThisProcess('Texts of callers', (story) => {
  story('texts of callers are stored as they are, and none becomes part of a key', async (given) => {
    const [alice, bob] = await given.users(2);
    const group_id = await given.group(alice!, { members: [bob!] });
    for (const text of HOSTILE) {
      const shown = text.trim();
      await alice!.does('PUT /user/profile', { nick_name: text, description: text, private_info: text });
      expect(await alice!.does('GET /user/profile')).toMatchObject({ nick_name: shown, private_info: text });
      await alice!.does('POST /user/push/tag', { tags: [text] });
      await bob!.does('POST /group/display_name', { group_id, value: text });
      await alice!.does('POST /group/info/name', { group_id, value: text });
      await alice!.does('POST /group/info/ext', { group_id, value: text });
      const made = await given.api.call('POST', '/group/create', {
        ...alice!.headers,
        body: { name: text, constructor: text, pk: text },
        headers: { 'idempotency-key': text },
      });
      expect(made.body.data).toMatchObject({ name: shown });
      // What names a key has an alphabet of its own.
      const { outcome } = await alice!.asks('POST /user/username', { username: text });
      expect([text, outcome]).toEqual([text, /^\w+$/.test(text) ? 'success' : 'badParameter']);
      expect(await alice!.fails('POST /user/mobile', { mobile: text })).toBe('badParameter');
      expect(await alice!.fails('POST /group/apply', { group_id: text, reason: '' })).toBe('badParameter');
      expect(await given.nobody.fails('POST /token/user', { name: text, password: text, device_guid: text })).toBe(
        'noPermission',
      );
      const other = await given.api.call('GET', '/user/profile', { app: text, token: alice!.token });
      expect(['appMissing', 'badToken']).toContain(other.outcome);
    }
    expect(await alice!.lists('GET /group/member_list', { group_id })).toHaveLength(2);

    const { client, name: TableName } = given.world.table;
    const keys = new Set<string>();
    for (let next: Record<string, unknown> | undefined, first = true; first || next; first = false) {
      const page = await client.send(new ScanCommand({ TableName, ...(next && { ExclusiveStartKey: next }) }));
      for (const { pk, sk, lsi1sk, lsi2sk, lsi3sk, gsi1pk, gsi1sk } of page.Items ?? [])
        for (const key of [pk, sk, lsi1sk, lsi2sk, lsi3sk, gsi1pk, gsi1sk])
          if (key !== undefined) keys.add(String(key));
      next = page.LastEvaluatedKey;
    }
    expect(keys.size).toBeGreaterThan(100);
    // Ids, times, hashes (base64url), app ids, usernames, mobile numbers, and names as `indexedName` writes them.
    expect([...keys].filter((key) => !/^[A-Za-z0-9_#+{-]+$/.test(key))).toEqual([]);
  });
});
