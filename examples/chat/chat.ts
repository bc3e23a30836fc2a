/**
 * A chat beside Roster: an MQTT broker that asks Roster at connect, subscribe and publish, and a bridge that follows
 * Roster's events and ends what may not go on. The messages of a group have the topic `group/<id>`.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Aedes, type Client } from 'aedes';
import { build } from 'esbuild';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { type Change, Mirror, type MirrorStore } from '../../client/mirror.ts';
import { rosterClient } from '../../client/roster.ts';

export interface ChatOptions {
  /** Address of the Roster API. */
  endpoint: string;
  app: string;
  /** Admin token. */
  token: string;
  /** File of the mirror: what the bridge knows, and where in the feed it is. */
  file: string;
  /** 0: any free port. */
  port: number;
  log?: (line: string) => void;
}

export interface Chat {
  /** Address of the page. */
  url: string;
  /** Stops the bridge; the broker goes on. */
  stopBridge(): Promise<void>;
  /** Starts it again: it catches up from its file. */
  startBridge(): Promise<void>;
  close(): Promise<void>;
}

/** A connection. */
interface Person {
  token: string;
  user_id: number;
  device_sn: number | null;
  name: string;
  /** The groups whose messages it gets. */
  groups: Set<number>;
  /** The decision on its last message: one at a time, so that messages keep their order. */
  turn: Promise<unknown>;
}

type Question = { action: 'connect' | 'subscribe' | 'publish'; token: string; group_id?: number };

const LONGEST_MESSAGE = 4096;
const LONGEST_TIMER = 2 ** 31 - 1;
/** How often the bridge compares what it knows with Roster. */
const REPAIR_EVERY = 600_000;

