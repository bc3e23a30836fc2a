/** Clients that call the stack as an app with a chat would, each as its own user with its own group. */
import { type Agent, request as httpRequest } from 'node:http';
import { Random } from '../infra/local/random.ts';
import type { GroupId } from '../shared/ids.ts';
import { type Method, type Operation, routes } from '../shared/routes/index.ts';
import { type Actor, type Given, PASSWORD, type Person } from '../test/support/story.ts';

export interface Client {
  who: Person;
  /** Its own group, with an announcement. */
  group: GroupId;
  /** A second group, if there is one at the moment. */
  second: number | undefined;
  /** Whether it is a member of the group that all clients join and leave. */
  isGuest: boolean;
  random: Random;
}

/** What all clients know. */
interface Town {
  /** A service of the app, such as one that delivers messages. */
  service: Actor;
  nobody: Actor;
  lobby: GroupId;
}

interface Ask {
  id: string;
  parameters?: Record<string, unknown>;
  by?: Actor;
  /** Notes what the answer says. */
  then?(data: { group_id: number }): void;
}

type Wish = (client: Client, town: Town) => Ask;

const own =
  (id: string, parameters: Record<string, unknown> = {}): Wish =>
  () => ({ id, parameters });
const ofGroup =
  (id: string, parameters: Record<string, unknown> = {}): Wish =>
  ({ group }) => ({ id, parameters: { group_id: group, ...parameters } });

/** How often of a hundred times: four reads per write. */
const MIX: [number, Wish][] = [
  [11, own('user/profile/get')],
  [5, own('user/settings/get')],
  [10, own('group/user-joined')],
  [7, own('roster/list/ids')],
  [11, ofGroup('group/info')],
  [10, ofGroup('group/member-list')],
  [7, ofGroup('group/changes')],
  [4, ofGroup('group/announcement/last')],
  [3, ofGroup('group/file/list')],
  [
    12,
    ({ who, group }, { service }) => ({
      ...{ id: 'access/check', by: service },
      parameters: { items: [{ action: 'publish', token: who.token, group_id: group }] },
    }),
  ],
  [3, ({ random }) => ({ id: 'user/nickname', parameters: { nick_name: `n${random.whole(0, 1e6)}` } })],
  [3, ({ random }) => ({ id: 'user/push/badge', parameters: { badge: random.whole(0, 99) } })],
  [
    3,
    ({ group, random }) => ({
      id: 'group/msg/mute-mode',
      parameters: { group_id: group, msg_mute_mode: random.whole(0, 1) },
    }),
  ],
  [
    2,
    ({ group, random }) => ({
      id: 'group/display-name',
      parameters: { group_id: group, value: `d${random.whole(0, 1e6)}` },
    }),
  ],
  [
    2,
    ({ who, random }) => ({
      id: 'user/token/bind',
      parameters: { device_sn: who.device, device_token: `t${who.id}-${random.whole(0, 9)}`, notifier_name: 'apns' },
    }),
  ],
  [1, ofGroup('group/info/name', { value: 'Renamed' })],
  [1, ({ who, group }) => ({ id: 'file/upload/chat', parameters: { to_id: group, to_type: 2 }, by: who })],
  [
    1,
    ({ who }, { nobody }) => ({
      ...{ id: 'token/user', by: nobody },
      parameters: { name: who.username, password: PASSWORD, device_guid: 'another' },
    }),
  ],
  [
    2,
    (client, { lobby }) => {
      const isGuest = client.isGuest;
      client.isGuest = !isGuest;
      const parameters = { group_id: lobby };
      return isGuest
        ? { id: 'group/leave', parameters }
        : { id: 'group/apply', parameters: { ...parameters, reason: '' } };
    },
  ],
  [
    2,
    (client) => {
      const group_id = client.second;
      client.second = undefined;
      if (group_id !== undefined) return { id: 'group/destroy', parameters: { group_id } };
      const then = (data: { group_id: number }) => {
        client.second = data.group_id;
      };
      return { id: 'group/create', parameters: { name: 'Second', user_list: [] }, then };
    },
  ],
];
const WEIGHTS = Object.fromEntries(MIX.map(([weight], n) => [n, weight]));

/** Makes the users and groups. */
export async function settle(given: Given, count: number): Promise<{ clients: Client[]; town: Town }> {
  const [host, ...people] = (await given.users(count + 1)) as [Person, ...Person[]];
  const lobby = await given.group(host, { approval: 0, type: 2, name: 'Lobby' });
  const clients: Client[] = [];
  // One after the other: compiled code and instances have yet to come.
  for (const [n, who] of people.entries()) {
    const members = [1, 2, 3].map((step) => people[(n + step) % count]!).filter((other) => other !== who);
    const group = await given.group(who, { members, name: `Group ${n}` });
    await who.does('POST /group/announcement/edit', { group_id: group, title: 'Hello', content: 'What is new' });
    clients.push({ who, group, second: undefined, isGuest: false, random: new Random(n) });
  }
  return { clients, town: { service: given.admin(), nobody: given.nobody, lobby } };
}

const byId = new Map<string, Operation>(routes.map((route) => [route.id, route]));

/** A call that was made. */
export interface Made {
  id: string;
  /** Milliseconds. */
  took: number;
  /** What was answered instead of a success. */
  failure: string | undefined;
}

/** Makes calls, one after the other, until a time of `performance.now()`. */
export async function use(
  client: Client,
  town: Town,
  endpoint: string,
  agent: Agent,
  until: number,
  onMade?: (made: Made) => void,
) {
  while (performance.now() < until) {
    const {
      id,
      parameters = {},
      by = client.who,
      then,
    } = MIX[Number(client.random.weighted(WEIGHTS))]![1](client, town);
    const start = performance.now();
    const { status, text } = await send(agent, endpoint, byId.get(id)!, by, parameters);
    const took = performance.now() - start;
    const good = status === 200 && text.startsWith('{"code":200,');
    if (good) then?.(JSON.parse(text).data);
    onMade?.({ id, took, failure: good ? undefined : `${status} ${text.slice(0, 200)}` });
  }
}

/** The status is 0 where no answer came. */
function send(agent: Agent, endpoint: string, { methods, path }: Operation, by: Actor, parameters: object) {
  const method: Method = methods[0]!;
  const query = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const body = JSON.stringify(parameters);
  const headers = {
    'content-type': 'application/json',
    app_id: by.headers.app!,
    ...(by.headers.token && { 'access-token': by.headers.token }),
    ...(method !== 'GET' && { 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise<{ status: number; text: string }>((done) => {
    const failed = (error: Error) => done({ status: 0, text: error.message });
    const url = `${endpoint}${path}${method === 'GET' ? `?${query}` : ''}`;
    const sent = httpRequest(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, text }));
      response.on('error', failed);
    });
    sent.on('error', failed);
    sent.end(method === 'GET' ? undefined : body);
  });
}
