import * as z from 'zod/mini';
import {
  authzenError,
  authzenErrorReply,
  centrifugoError,
  centrifugoErrorReply,
  oauthError,
  oauthErrorReply,
} from '../http/bare.ts';
import { entries } from '../http/batch.ts';
import { id, list, MOST_WRITTEN, text } from '../http/parameters.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { Operation } from './operation.ts';

const area = 'access';

/** A token, channel or name. The bound is longer than any that the rules know. */
const word = () => text(1024);

const decision = () => ({
  code: z.int(),
  reason: z.string(),
  user_id: z.nullable(z.int()),
  device_sn: z.nullable(z.int()),
  role: z.nullable(z.literal([0, 1, 2])),
  until: z.int(),
  version: z.int(),
});

export const accessCheck = {
  id: 'access/check',
  path: '/access/check',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'Decide what users may do',
  description:
    'One decision for each item, all at one moment: whether a session (`token`) or a user (`user_id`) may connect, read messages (`subscribe`) or send them (`publish`), in a group (`group_id`) or to a user (`peer_id`). A malformed item is refused alone.',
  access: 'admin',
  scope: 'decide',
  grants: [],
  request: () => z.object({ items: entries({}) }),
  entry: () =>
    z.object({
      action: z.enum(['connect', 'subscribe', 'publish'], 'must be connect, subscribe or publish'),
      token: z.optional(word()),
      user_id: z.optional(id<UserId>()),
      group_id: z.optional(id<GroupId>()),
      peer_id: z.optional(id<UserId>()),
    }),
  reply: () => z.array(z.object({ allow: z.boolean(), ...decision() })),
} satisfies Operation;

export const tokenIntrospect = {
  id: 'token/introspect',
  path: '/token/introspect',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'Introspect a token',
  description:
    'Token introspection of RFC 7662: whether `token` is that of a live session. The answer is the bare object of the RFC.',
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: oauthError,
  bareError: () => oauthErrorReply,
  form: true,
  request: () => z.object({ token: word() }),
  reply: () =>
    z.union([
      z.object({
        active: z.literal(true),
        sub: z.string(),
        device_sn: z.int(),
        exp: z.int(),
        app_id: z.string(),
      }),
      z.object({ active: z.literal(false) }),
    ]),
} satisfies Operation;

const disconnect = () => z.object({ disconnect: z.object({ code: z.int(), reason: z.string() }) });
const expiry = () => ({ expire_at: z.optional(z.int()) });
const refreshed = () => z.object({ result: z.object({ expired: z.optional(z.literal(true)), ...expiry() }) });
/** Centrifugo tells more of the client, which the rules do not look at. */
const clientRequest = () => z.looseObject({ user: word(), meta: z.optional(z.unknown()) });
const channelRequest = () => z.extend(clientRequest(), { channel: word() });

export const accessCentrifugoConnect = {
  id: 'access/centrifugo/connect',
  path: '/access/centrifugo/connect',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'Centrifugo: connect',
  description: "Centrifugo's connect proxy. The client sends the token of its session as `data.token`.",
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: centrifugoError,
  bareError: () => centrifugoErrorReply,
  request: () =>
    z.looseObject({
      token: z.optional(word()),
      data: z.optional(z.unknown()),
      channels: z.optional(list(word(), 0, Number.MAX_SAFE_INTEGER)),
    }),
  reply: () =>
    z.union([
      z.object({
        result: z.object({
          user: z.string(),
          ...expiry(),
          meta: z.object({ token: z.string() }),
          channels: z.optional(z.array(z.string())),
        }),
      }),
      disconnect(),
    ]),
} satisfies Operation;

export const accessCentrifugoRefresh = {
  id: 'access/centrifugo/refresh',
  path: '/access/centrifugo/refresh',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'Centrifugo: refresh',
  description: "Centrifugo's refresh proxy: whether the connection may go on.",
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: centrifugoError,
  bareError: () => centrifugoErrorReply,
  request: clientRequest,
  reply: refreshed,
} satisfies Operation;

