import type { Context } from 'aws-lambda';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { handler as askedByAppSync } from '../../functions/access/appsync-authorizer.ts';
import { handler as askedByIot } from '../../functions/access/iot-authorizer.ts';
import { AUTHORIZERS } from '../../infra/authorizers/authorizers.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { updateApp } from '../../shared/data/app-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import type { AppSyncEvent } from '../../shared/domain/access/appsync.ts';
import type { IotEvent } from '../../shared/domain/access/iot.ts';
import { REFRESH_SECONDS, SERVED_APP } from '../../shared/environment.ts';
import type { Operation } from '../../shared/routes/index.ts';
import { calledOperation } from '../support/guards.ts';
import { Given, type Person } from '../support/story.ts';
import { world } from '../support/world.ts';

const [appSyncRow, iotRow] = AUTHORIZERS as unknown as [Operation, Operation];
const context = {
  awsRequestId: 'authorizer',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:roster-dev-access-iot-authorizer',
} as Context;

let given: Given;
let alice: Person;
let bob: Person;
let group: number;

beforeAll(async () => {
  given = await Given.app(await world('in process'));
  [alice, bob] = (await given.users(2)) as [Person, Person];
  group = await given.group(alice, { members: [bob] });
  process.env[SERVED_APP] = given.app;
  process.env[REFRESH_SECONDS] = '900';
});

/** Moves the end of a session, to so many seconds from now. */
const endIn = ({ id, device }: Person, seconds: number) =>
  given.db.write([
    update(schema.device.key(given.app, id, device), { set: { expiresAt: Date.now() + seconds * 1000 + 500 } }),
  ]);

describe('the authorizer of AppSync Events', () => {
  /** An event as AWS documents it. */
  const event = (token: string, operation: AppSyncEvent['requestContext']['operation'], channel?: string | null) => ({
    authorizationToken: token,
    requestContext: {
      apiId: 'giy7kumfmvcqvbedntjwjvagii',
      accountId: '123456789012',
      requestId: 'b80ed838-14c6-4500-b4c3-b694c7bef086',
      operation,
      channelNamespaceName: channel?.split('/')[1] ?? null,
      channel: channel ?? null,
    },
    requestHeaders: { header: 'value' },
  });
  const ask = (...parameters: Parameters<typeof event>) =>
    calledOperation.run(appSyncRow, askedByAppSync, event(...parameters), context);
  const allowed = (who: Person) => ({
    isAuthorized: true,
    handlerContext: { user_id: String(who.id), device_sn: String(who.device) },
    ttlOverride: 0,
  });
  const refused = { isAuthorized: false, ttlOverride: 0 };

  test('a live session connects, reads and speaks where it may', async () => {
    expect(await ask(bob.token, 'EVENT_CONNECT')).toEqual(allowed(bob));
    expect(await ask(bob.token, 'EVENT_SUBSCRIBE', `/group/${group}`)).toEqual(allowed(bob));
    expect(await ask(bob.token, 'EVENT_PUBLISH', `/group/${group}`)).toEqual(allowed(bob));
    expect(await ask(bob.token, 'EVENT_SUBSCRIBE', `/user/${bob.id}`)).toEqual(allowed(bob));
    expect(await ask(bob.token, 'EVENT_PUBLISH', `/user/${alice.id}`)).toEqual(allowed(bob));
  });

  test('anything else is refused', async () => {
    expect(await ask('x', 'EVENT_CONNECT')).toEqual(refused);
    for (const channel of [`/user/${alice.id}`, '/group/1', '/group/*', '/*', '/default/channel', undefined])
      expect(await ask(bob.token, 'EVENT_SUBSCRIBE', channel), channel).toEqual(refused);
  });

  test('a ban, a kick and the end of the session count from the next request on', async () => {
    const carol = await given.user();
    const other = await given.group(alice, { members: [carol] });
    const channel = `/group/${other}`;
    await alice.does('POST /group/ban', { group_id: other, user_list: [carol.id], duration: 1 });
    expect(await ask(carol.token, 'EVENT_PUBLISH', channel)).toEqual(refused);
    expect(await ask(carol.token, 'EVENT_SUBSCRIBE', channel)).toEqual(allowed(carol));
    await alice.does('POST /group/kick', { group_id: other, user_list: [carol.id] });
    expect(await ask(carol.token, 'EVENT_SUBSCRIBE', channel)).toEqual(refused);
    await carol.does('POST /user/kick', { device_sn: carol.device });
    expect(await ask(carol.token, 'EVENT_CONNECT')).toEqual(refused);
  });

  test('nobody is let into an app that is disabled or unknown', async () => {
    const other = await given.otherApp();
    const mallory = await other.user();
    process.env[SERVED_APP] = other.app;
    expect(await ask(mallory.token, 'EVENT_CONNECT')).toEqual(allowed(mallory));
    // A token of another app is forged.
    expect(await ask(bob.token, 'EVENT_CONNECT')).toEqual(refused);
    await other.db.write([updateApp(other.app, { status: 'disabled' })]);
    forgetCachedApps();
    expect(await ask(mallory.token, 'EVENT_CONNECT')).toEqual(refused);
    process.env[SERVED_APP] = 'nowhere';
    expect(await ask(mallory.token, 'EVENT_CONNECT')).toEqual(refused);
    process.env[SERVED_APP] = given.app;
  });

  test('an instance that is asked all the time learns within half a minute that the app is disabled', async () => {
    const other = await given.otherApp();
    const mallory = await other.user();
    process.env[SERVED_APP] = other.app;
    forgetCachedApps();
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      expect(await ask(mallory.token, 'EVENT_CONNECT')).toEqual(allowed(mallory));
      await other.db.write([updateApp(other.app, { status: 'disabled' })]);
      vi.setSystemTime(Date.now() + 20_000);
      expect(await ask(mallory.token, 'EVENT_CONNECT')).toEqual(allowed(mallory));
      vi.setSystemTime(Date.now() + 20_000);
      expect(await ask(mallory.token, 'EVENT_CONNECT')).toEqual(refused);
    } finally {
      vi.useRealTimers();
      process.env[SERVED_APP] = given.app;
    }
  });
});

