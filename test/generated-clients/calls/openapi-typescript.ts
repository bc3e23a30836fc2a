/** Calls by the types of openapi-typescript and the client openapi-fetch. */
import createClient from 'openapi-fetch';
import type { paths } from '../generated/openapi-typescript.ts';
import { expectEqual, type Facts, PASSWORD, success } from './expected.ts';

export async function calls({ api_endpoint: baseUrl, app_id, admin_token }: Facts): Promise<void> {
  const open = createClient<paths>({ baseUrl, headers: { app_id } });
  const admin = createClient<paths>({ baseUrl, headers: { app_id, 'access-token': admin_token } });
  const username = `typed_${Date.now()}`;
  const body = { username, password: PASSWORD };
  const registered = success('register', (await open.POST('/user/register/v2', { body })).data);
  const user_id: number = registered.data.user_id;
  const login = await open.POST('/token/user', { body: { name: username, password: PASSWORD } });
  const { token } = success('login', login.data).data;
  const user = createClient<paths>({ baseUrl, headers: { app_id, 'access-token': token } });

  const created = await user.POST('/group/create', { body: { name: 'Typed', type: 0, user_list: [] } });
  const group = success('create', created.data).data;
  expectEqual([group.name, group.owner_id], ['Typed', user_id], 'create');
  const { data } = await user.GET('/group/info', { params: { query: { group_id: group.group_id } } });
  expectEqual(success('info', data).data.count, 1, 'info');
  // An error is an answer with its code, of which the types know all.
  const refused = await user.GET('/group/info', { params: { query: { group_id: 1 } } });
  if (refused.data?.code !== 20001) throw new Error(`info: ${JSON.stringify(refused.data)}`);
  const members = await user.GET('/group/member_list', {
    params: { query: { group_id: group.group_id, limit: 1 } },
  });
  expectEqual(success('member_list', members.data).data.length, 1, 'member_list');
  const joined = await admin.GET('/group/user_joined', { params: { header: { user_id } } });
  expectEqual(success('user_joined', joined.data).data.length, 1, 'user_joined');
  const self = success('self', (await admin.GET('/token/self')).data).data;
  expectEqual(self.kind === 'admin' && self.scopes.includes('decide'), true, 'self');
  // An answer without an envelope.
  const introspected = await admin.POST('/token/introspect', { body: { token } });
  expectEqual(introspected.data?.active === true && introspected.data.sub, String(user_id), 'introspect');
  const malformed = await admin.POST('/token/introspect', { body: {} as { token: string } });
  const error = malformed.error && 'error' in malformed.error && malformed.error.error;
  expectEqual(error, 'invalid_request', 'introspect');
  const decided = await admin.POST('/access/check', {
    body: { items: [{ action: 'publish', token, group_id: group.group_id }] },
  });
  expectEqual(success('check', decided.data).data[0]?.allow, true, 'check');
}
