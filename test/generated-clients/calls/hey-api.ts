/** The same calls by the functions that Hey API generates. */
import { createClient } from '../generated/hey-api/client/index.ts';
import * as roster from '../generated/hey-api/index.ts';
import { expectEqual, type Facts, PASSWORD, success } from './expected.ts';

export async function calls({ api_endpoint: baseUrl, app_id, admin_token }: Facts): Promise<void> {
  const clientWith = (token?: string) =>
    createClient({ baseUrl, auth: ({ name }) => (name === 'app_id' ? app_id : token) });
  const [open, admin] = [clientWith(), clientWith(admin_token)];
  const username = `called_${Date.now()}`;
  const body = { username, password: PASSWORD };
  const registered = success('register', (await roster.userRegisterV2({ client: open, body })).data);
  const user_id: number = registered.data.user_id;
  const login = await roster.tokenUser({ client: open, body: { name: username, password: PASSWORD } });
  const { token } = success('login', login.data).data;
  const user = clientWith(token);

  const created = await roster.groupCreate({ client: user, body: { name: 'Called', type: 0, user_list: [] } });
  const group = success('create', created.data).data;
  expectEqual([group.name, group.owner_id], ['Called', user_id], 'create');
  const { data } = await roster.groupInfo({ client: user, query: { group_id: group.group_id } });
  expectEqual(success('info', data).data.count, 1, 'info');
  const refused = await roster.groupInfo({ client: user, query: { group_id: 1 } });
  if (refused.data?.code !== 20001) throw new Error(`info: ${JSON.stringify(refused.data)}`);
  const members = await roster.groupMemberList({ client: user, query: { group_id: group.group_id, limit: 1 } });
  expectEqual(success('member_list', members.data).data.length, 1, 'member_list');
  const joined = await roster.groupUserJoined({ client: admin, headers: { user_id } });
  expectEqual(success('user_joined', joined.data).data.length, 1, 'user_joined');
  const self = success('self', (await roster.tokenSelf({ client: admin })).data).data;
  expectEqual(self.kind === 'admin' && self.scopes.includes('decide'), true, 'self');
  const introspected = await roster.tokenIntrospect({ client: admin, body: { token } });
  expectEqual(introspected.data?.active === true && introspected.data.sub, String(user_id), 'introspect');
  const decided = await roster.accessCheck({
    client: admin,
    body: { items: [{ action: 'publish', token, group_id: group.group_id }] },
  });
  expectEqual(success('check', decided.data).data[0]?.allow, true, 'check');
}
