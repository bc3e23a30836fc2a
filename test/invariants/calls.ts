import { ApiError, type ErrorName } from '../../shared/errors.ts';
import { type Limits, LIMITS as USUAL } from '../../shared/limits.ts';
import type { Answer } from '../support/api.ts';
import type { Actor, Given, Person } from '../support/story.ts';
import type { Ask } from './laws.ts';

/** Small, so that histories run into them. */
export const LIMITS: Limits = {
  ...USUAL,
  group_capacity: 5,
  group_admins: 2,
  groups_joined: 4,
  groups_owned: 3,
  invitation_life: 10,
  application_life: 10,
  qrcode_life: 10,
  files: 3,
};

const FILE = { name: 'file', type: 'text/plain' };

/** Asks, as one of the people, or as the app: in every second of its calls on the group. */
export function send(ask: Ask, given: Given, people: readonly Person[], nth: number): Promise<Answer> {
  const { op, me, group } = ask;
  // People delete themselves with a password, which takes time to hash.
  const app = given.admin(op === 'user/delete' ? { user: me! } : nth % 2 || group === 0 ? {} : { group });
  const actor: Actor = op === 'user/delete' || me === undefined ? app : people.find(({ id }) => id === me)!;
  return actor.asks(...requestOf(ask, nth));
}

function requestOf(ask: Ask, nth: number): Parameters<Actor['asks']> {
  const { group: group_id } = ask;
  switch (ask.op) {
    case 'create':
      return ['POST /group/create', { name: 'Group', type: 1, user_list: ask.users }];
    case 'invite':
      return ['POST /group/invite', { group_id, user_list: ask.users, reason: '' }];
    case 'kick':
    case 'unban':
    case 'block':
    case 'unblock':
    case 'admin/add':
    case 'admin/remove':
      return [`POST /group/${ask.op}`, { group_id, user_list: ask.users }];
    case 'ban':
      // Now and then for ever.
      return ['POST /group/ban', { group_id, user_list: ask.users, duration: nth % 2 ? 1 : -1 }];
    case 'invite/handle':
    case 'apply/handle': {
      const user_id = ask.op === 'invite/handle' ? ask.inviter : ask.user;
      return [`POST /group/${ask.op}`, { group_id, user_id, approval: ask.approval }];
    }
    case 'apply':
      return ['POST /group/apply', { group_id, reason: '' }];
    case 'leave':
    case 'destroy':
      return [`POST /group/${ask.op}`, { group_id }];
    case 'transfer':
      return ['POST /group/transfer', { group_id, new_owner: ask.user }];
    case 'qrcode/sign':
      return ['GET /group/qrcode/sign', { group_id }];
    case 'qrcode/invite':
      return ['POST /group/qrcode/invite', { qr_info: ask.code }];
    case 'approval':
      return ['POST /group/settings/require_admin_approval', { group_id, apply_approval: ask.value }];
    case 'member_invite':
      return ['POST /group/settings/allow_member_invitation', { group_id, value: ask.value }];
    case 'group_confirm':
      return ['POST /user/settings', { user_id: ask.me, group_confirm: ask.value }];
    case 'user/delete':
      return ['POST /user/delete', {}];
    case 'file/reserve':
      return ['POST /group/file/upload', { group_id, ...FILE, size: ask.size }];
    case 'file/link':
      return ['POST /group/file/upload', { group_id, ...FILE, size: 1, url: 'https://example.com/file' }];
    case 'file/form':
      return ['GET /file/upload/chat', { file_type: 103, to_id: group_id, to_type: 2 }];
    case 'file/register':
      return ['POST /group/file/upload', { group_id, ...FILE, size: ask.size, url: ask.form.url }];
    case 'file/info':
      return ['GET /group/file', { group_id, file_id: ask.file }];
    case 'file/list':
      return ['GET /group/file/list', { group_id }];
    case 'file/update_name':
      return ['POST /group/file/update_name', { group_id, file_id: ask.file, name: ask.name }];
    case 'file/delete':
      return ['POST /group/file/delete', { group_id, file_list: ask.files }];
  }
}

const NAMES: ErrorName[] = [
  'userMissing',
  'groupMissing',
  'notMember',
  'tooManyJoined',
  'groupFull',
  'needsMember',
  'needsAdmin',
  'needsOwner',
  'alreadyMember',
  'blocked',
  'fileMissing',
  'fileRight',
];
const SENTENCES = new Map(NAMES.map((name) => [new ApiError(name).message, name]));

/** The error that an entry's sentence stands for; undefined for a sentence of none. */
export function errorOf(sentence: string): ErrorName | undefined {
  if (sentence.startsWith('not allowed on')) return 'noPermission';
  if (sentence.startsWith('user_list: a group has at most')) return 'badParameter';
  return SENTENCES.get(sentence);
}