export async function startChat({ endpoint, app, token, file, port, log = () => {} }: ChatOptions): Promise<Chat> {
  const roster = rosterClient({ endpoint, app, token });
  const people = new Map<Client, Person>();
  /** Changes while connections wait for their decision: each has a list of its own. */
  const waiting = new Set<Change[]>();

  // ——— the broker: Roster decides ———

  const decide = async (...items: Question[]) => roster.access.check({ items });
  const broker = await Aedes.createBroker({
    preConnect(_, packet, done) {
      // A last will would be published after the right to speak has ended.
      delete packet.will;
      packet.clean = true;
      // Another connection with the same id would end this one.
      packet.clientId = randomUUID();
      done(null, true);
    },
    async authenticate(client, _username, password, done) {
      const refuse = (returnCode: number) => done(Object.assign(new Error('refused'), { returnCode }), null);
      const missed: Change[] = [];
      waiting.add(missed);
      try {
        const given = String(password ?? '');
        const [decision] = await decide({ action: 'connect', token: given });
        if (!decision?.allow || decision.user_id === null) return refuse(5);
        const { user_id, device_sn, until } = decision;
        const { username, nick_name } = await roster.with({ user: user_id }).user.profileGet();
        const name = nick_name || username;
        const person = { token: given, user_id, device_sn, name, groups: new Set<number>(), turn: Promise.resolve() };
        if (client.conn.destroyed || missed.some((change) => endsSession(change, person))) return refuse(5);
        people.set(client, person);
        const end = setTimeout(() => close(client, 'session.expired'), Math.min(until - Date.now(), LONGEST_TIMER));
        client.conn.once('close', () => {
          clearTimeout(end);
          people.delete(client);
        });
        done(null, true);
      } catch (error) {
        log(`connect: ${error}`);
        refuse(3);
      } finally {
        waiting.delete(missed);
      }
    },
    async authorizeSubscribe(client, subscription, done) {
      const person = people.get(client);
      const group_id = groupOf(subscription.topic);
      if (!person || group_id === undefined) return done(null, null);
      // Before the question, so that a kick between the answer and here ends it too.
      person.groups.add(group_id);
      const [decision] = await decide({ action: 'subscribe', token: person.token, group_id }).catch(() => []);
      if (!decision?.allow) person.groups.delete(group_id);
      done(null, person.groups.has(group_id) ? subscription : null);
    },
    async authorizePublish(client, packet, done) {
      const person = client && people.get(client);
      const group_id = groupOf(packet.topic);
      if (!person || group_id === undefined || packet.payload.length > LONGEST_MESSAGE)
        return done(new Error('not a message to a group'));
      const { token, user_id, name, turn } = person;
      const asked = turn.then(() => decide({ action: 'publish', token, group_id })).catch(() => []);
      person.turn = asked;
      const [decision] = await asked;
      packet.retain = false;
      if (decision?.allow) {
        // What a message says of its author comes from the broker.
        packet.payload = JSON.stringify({ user_id, name, text: String(packet.payload), at: Date.now() });
      } else {
        notify(client, { type: 'refused', group_id, reason: decision?.reason ?? 'Try again.' });
        // MQTT 3.1.1 can only refuse a message by closing the connection. This one goes where nobody may subscribe.
        packet.topic = 'nowhere';
      }
      done(null);
    },
    authorizeForward(client, packet) {
      const group_id = groupOf(packet.topic);
      return group_id === undefined || people.get(client)?.groups.has(group_id) ? packet : null;
    },
  });

  broker.on('clientReady', (client) => notify(client, { type: 'welcome', device_sn: people.get(client)?.device_sn }));

  const MESSAGE = { cmd: 'publish', qos: 0, retain: false, dup: false } as const;
  const notify = (client: Client, notice: object) =>
    client.publish({ ...MESSAGE, topic: 'notice', payload: JSON.stringify(notice) }, () => {});
  const close = (client: Client, type: string) => {
    people.delete(client);
    notify(client, { type });
    // After the notice.
    setTimeout(() => client.close(), 50);
  };

  // ——— the bridge: Roster tells what has ended ———

  const onChange = (change: Change) => {
    const { event, ...notice } = change;
    const { type, group_id, user_id } = notice;
    for (const missed of waiting) missed.push(change);
    for (const [client, person] of people) {
      if (endsSession(change, person)) close(client, type);
      else if (group_id !== undefined && (person.groups.has(group_id) || person.user_id === user_id)) {
        notify(client, notice);
        if (!mirror.mayRead(person.user_id, group_id) && (type === 'group.dissolved' || person.user_id === user_id))
          leave(client, person, group_id);
      }
    }
    log(`${event?.sequence ?? 'repaired'} ${type} ${JSON.stringify(notice)}`);
  };
  const leave = (client: Client, { groups }: Person, group_id: number) => {
    if (!groups.delete(group_id)) return;
    client.unsubscribe([{ topic: `group/${group_id}`, qos: 0 }], () => {});
  };

  /** Asks anew about all connections, where the feed cannot tell what happened to them. */
  const onGap = async () => {
    for (const [client, person] of people) {
      const groups = [...person.groups];
      const asked = groups.map((group_id): Question => ({ action: 'subscribe', token: person.token, group_id }));
      const [session, ...rooms] = await decide({ action: 'connect', token: person.token }, ...asked.slice(0, 99));
      if (!session?.allow) close(client, 'session.revoked');
      else groups.forEach((group_id, index) => void (rooms[index]?.allow || leave(client, person, group_id)));
    }
  };

  let mirror: Mirror;
  let repair: NodeJS.Timeout;
  const onFault = (error: unknown) => log(`The feed does not answer: ${error}`);
  const startBridge = async () => {
    mirror = new Mirror({ client: roster, groups: 'all', store: fileStore(file), onChange, onGap, onFault });
    await mirror.start();
    // Without the bridge, nobody would lose a right.
    mirror.ended.catch((error) => {
      log(`The bridge has stopped: ${error}`);
      return stop();
    });
    const compare = async () => {
      for (const difference of await mirror.compare()) log(`The mirror was wrong: ${JSON.stringify(difference)}`);
    };
    repair = setInterval(() => compare().catch(onFault), REPAIR_EVERY);
  };
  const stopBridge = async () => {
    clearInterval(repair);
    await mirror.close();
  };

  // ——— the page ———

  const script = fileURLToPath(new URL('page.js', import.meta.url));
  const { outputFiles } = await build({ entryPoints: [script], bundle: true, format: 'esm', write: false });
  const policy = `default-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src blob:; connect-src 'self' ${endpoint}`;
  const answers: { [path: string]: [type: string, body: () => string] } = {
    '/': ['text/html', () => readFileSync(new URL('page.html', import.meta.url), 'utf8')],
    '/page.js': ['text/javascript', () => outputFiles[0]!.text],
    '/settings.json': ['application/json', () => JSON.stringify({ endpoint, app })],
    '/lag': ['application/json', () => JSON.stringify(mirror.lag)],
  };
  const server = createServer(({ url = '/' }, response) => {
    const [type, body] = answers[url] ?? [];
    if (!type || !body) return response.writeHead(404).end();
    const headers = { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy };
    return response.writeHead(200, headers).end(body());
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  await startBridge();
  const sockets = new WebSocketServer({ server, path: '/mqtt', maxPayload: 2 * LONGEST_MESSAGE });
  sockets.on('connection', (socket, request) => {
    const stream = createWebSocketStream(socket);
    // A connection that breaks is closed by the broker.
    stream.on('error', () => {});
    broker.handle(stream, request);
  });

  async function stop() {
    clearInterval(repair);
    await new Promise<void>((resolve) => broker.close(resolve));
    sockets.close();
    server.close();
    server.closeAllConnections();
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    startBridge,
    stopBridge,
    async close() {
      await stopBridge();
      await stop();
    },
  };
}

const groupOf = (topic: string) => {
  const [, id] = /^group\/(\d{1,15})$/.exec(topic) ?? [];
  return id === undefined ? undefined : Number(id);
};

const endsSession = (
  { type, ...change }: Change,
  { user_id, device_sn }: Pick<Person, 'user_id' | 'device_sn'>,
): boolean => {
  if (change.user_id !== user_id) return false;
  if (type === 'user.disabled' || type === 'user.deleted') return true;
  if (type !== 'session.revoked') return false;
  return change.device_sn === undefined ? change.kept_device_sn !== device_sn : change.device_sn === device_sn;
};

/** Keeps the mirror in a file. */
function fileStore(file: string): MirrorStore {
  const kept = new Map<string, string>();
  return {
    load() {
      const text = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
      for (const [key, value] of Object.entries<string>(JSON.parse(text || '{}'))) kept.set(key, value);
      return kept;
    },
    save(changed) {
      for (const [key, value] of changed)
        if (value === undefined) kept.delete(key);
        else kept.set(key, value);
      writeFileSync(`${file}.part`, JSON.stringify(Object.fromEntries(kept)));
      renameSync(`${file}.part`, file);
    },
  };
}
