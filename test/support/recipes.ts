import { updateApp } from '../../shared/data/app-repo.ts';
import type { GroupId } from '../../shared/ids.ts';
import type { Method, Operation } from '../../shared/routes/index.ts';
import type { Answer, Request } from './api.ts';
import { tellFiles } from './events.ts';
import { opaque, postForm, share, stockForm } from './files.ts';
import { fixedIssuer } from './issuer.ts';
import { type Actor, type Given, PASSWORD, type Person } from './story.ts';

/**
 * The state of the table from which every recipe starts. A recipe is an everyday call of one operation: lists in a body
 * hold one entry, groups have ten members.
 */
export interface Scene {
  given: Given;
  /** Owner of all groups. */
  alice: Person;
  /** Admin of the group. */
  bob: Person;
  carol: Person;
  /** A member of no group. */
  dave: Person;
  /** Has applied to the group. */
  frank: Person;
  /** Asked for consent before joining, and has been invited. */
  grace: Person;
  /** A friend of carol. Friends of erin need consent, and frank has applied. */
  erin: Person;
  /** A banned member; a blocked stranger, whom carol has blocked, too. */
  banned: Person;
  blocked: Person;
  group: GroupId;
  /** A group that admits every applicant. */
  open: number;
  qr_info: string;
  /** Shared files of the group: one that stays, one to delete. */
  kept: { file_id: number; url: string };
  gone: { file_id: number };
  /** Stable address of alice's avatar. */
  avatar: string;
  /** Takes the form of another avatar. */
  form: string;
  /** Id of a webhook endpoint. */
  endpoint: string;
  /** An issuer, and a token of it by which a user logs in who has registered so. */
  issuer: string;
  token: string;
}

/** A public address, so that no name has to be resolved. */
const WEBHOOKS = 'https://1.1.1.1/webhooks';

const CAROLS_PUSH_TOKEN = 'push-token-of-carol';

/** Makes the state that every recipe starts from. */
export async function setScene(given: Given): Promise<Scene> {
  await given.db.write([updateApp(given.app, { limits: { ...given.record.limits, guests: 1 } })]);
  const people = (await given.users(13)) as [Person, Person, Person, Person, Person, Person, Person, ...Person[]];
  const [alice, bob, carol, dave, frank, banned, blocked, ...others] = people;
  const [grace] = (await given.users(1, 'grace', { confirm: true })) as [Person];
  const [erin] = (await given.users(1, 'erin')) as [Person];
  const group = await given.group(alice, { admins: [bob], members: [carol, banned, ...others] });
  const open = await given.group(alice, { approval: 0, type: 2, name: 'Open' });
  const group_id = group;
  for (const title of ['First', 'Second'])
    await alice.does('POST /group/announcement/edit', { group_id, title, content: 'What everybody should know' });
  await alice.does('POST /group/ban', { group_id, duration: 60, user_list: [banned.id] });
  await alice.does('POST /group/block', { group_id, user_list: [blocked.id] });
  await frank.does('POST /group/apply', { group_id, reason: 'I know bob' });
  await alice.does('POST /group/invite', { group_id, user_list: [grace.id], reason: 'join us' });
  await carol.does('POST /user/push/tag', { tags: ['morning'] });
  await carol.does('PUT /user/profile', { nick_name: 'Carol', description: 'carols at christmas' });
  await carol.does('PUT /user/settings', { user_id: carol.id, vibratory: true });
  await carol.does('PUT /user/mobile', { mobile: '+4930123456' });
  await carol.does('PUT /user/token/bind', {
    device_sn: carol.device,
    device_token: CAROLS_PUSH_TOKEN,
    notifier_name: 'apns',
  });
  await carol.does('POST /roster/apply', { user_id: erin.id, alias: 'Rin' });
  await erin.does('PUT /user/authmode', { value: 1 });
  await frank.does('POST /roster/apply', { user_id: erin.id, reason: 'I know carol' });
  await carol.does('POST /roster/block', { user_id: blocked.id });
  const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
  await share(given, alice, group_id, { name: 'kept.txt' });
  await share(given, alice, group_id, { name: 'gone.txt' });
  const [gone, kept] = await alice.does('GET /group/file/list', { group_id });
  const form = await alice.does('GET /file/upload/avatar/user');
  await postForm(form, 'picture');
  const avatar = form.download_url as string;
  await alice.does('POST /user/avatar', { avatar });
  const { upload_url } = await alice.does('GET /file/upload/avatar/user');
  await tellFiles(given, group, 3);
  const endpoint = await given.admin().does('POST /event/endpoint/create', { url: WEBHOOKS });
  const { issuer, token } = await fixedIssuer(given, { create: true });
  await given.nobody.does('POST /token/exchange', { subject_token: token('zoe') });
  await given.admin().does('POST /user/identity/bind', { user_id: carol.id, issuer, subject: 'carol' });
  return {
    ...{ issuer, token: token('zoe') },
    ...{ given, alice, bob, carol, dave, frank, grace, erin, banned, blocked },
    ...{ group, open, qr_info, kept, gone, avatar, form: upload_url, endpoint: endpoint.endpoint_id },
  };
}