export const accessCentrifugoSubscribe = {
  id: 'access/centrifugo/subscribe',
  path: '/access/centrifugo/subscribe',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'Centrifugo: subscribe',
  description: "Centrifugo's subscribe proxy, for the channels `group:<id>` and `user:<id>`.",
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: centrifugoError,
  bareError: () => centrifugoErrorReply,
  request: channelRequest,
  reply: () => z.union([z.object({ result: z.object(expiry()) }), centrifugoErrorReply, disconnect()]),
} satisfies Operation;

export const accessCentrifugoSubRefresh = {
  id: 'access/centrifugo/sub-refresh',
  path: '/access/centrifugo/sub_refresh',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'Centrifugo: refresh of a subscription',
  description: "Centrifugo's sub refresh proxy: whether the subscription may go on.",
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: centrifugoError,
  bareError: () => centrifugoErrorReply,
  request: channelRequest,
  reply: refreshed,
} satisfies Operation;

export const accessCentrifugoPublish = {
  id: 'access/centrifugo/publish',
  path: '/access/centrifugo/publish',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'Centrifugo: publish',
  description: "Centrifugo's publish proxy, for the channels `group:<id>` and `user:<id>`.",
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: centrifugoError,
  bareError: () => centrifugoErrorReply,
  request: channelRequest,
  reply: () => z.union([z.object({ result: z.object({}) }), centrifugoErrorReply, disconnect()]),
} satisfies Operation;

const subject = () => z.object({ type: word(), id: word() });
const evaluationAction = () => z.object({ name: word() });
const evaluation = () =>
  z.object({
    subject: subject(),
    action: evaluationAction(),
    resource: subject(),
    context: z.optional(z.looseObject({})),
  });
const evaluated = () => z.object({ decision: z.boolean(), context: z.object(decision()) });

export const accessV1Evaluation = {
  id: 'access/v1/evaluation',
  path: '/access/v1/evaluation',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'AuthZEN: evaluation',
  description:
    'Access Evaluation of the OpenID AuthZEN Authorization API 1.0. The subject is a `user` with an id, or a `session` with a token; the resource a `group` or `user` with an id, or the `app` to connect to.',
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: authzenError,
  bareError: () => authzenErrorReply,
  request: evaluation,
  reply: evaluated,
} satisfies Operation;

export const accessV1Evaluations = {
  id: 'access/v1/evaluations',
  path: '/access/v1/evaluations',
  methods: ['POST'],
  area,
  section: 'access',
  summary: 'AuthZEN: evaluations',
  description:
    'Access Evaluations of the same API: up to 100, with defaults and `options.evaluations_semantic`. Without `evaluations` it is one evaluation.',
  access: 'admin',
  scope: 'decide',
  grants: [],
  bare: authzenError,
  bareError: () => authzenErrorReply,
  request: () =>
    z.object({
      subject: z.optional(z.looseObject({})),
      action: z.optional(z.looseObject({})),
      resource: z.optional(z.looseObject({})),
      context: z.optional(z.looseObject({})),
      evaluations: z._default(list(z.looseObject({}), 0, MOST_WRITTEN), []),
      options: z.optional(
        z.looseObject({
          evaluations_semantic: z.optional(
            z.enum(
              ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'],
              'must be execute_all, deny_on_first_deny or permit_on_first_permit',
            ),
          ),
        }),
      ),
    }),
  entry: evaluation,
  reply: () =>
    z.union([
      z.object({
        evaluations: z.array(
          z.union([
            evaluated(),
            z.object({
              decision: z.literal(false),
              context: z.object({ error: z.object({ status: z.int(), message: z.string() }) }),
            }),
          ]),
        ),
      }),
      evaluated(),
    ]),
} satisfies Operation;
