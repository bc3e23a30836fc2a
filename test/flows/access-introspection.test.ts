import * as oauth from 'oauth4webapi';
import { expect, test } from 'vitest';
import { PASSWORD } from '../support/secrets.ts';
import { laptopStack } from '../support/stack.ts';
import { Given, inBothWorlds } from '../support/story.ts';
import { world } from '../support/world.ts';

inBothWorlds('Token introspection (RFC 7662)', (story) => {
  story('a token of a live session is active, with its user, device and end', async (given) => {
    const { user_id } = await given.nobody.does('POST /user/register/v2', { username: 'alice', password: PASSWORD });
    const session = await given.nobody.does('POST /token/id', { user_id, password: PASSWORD, device_guid: 'phone' });
    const { status, text } = await given.admin().asks('POST /token/introspect', { token: session.token });
    expect(status).toBe(200);
    // The bare object of the RFC.
    expect(JSON.parse(text)).toEqual({
      active: true,
      sub: String(user_id),
      device_sn: expect.any(Number),
      exp: session.expire,
      app_id: given.app,
    });
  });

  story('of any other token nothing is told', async (given) => {
    const alice = await given.user();
    const other = await given.otherApp();
    const mallory = await other.user();
    await alice.does('POST /user/kick', { device_sn: alice.device });
    for (const token of ['x', alice.token, mallory.token, given.adminToken]) {
      const { status, text } = await given.admin().asks('POST /token/introspect', { token });
      expect([status, text]).toEqual([200, '{"active":false}']);
    }
  });

  story('the token may come in a form', async (given) => {
    const alice = await given.user();
    const { app, adminToken: token } = given;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = `${new URLSearchParams({ token: alice.token, token_type_hint: 'access_token' })}`;
    for (const base64 of [false, true]) {
      const answer = await given.api.call('POST', '/token/introspect', { app, token, body, base64, headers: form });
      expect(answer.body.data).toMatchObject({ active: true, sub: String(alice.id) });
    }
  });

  story('errors are those of OAuth 2.0, with their HTTP status', async (given) => {
    const alice = await given.user();
    const other = await given.otherApp();
    const refused = async (headers: object, body: unknown = { token: alice.token }) => {
      const answer = await given.api.call('POST', '/token/introspect', { app: given.app, body, ...headers });
      return [answer.status, JSON.parse(answer.text).error];
    };
    expect(await refused({})).toEqual([401, 'invalid_client']);
    expect(await refused({ token: other.adminToken })).toEqual([401, 'invalid_client']);
    expect(await refused({ token: alice.token })).toEqual([403, 'unauthorized_client']);
    expect(await refused({ app: 'nowhere', token: given.adminToken })).toEqual([401, 'invalid_client']);
    expect(await refused({ token: given.adminToken }, {})).toEqual([400, 'invalid_request']);
    expect(await refused({ token: given.adminToken }, { token: 'x'.repeat(300_000) })).toEqual([
      413,
      'invalid_request',
    ]);
  });
});

test('a client of OAuth 2.0 (oauth4webapi) understands the answers', async () => {
  const given = await Given.app(await world('over HTTP'));
  const alice = await given.user();
  const { api_endpoint: url } = await laptopStack();
  const server: oauth.AuthorizationServer = { issuer: url, introspection_endpoint: `${url}/token/introspect` };
  const ask = async (token: string, adminToken: string) => {
    const response = await oauth.introspectionRequest(server, { client_id: 'message service' }, oauth.None(), token, {
      headers: { app_id: given.app, 'access-token': adminToken },
      [oauth.allowInsecureRequests]: true,
    });
    return await oauth.processIntrospectionResponse(server, { client_id: 'message service' }, response);
  };
  expect(await ask(alice.token, given.adminToken)).toMatchObject({ active: true, sub: String(alice.id) });
  expect(await ask('another', given.adminToken)).toEqual({ active: false });
  await expect(ask(alice.token, 'wrong')).rejects.toMatchObject({ error: 'invalid_client', status: 401 });
});