/** The caller and the parameters of a call. */
export type Recipe = (scene: Scene) => { who: Actor; parameters?: Record<string, unknown> };

const byCarol =
  (parameters?: Record<string, unknown>): Recipe =>
  ({ carol }) => ({ who: carol, ...(parameters && { parameters }) });
const byOwner =
  (rest: (scene: Scene) => Record<string, unknown> = () => ({})): Recipe =>
  (scene) => ({ who: scene.alice, parameters: { group_id: scene.group, ...rest(scene) } });
const byMember =
  (rest: Record<string, unknown> = {}): Recipe =>
  ({ carol, group }) => ({ who: carol, parameters: { group_id: group, ...rest } });
const byAdminToken =
  (parameters: (scene: Scene) => Record<string, unknown>): Recipe =>
  (scene) => ({ who: scene.given.admin(), parameters: parameters(scene) });
const byNobody =
  (parameters: (scene: Scene) => Record<string, unknown>): Recipe =>
  (scene) => ({ who: scene.given.nobody, parameters: { password: PASSWORD, ...parameters(scene) } });

/** What Centrifugo says of a connection. */
const CLIENT = {
  client: '9336a229-2400-4ebc-8c50-0a643d22e8a0',
  transport: 'websocket',
  protocol: 'json',
  encoding: 'json',
};
const ofClient = ({ carol }: Scene) => ({ ...CLIENT, user: String(carol.id), meta: { token: carol.token } });
const onChannel = (scene: Scene) => ({ ...ofClient(scene), channel: `group:${scene.group}` });
const evaluationOf = ({ carol, group }: Scene) => ({
  subject: { type: 'session', id: carol.token },
  action: { name: 'publish' },
  resource: { type: 'group', id: String(group) },
});

