import * as z from 'zod/mini';
import { batch } from '../http/batch.ts';
import { id, LONGEST, name, text } from '../http/parameters.ts';
import { sessionReply, settingsReply } from '../http/replies.ts';
import { deviceGuid, newPassword, password, username } from '../http/user-schemas.ts';
import type { UserId } from '../ids.ts';
import { SCOPES, type Scope } from '../scopes.ts';
import { type Operation, PASSWORD_MEMORY } from './operation.ts';

const area = 'account';

/** RFC 8693 */
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

export const tokenUser = {
  id: 'token/user',
  path: '/token/user',
  methods: ['POST'],
  area,
  section: 'token',
  summary: 'Log in by username or mobile number',
  description: 'Logs in by `name` or `mobile`.',
  access: 'public',
  grants: ['query', 'put', 'update', 'delete', 'check'],
  memory: PASSWORD_MEMORY,
  request: () =>
    z
      .object({
        name: z.optional(text(256)),
        mobile: z.optional(text(256)),
        password: password(),
        device_guid: deviceGuid(),
      })
      .check(
        z.refine(({ name, mobile }) => (name ?? mobile) !== undefined, {
          message: 'or mobile is required',
          path: ['name'],
        }),
      ),
  reply: () => sessionReply,
} satisfies Operation;

export const tokenId = {
  id: 'token/id',
  path: '/token/id',
  methods: ['POST'],
  area,
  section: 'token',
  summary: 'Log in by user id',
  description: 'Logs in by user id.',
  access: 'public',
  grants: ['query', 'put', 'update', 'delete', 'check'],
  memory: PASSWORD_MEMORY,
  request: () => z.object({ user_id: id<UserId>(), password: password(), device_guid: deviceGuid() }),
  reply: () => sessionReply,
} satisfies Operation;

export const tokenLogin = {
  id: 'token/login',
  path: '/token/login',
  methods: ['POST'],
  area,
  section: 'token',
  summary: 'Log in by login name: username or mobile number',
  description: 'Logs in by username or mobile number.',
  access: 'public',
  grants: ['query', 'put', 'update', 'delete', 'check'],
  memory: PASSWORD_MEMORY,
  request: () => z.object({ login_name: text(256), password: password(), device_guid: deviceGuid() }),
  reply: () => sessionReply,
} satisfies Operation;

export const tokenExchange = {
  id: 'token/exchange',
  path: '/token/exchange',
  methods: ['POST'],
  area,
  section: 'token',
  summary: 'Log in by a token of an issuer',
  description:
    'Logs in by a JSON Web Token of an issuer that an operator has added to the app, by the parameters of RFC 8693. Where the issuer may register users, an unknown one is registered.',
  access: 'public',
  grants: ['query', 'put', 'update', 'delete', 'check', 'refresh-keys'],
  form: true,
  mostBody: 16_384,
  request: () =>
    z.object({
      subject_token: z.string('must be text'),
      device_guid: deviceGuid(),
      grant_type: z.optional(z.literal(TOKEN_EXCHANGE, `must be ${TOKEN_EXCHANGE}`)),
      subject_token_type: z.optional(
        z.enum(
          ['jwt', 'id_token', 'access_token'].map((type) => `urn:ietf:params:oauth:token-type:${type}`),
          'must be urn:ietf:params:oauth:token-type:jwt, …:id_token or …:access_token',
        ),
      ),
    }),
  reply: () => sessionReply,
} satisfies Operation;

export const tokenSelf = {
  id: 'token/self',
  path: '/token/self',
  methods: ['GET'],
  area,
  section: 'token',
  summary: 'Tell what the presented token is',
  description:
    'Tells whose session the token is, or which admin token and its scopes. Every valid token may ask, whatever its scopes.',
  access: 'anyone',
  grants: [],
  request: () => z.object({}),
  reply: () =>
    z.union([
      z.object({
        kind: z.literal('admin'),
        app_id: z.string(),
        token_id: z.string(),
        name: z.string(),
        scopes: z.array(z.enum(Object.keys(SCOPES) as Scope[])),
        expire: z.int(),
      }),
      z.object({
        kind: z.literal('user'),
        app_id: z.string(),
        user_id: z.int(),
        device_sn: z.int(),
        expire: z.int(),
      }),
    ]),
} satisfies Operation;

export const userRegisterV2 = {
  id: 'user/register/v2',
  path: '/user/register/v2',
  methods: ['POST'],
  area,
  section: '1.34',
  summary: 'Register user',
  description: 'Registers a user and returns the settings.',
  access: 'public',
  grants: ['put', 'update'],
  memory: PASSWORD_MEMORY,
  request: () => z.object({ username: username(), password: newPassword() }),
  reply: () => settingsReply,
} satisfies Operation;

export const userRegisterPush = {
  id: 'user/register/push',
  path: '/user/register/push',
  methods: ['POST'],
  area,
  section: '1.33',
  summary: 'Register push user',
  description: 'Registers a user and binds the alias and the push token.',
  access: 'public',
  grants: ['put', 'update'],
  memory: PASSWORD_MEMORY,
  request: () =>
    z.object({
      username: username(),
      password: newPassword(),
      alias: z.optional(name(LONGEST.name)),
      push_token: z.optional(text(LONGEST.reason)),
      device_guid: deviceGuid(),
      sign: z.optional(text(LONGEST.url)),
    }),
  reply: () => settingsReply,
} satisfies Operation;

export const userRegisterAnonymous = {
  id: 'user/register/anonymous',
  path: '/user/register/anonymous',
  methods: ['POST'],
  area,
  section: 'extra',
  summary: 'Register guest',
  description:
    'Registers a guest and returns the settings with the drawn username, by which and the given password the guest logs in.',
  access: 'public',
  grants: ['put', 'update'],
  memory: PASSWORD_MEMORY,
  request: () => z.object({ username: z._default(username(LONGEST.guestPrefix), 'guest_'), password: newPassword() }),
  reply: () => z.extend(settingsReply, { username: z.string() }),
} satisfies Operation;

export const userRegisterBatch = {
  id: 'user/register/batch',
  path: '/user/register/batch',
  methods: ['POST'],
  area,
  section: '1.32',
  summary: 'Register user in batch',
  description: 'Registers up to 100 users, which succeed or fail one by one.',
  access: 'admin',
  scope: 'users',
  grants: ['query', 'put'],
  // The most that a function of a new AWS account may have, 1.7 virtual processors, and time for a hundred passwords.
  memory: 3008,
  timeout: 29,
  idempotent: true,
  request: () => batch({ username: z.string('must be text') }),
  entry: () => z.object({ username: username(), password: newPassword() }),
  reply: () => z.array(z.object({ user_id: z.int(), username: z.string(), success: z.boolean(), reason: z.string() })),
} satisfies Operation;
