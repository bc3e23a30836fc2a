import { expect } from 'vitest';
import { tokenHash } from '../../shared/call/token.ts';
import { tokenId } from '../../shared/data/app-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { SCOPES } from '../../shared/scopes.ts';
import { inBothWorlds } from '../support/story.ts';

inBothWorlds('a token may ask what it is', (story) => {
  story('an admin token does what its scopes allow from the next call on (scopeMissing)', async (given) => {
    const [alice] = await given.users(1);
    const { app, adminToken } = given;
    const key = schema.adminToken.key(app, tokenHash(adminToken));
    const narrow = (set: Record<string, unknown>) => given.db.write([update(key, { set })]);
    const whole = { kind: 'admin', app_id: app, token_id: tokenId(tokenHash(adminToken)), name: '', expire: -1 };
    expect(await given.admin().does('GET /token/self')).toEqual({ ...whole, scopes: Object.keys(SCOPES) });
    expect(await given.admin().does('GET /user/list')).toHaveLength(1);

    await narrow({ scopes: ['users'], expiresAt: 2_000_000_000_999 });
    const narrowed = { ...whole, scopes: ['users'], expire: 2_000_000_000 };
    expect(await given.admin().does('GET /token/self')).toEqual(narrowed);
    expect(await given.admin({ user: alice!.id }).does('GET /token/self')).toEqual(narrowed);
    expect(await given.admin().fails('GET /user/list')).toBe('scopeMissing');
    const asAlice = given.admin({ user: alice!.id });
    expect(await asAlice.does('POST /user/nickname', { nick_name: 'Al' })).toBe(true);
    expect(await asAlice.fails('GET /user/profile')).toBe('scopeMissing');
    // Otherwise it could log in as her, and do what its scopes do not allow.
    expect(await asAlice.fails('POST /user/change_password_admin', { password: 'correct-horse' })).toBe('scopeMissing');
    // The order of checks: who calls, then the scope, then the parameters.
    expect(await given.admin({ user: 7 }).fails('GET /user/profile')).toBe('userMissing');
    expect(await given.admin().fails('GET /user/profile')).toBe('badParameter');
    expect(await given.admin().fails('GET /user/list', { page_num: 0 })).toBe('scopeMissing');
  });

  story('other protocols say it in their own words (scopeMissing)', async (given) => {
    const key = schema.adminToken.key(given.app, tokenHash(given.adminToken));
    await given.db.write([update(key, { set: { scopes: ['read'] } })]);
    const refused = async (route: `POST /${string}`, parameters: object) => {
      const { status, text } = await given.admin().asks(route, parameters as never);
      return [status, JSON.parse(text)];
    };
    const message = 'access-token: this admin token lacks the scope "decide"';
    expect(await refused('POST /token/introspect', { token: 'a' })).toEqual([
      403,
      { error: 'insufficient_scope', error_description: message },
    ]);
    expect(await refused('POST /access/centrifugo/refresh', { user: '1' })).toEqual([
      403,
      { error: { code: 403, message } },
    ]);
    const evaluation = {
      subject: { type: 'user', id: '1' },
      action: { name: 'connect' },
      resource: { type: 'app', id: 'a' },
    };
    expect(await refused('POST /access/v1/evaluation', evaluation)).toEqual([403, message]);
  });

  story('a user token is a session and has no scopes', async (given) => {
    const [alice] = await given.users(1);
    const { id, device } = alice!;
    expect(await alice!.does('GET /token/self')).toEqual({
      kind: 'user',
      app_id: given.app,
      user_id: id,
      device_sn: device,
      expire: expect.any(Number),
    });
    expect(await given.nobody.fails('GET /token/self')).toBe('noToken');
    await alice!.does('PUT /user/kick', { device_sn: device });
    expect(await alice!.fails('GET /token/self')).toBe('loginAgain');
  });
});