describe('the authorizer of IoT Core', () => {
  /** An event as AWS documents it. @param named the query in the user name */
  const event = (token: string, named = '') => ({
    token: 'aToken',
    signatureVerified: false,
    protocols: ['tls', 'http', 'mqtt'],
    protocolData: {
      tls: { serverName: 'serverName' },
      http: { headers: { '#{name}': '#{value}' }, queryString: '?#{name}=#{value}' },
      mqtt: {
        username: `myUserName?x-amz-customauthorizer-name=roster-dev${named}`,
        password: Buffer.from(token).toString('base64'),
        clientId: 'myClientId',
      },
    },
    connectionMetadata: { id: '5e2a0d3c-6f0d-4d55-9d56-0b1e0b3b7f10' },
  });
  const ask = (asked: IotEvent) => calledOperation.run(iotRow, askedByIot, asked, context);
  const ARN = 'arn:aws:iot:eu-west-1:123456789012:';
  /** The resources that an answer allows, by action. */
  const rightsIn = ({ policyDocuments }: Awaited<ReturnType<typeof ask>>) => {
    const statements = policyDocuments.flatMap(({ Statement }) => Statement);
    const actions = [...Map.groupBy(statements, ({ Action }) => Action)];
    return Object.fromEntries(
      actions.map(([action, of]) => [
        action,
        of.flatMap(({ Resource }) => Resource.map((one) => one.replace(ARN, ''))),
      ]),
    );
  };

  test('a live session connects, with the rights that it has in the places that it names', async () => {
    await endIn(bob, 1000);
    const answer = await ask(event(bob.token, `&groups=${group},1,x&users=${alice.id}`));
    expect(answer).toMatchObject({
      isAuthenticated: true,
      principalId: `u${bob.id}d${bob.device}`,
      disconnectAfterInSeconds: 1000,
      refreshAfterInSeconds: 900,
    });
    const topics = [`user/${bob.id}`, `group/${group}`].map((place) => `roster/${given.app}/${place}`);
    expect(rightsIn(answer)).toEqual({
      'iot:Connect': [`client/${bob.id}-*`],
      'iot:Subscribe': topics.map((topic) => `topicfilter/${topic}`),
      'iot:Receive': topics.map((topic) => `topic/${topic}`),
      'iot:Publish': [`topic/${topics[1]}`, `topic/roster/${given.app}/user/${alice.id}`],
    });
    for (const { Version } of answer.policyDocuments) expect(Version).toBe('2012-10-17');
  });

  test('the token may be that of the event, and the places those of a query', async () => {
    const { protocolData, ...rest } = event(bob.token);
    const queryString = `?groups=${group}`;
    const answer = await ask({ ...rest, token: bob.token, protocolData: { http: { queryString } } });
    expect(rightsIn(answer)['iot:Publish']).toEqual([`topic/roster/${given.app}/group/${group}`]);
    expect(protocolData.mqtt.clientId).toBe('myClientId');
  });

  test('any other token is not authenticated', async () => {
    const refused = {
      isAuthenticated: false,
      principalId: 'none',
      disconnectAfterInSeconds: 300,
      refreshAfterInSeconds: 300,
      policyDocuments: [],
    };
    expect(await ask(event('x'))).toEqual(refused);
    expect(await ask({ protocolData: {} })).toEqual(refused);
    expect(await ask(event(given.adminToken))).toEqual(refused);
  });

  test('a right that ends before the next refresh is asked for again then, but not before 300 seconds', async () => {
    const carol = await given.user();
    const other = await given.group(alice, { members: [carol] });
    await endIn(carol, 600);
    expect(await ask(event(carol.token))).toMatchObject({ disconnectAfterInSeconds: 600, refreshAfterInSeconds: 600 });
    await alice.does('POST /group/ban', { group_id: other, user_list: [carol.id], duration: 1 });
    expect(await ask(event(carol.token, `&groups=${other}`))).toMatchObject({ refreshAfterInSeconds: 300 });
    await endIn(carol, 10);
    expect(await ask(event(carol.token))).toMatchObject({ disconnectAfterInSeconds: 300 });
    await endIn(carol, 1_000_000);
    expect(await ask(event(carol.token))).toMatchObject({ disconnectAfterInSeconds: 86_400 });
  });

  test('with the longest names, a connection has at most ten documents of 2,048 characters', async () => {
    const [dave] = (await given.users(1)) as [Person];
    const groups: number[] = [];
    for (let nth = 0; nth < 38; nth++) groups.push(await given.group(dave));
    const answer = await ask(event(dave.token, `&groups=${groups}`));
    const lengths = answer.policyDocuments.map((document) => JSON.stringify(document).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(2048);
    expect(lengths.length).toBeLessThanOrEqual(10);
    expect(rightsIn(answer)['iot:Publish']).toHaveLength(36);
  });
});