/** By the id of the row. */
export const RECIPES: Record<string, Recipe> = {
  'token/user': byNobody(({ carol }) => ({ name: carol.username, device_guid: 'phone' })),
  'token/id': byNobody(({ carol }) => ({ user_id: carol.id, device_guid: 'phone' })),
  'token/login': byNobody(({ carol }) => ({ login_name: carol.username, device_guid: 'phone' })),
  'token/exchange': ({ given, token }) => ({
    who: given.nobody,
    parameters: { subject_token: token, device_guid: 'phone' },
  }),
  'user/identity/list': byCarol(),
  'user/identity/bind': byAdminToken(({ carol, issuer }) => ({ user_id: carol.id, issuer, subject: 'another' })),
  'user/identity/unbind': byAdminToken(({ carol, issuer }) => ({ user_id: carol.id, issuer, subject: 'carol' })),
  'user/register/v2': byNobody(() => ({ username: 'newcomer' })),
  'user/register/push': byNobody(() => ({ username: 'newcomer', alias: 'new', device_guid: 'phone' })),
  'user/register/anonymous': byNobody(() => ({ username: 'anon_' })),
  'user/register/batch': byAdminToken(() => ({ list: [{ username: 'newcomer', password: PASSWORD }] })),

  'user/authmode': byCarol({ value: 2 }),
  'user/avatar': byCarol({ avatar: 'https://example.org/carol.png' }),
  'user/avatar/batch': byAdminToken(({ carol }) => ({
    list: [{ user_id: carol.id, avatar: 'https://example.org/c' }],
  })),
  'user/change-password': byCarol({ old_password: PASSWORD, new_password: `${PASSWORD}!` }),
  'user/change-password-admin': ({ given, carol }) => ({
    who: given.admin({ user: carol.id }),
    parameters: { password: `${PASSWORD}!` },
  }),
  'user/delete': byCarol({ password: PASSWORD }),
  'user/device/list': byCarol(),
  'user/device/remove': ({ carol }) => ({ who: carol, parameters: { device_sn: carol.device } }),
  'user/disable': byAdminToken(({ carol }) => ({ list: [carol.id] })),
  'user/download': byCarol({ value: true }),
  'user/enable': byAdminToken(({ carol }) => ({ list: [carol.id] })),
  'user/kick': ({ carol }) => ({ who: carol, parameters: { device_sn: carol.device } }),
  'user/list': byAdminToken(() => ({ page_num: 1, page_size: 10 })),
  'user/mobile': byCarol({ mobile: '+4930654321' }),
  'user/nickname': byCarol({ nick_name: 'Caroline' }),
  'user/online-status': byCarol(),
  'user/private': byCarol({ private: 'of carol' }),
  'user/profile/get': byCarol(),
  'user/profile/set': byCarol({ nick_name: 'Caroline' }),
  'user/profile/batch': byAdminToken(({ carol }) => ({ list: [{ user_id: carol.id, nick_name: 'C' }] })),
  'user/public': byCarol({ public: 'of carol' }),
  'user/push': byCarol({ value: true }),
  'user/push/alias': byCarol({ alias: 'carol' }),
  'user/push/badge': byCarol({ badge: 3 }),
  'user/push/detail': byCarol({ value: true }),
  'user/push/limit': byCarol({ no_push_start_hour: 22, no_push_end_hour: 6 }),
  'user/push/nickname': byCarol({ value: 'Caro' }),
  'user/push/tag/get': byCarol(),
  'user/push/tag/bind': byCarol({ tags: ['evening'] }),
  'user/push/tag/unbind': byCarol({ tags: ['morning'] }),
  'user/push/tag/all': byCarol(),
  'user/settings/get': byCarol(),
  'user/settings/set': ({ carol }) => ({ who: carol, parameters: { user_id: carol.id, no_push: true } }),
  'user/sounds': byCarol({ value: true }),
  'user/token/bind': ({ carol }) => ({
    who: carol,
    parameters: { device_sn: carol.device, device_token: 'another', notifier_name: 'apns' },
  }),
  'user/token/unbind': ({ carol }) => ({ who: carol, parameters: { device_sn: carol.device } }),
  'user/username': byCarol({ username: 'caroline' }),
  'user/vibratory': byCarol({ value: false }),

  'event/endpoint/create': byAdminToken(() => ({ url: WEBHOOKS, types: ['group.member.*'] })),
  'event/endpoint/delete': byAdminToken(({ endpoint }) => ({ endpoint_id: endpoint })),
  'event/endpoint/deliveries': byAdminToken(({ endpoint }) => ({ endpoint_id: endpoint })),
  'event/endpoint/list': byAdminToken(() => ({})),
  'event/endpoint/redeliver': byAdminToken(({ endpoint }) => ({ endpoint_id: endpoint, from: '1' })),
  'event/endpoint/rotate': byAdminToken(({ endpoint }) => ({ endpoint_id: endpoint })),
  'event/endpoint/test': byAdminToken(({ endpoint }) => ({ endpoint_id: endpoint })),
  'event/endpoint/update': byAdminToken(({ endpoint }) => ({ endpoint_id: endpoint, description: 'Search' })),
  'event/list': byAdminToken(() => ({})),
  'group/changes': byMember(),

  'access/check': byAdminToken(({ carol, group }) => ({
    items: [{ action: 'publish', token: carol.token, group_id: group }],
  })),
  'token/self': byCarol(),
  'token/introspect': byAdminToken(({ carol }) => ({ token: carol.token })),
  'access/centrifugo/connect': byAdminToken(({ carol }) => ({ ...CLIENT, data: { token: carol.token } })),
  'access/centrifugo/refresh': byAdminToken((scene) => ofClient(scene)),
  'access/centrifugo/subscribe': byAdminToken((scene) => onChannel(scene)),
  'access/centrifugo/sub-refresh': byAdminToken((scene) => onChannel(scene)),
  'access/centrifugo/publish': byAdminToken((scene) => ({ ...onChannel(scene), data: { input: 'hello' } })),
  'access/v1/evaluation': byAdminToken((scene) => evaluationOf(scene)),
  'access/v1/evaluations': byAdminToken((scene) => ({
    ...evaluationOf(scene),
    evaluations: [{}, { action: { name: 'subscribe' } }],
  })),

  'admin/access/explain': byAdminToken(({ banned, group }) => ({ user_id: banned.id, group_id: group })),
  'admin/group/list': byAdminToken(() => ({})),
  'admin/group/members/search': byAdminToken(({ group }) => ({ group_id: group, text: 'user' })),
  'admin/group/members/set': byAdminToken(({ group, alice, bob, carol, dave }) => ({
    group_id: group,
    user_ids: [alice.id, bob.id, carol.id, dave.id],
    max_remove_share: 0.8,
    limit: 1,
  })),
  'admin/group/owner/assign': byAdminToken(({ group, bob }) => ({ group_id: group, new_owner: bob.id })),
  'admin/group/search': byAdminToken(() => ({ prefix: 'open' })),
  'admin/overview': byAdminToken(() => ({})),
  'admin/user/groups': byAdminToken(({ carol }) => ({ user_id: carol.id })),
  'admin/user/info': byAdminToken(({ carol }) => ({ user_id: carol.id })),
  'admin/user/search': byAdminToken(({ carol }) => ({ prefix: carol.username })),
  'admin/user/unlock': byAdminToken(({ carol }) => ({ user_id: carol.id })),

  'group/create': ({ dave, frank }) => ({ who: dave, parameters: { name: 'New', user_list: [frank.id] } }),
  'group/destroy': byOwner(),
  'group/info': byMember(),
  'group/settings': byMember(),
  'group/user-joined': byCarol(),
  'group/transfer': byOwner(({ bob }) => ({ new_owner: bob.id })),
  'group/info/name': byOwner(() => ({ value: 'Renamed' })),
  'group/info/avatar': byOwner(() => ({ value: 'https://example.org/group.png' })),
  'group/info/description': byOwner(() => ({ value: 'What the group is about' })),
  'group/info/ext': byOwner(() => ({ value: '{"colour":"blue"}' })),
  'group/info/batch': ({ carol, group, open }) => ({ who: carol, parameters: { group_list: [group, open] } }),
  'group/settings/allow-member-invitation': byOwner(() => ({ value: true })),
  'group/settings/allow-member-modify': byOwner(() => ({ value: true })),
  'group/settings/ban-all': byOwner(() => ({ duration: 60 })),
  'group/settings/enable-read-ack': byOwner(() => ({ value: true })),
  'group/settings/hide-member-info': byOwner(() => ({ value: true })),
  'group/settings/history-visible': byOwner(() => ({ value: true })),
  'group/settings/require-admin-approval': byOwner(() => ({ apply_approval: 0 })),
  'group/settings/unban-all': byOwner(),
  'group/public-list': byCarol(),
  'group/announcement': byMember({ announcement_id: 1 }),
  'group/announcement/delete': byOwner(() => ({ announcement_id: 1 })),
  'group/announcement/edit': byOwner(() => ({ title: 'Third', content: 'What everybody should know' })),
  'group/announcement/last': byMember(),
  'group/announcement/list': byMember(),

  'group/invite': byOwner(({ dave }) => ({ user_list: [dave.id], reason: 'join us' })),
  'group/apply': ({ dave, open }) => ({ who: dave, parameters: { group_id: open, reason: '' } }),
  'group/apply/handle': byOwner(({ frank }) => ({ user_id: frank.id, approval: 1 })),
  'group/application-list': ({ alice, group }) => ({ who: alice, parameters: { group_list: [group] } }),
  'group/member-list': byMember(),
  'group/kick': byOwner(({ carol }) => ({ user_list: [carol.id] })),
  'group/leave': byMember(),
  'group/admin/add': byOwner(({ carol }) => ({ user_list: [carol.id] })),
  'group/admin/remove': byOwner(({ bob }) => ({ user_list: [bob.id] })),
  'group/admin-list': byMember(),
  'group/ban': byOwner(({ carol }) => ({ user_list: [carol.id], duration: 60 })),
  'group/unban': byOwner(({ banned }) => ({ user_list: [banned.id] })),
  'group/banned-list': byOwner(),
  'group/block': byOwner(({ carol }) => ({ user_list: [carol.id] })),
  'group/unblock': byOwner(({ blocked }) => ({ user_list: [blocked.id] })),
  'group/blocked-list': byOwner(),
  'group/invite/handle': ({ grace, alice, group }) => ({
    who: grace,
    parameters: { group_id: group, user_id: alice.id, approval: true },
  }),
  'group/invitation-list': ({ grace }) => ({ who: grace }),
  'group/display-name': byMember({ value: 'Caro' }),
  'group/members/display-name': ({ carol, group, alice }) => ({
    who: carol,
    parameters: { group_id: group, user_list: [alice.id] },
  }),
  'group/msg/mute-mode': byMember({ msg_mute_mode: 1 }),
  'group/msg/not-disturb': byMember({ value: true }),
  'group/msg/push-mode': byMember({ msg_push_mode: 1 }),
  'group/qrcode/sign': byOwner(),
  'group/qrcode/invite': ({ dave, qr_info }) => ({ who: dave, parameters: { qr_info } }),

  'group/file': ({ carol, group, kept }) => ({ who: carol, parameters: { group_id: group, file_id: kept.file_id } }),
  'group/file/delete': byOwner(({ gone }) => ({ file_list: [gone.file_id] })),
  'group/file/list': byMember(),
  'group/file/update-name': byOwner(({ kept }) => ({ file_id: kept.file_id, name: 'renamed.txt' })),
  'group/file/upload': byMember({ name: 'notes.txt', size: 1000, type: 'text/plain' }),
  'file/upload/chat': ({ carol, group }) => ({ who: carol, parameters: { to_id: group, to_type: 2 } }),
  'file/upload/avatar/user': byCarol(),
  'file/upload/avatar/group': byOwner(),
  'file/upload/form': ({ given, form }) => ({ who: given.nobody, parameters: opaque(form) }),
  'file/download/chat': ({ carol, kept }) => ({ who: carol, parameters: opaque(kept.url) }),
  'file/download/avatar': ({ carol, avatar }) => ({ who: carol, parameters: opaque(avatar) }),
  'roster/accept': ({ erin, frank }) => ({ who: erin, parameters: { user_id: frank.id } }),
  'roster/apply': ({ dave, erin }) => ({ who: dave, parameters: { user_id: erin.id, reason: 'I know carol' } }),
  'roster/apply/batch': ({ dave, erin }) => ({
    who: dave,
    parameters: { rosterApplications: [{ user_id: erin.id, reason: 'I know carol' }] },
  }),
  'roster/apply/list': ({ erin }) => ({ who: erin }),
  'roster/block': ({ carol, dave }) => ({ who: carol, parameters: { user_id: dave.id } }),
  'roster/blocked-list': byCarol(),
  'roster/decline': ({ erin, frank }) => ({ who: erin, parameters: { user_id: frank.id, reason: 'who?' } }),
  'roster/delete': ({ carol, erin }) => ({ who: carol, parameters: { user_id: erin.id } }),
  'roster/ext': ({ carol, erin }) => ({ who: carol, parameters: { user_id: erin.id, alias: 'Erin' } }),
  'roster/id': ({ carol, erin }) => ({ who: carol, parameters: { user_id: erin.id } }),
  'roster/list/details': ({ carol, erin }) => ({ who: carol, parameters: { list: [erin.id] } }),
  'roster/list/ids': byCarol(),
  'roster/may-message': byAdminToken(({ carol, erin }) => ({ user_id: carol.id, roster_id: erin.id })),
  'roster/mobile': ({ dave }) => ({ who: dave, parameters: { mobile: '+4930123456' } }),
  'roster/name': ({ dave, carol }) => ({ who: dave, parameters: { username: carol.username } }),
  'roster/unblock': ({ carol, blocked }) => ({ who: carol, parameters: { user_id: blocked.id } }),
};

/** The request of a row's recipe. @throws where the row has none */
export function requestOf(route: Operation, scene: Scene): { method: Method; path: string; request: Request } {
  const recipe = RECIPES[route.id];
  if (!recipe) throw new Error(`no recipe for the row "${route.id}": add one to test/support/recipes.ts`);
  const { who, parameters } = recipe(scene);
  const method = route.methods[0]!;
  const given = route.multipart
    ? { query: parameters, ...stockForm('picture') }
    : method === 'GET'
      ? { query: parameters }
      : { body: parameters ?? {} };
  return { method, path: route.path, request: { ...who.headers, ...given } };
}

/** Calls a row's operation by its recipe. */
export function cook(route: Operation, scene: Scene): Promise<Answer> {
  const { method, path, request } = requestOf(route, scene);
  return scene.given.api.call(method, path, request);
}

/** Makes the calls that precede an everyday call: the session was used a moment ago, and the app's record is cached. */
export async function warmUp({ given, alice, carol, dave, grace, erin }: Scene): Promise<void> {
  for (const who of [alice, carol, dave, grace, erin]) await who.does('GET /user/push/tag');
  await given.admin().does('GET /group/public_list');
}
