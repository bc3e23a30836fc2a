import { describe, expect, test } from 'vitest';
import { FOR_EVER, type Key } from '../../shared/data/keys.ts';
import * as schema from '../../shared/data/schema.ts';
import { stampText, type Why } from '../../shared/data/stamp.ts';
import { factsOf } from '../../shared/events/facts.ts';
import { checkFact, type Told } from '../support/events.ts';
import { appId, groupId, userId } from '../support/ids.ts';

const APP = appId('shop');
const [GROUP, ANN, BOB] = [groupId(77), userId(11), userId(12)];
/** Time of the write. */
const NOW = 1_700_000_000_000;

const keys = {
  group: schema.group.key(APP, GROUP),
  info: schema.groupInfo.key(APP, GROUP),
  text: schema.groupText.key(APP, GROUP),
  sequence: schema.sequence.key(APP, GROUP),
  membership: schema.groupMembership.key(APP, GROUP, BOB),
  application: schema.application.key(APP, GROUP, BOB),
  invitation: schema.invitation.key(APP, BOB, GROUP, ANN),
  announcement: schema.announcement.key(APP, GROUP, 3),
  file: schema.file.key(APP, GROUP, 5),
} satisfies Record<string, Key>;

const group = { status: 'normal', owner: ANN, type: 0, capacity: 500, approval: 1, mutedUntil: 0, count: 2 };
const settings = { member_invite: true, member_modify: false, history_visible: false, read_ack: false };
const G = { ...group, ...settings };
const MEMBER = { state: 'member', role: 0, joined: 1 };
const GONE = { ttl: 1 };
const BAN = { banned: NOW - 5, bannedUntil: NOW + 60_000 };
const FILE = { id: 5, name: 'plan.pdf', size: 20, type: 'pdf', uploader: BOB };

const g = { group_id: GROUP };
const bob = { ...g, user_id: BOB };
const invitation = { ...bob, inviter_id: ANN };
const file = { ...g, file_id: 5, name: 'plan.pdf', size: 20, type: 'pdf', uploader: BOB };

type Row = [title: string, kind: keyof typeof keys, before: object | undefined, after: object, ...rest: Rest];
type Rest = [told: Told[], why?: Why];

/** What each write tells. `why` is the reason that the write was given. */
const ROWS: Row[] = [
  // ——— the group ———
  ['a new group item, which the info tells of', 'group', undefined, G, []],
  [
    'a new group by its info',
    'info',
    undefined,
    { name: 'Friends', avatar: '' },
    [['group.created', { ...g, owner_id: ANN, type: 1, name: 'Friends', capacity: 9 }]],
    { owner: ANN, type: 1, capacity: 9 },
  ],
  [
    'an imported group in silence',
    'info',
    undefined,
    { name: 'Friends', avatar: '' },
    [
      ['group.created', { ...g, owner_id: ANN, type: 0, name: 'Friends', capacity: 9 }],
      ['group.silenced', { ...g, until: -1 }],
    ],
    { owner: ANN, type: 0, capacity: 9, mutedUntil: FOR_EVER },
  ],
  ['texts of a new group', 'text', undefined, { description: 'x' }, [], { via: 'created' }],
  [
    'another name',
    'info',
    { name: 'a', avatar: 'b' },
    { name: 'c', avatar: 'b' },
    [['group.updated', { ...g, changed: ['name'], name: 'c' }]],
  ],
  ['the same name', 'info', { name: 'a', avatar: 'b', updatedAt: 1 }, { name: 'a', avatar: 'b', updatedAt: 2 }, []],
  [
    'a first description, without its text',
    'text',
    undefined,
    { description: 'secret' },
    [['group.updated', { ...g, changed: ['description'] }]],
  ],
  ['another ext', 'text', { ext: 'a' }, { ext: 'b' }, [['group.updated', { ...g, changed: ['ext'] }]]],
  ['an empty text where there was none', 'text', undefined, { ext: '' }, []],
  [
    'settings',
    'group',
    G,
    { ...G, approval: 0, hide_member_info: true },
    [
      [
        'group.updated',
        { ...g, changed: ['apply_approval', 'hide_member_info'], apply_approval: 0, hide_member_info: true },
      ],
    ],
  ],
  ['a count', 'group', G, { ...G, count: 3 }, []],
  ['a silence', 'group', G, { ...G, mutedUntil: NOW + 9 }, [['group.silenced', { ...g, until: NOW + 9 }]]],
  [
    'a longer silence',
    'group',
    { ...G, mutedUntil: NOW + 9 },
    { ...G, mutedUntil: FOR_EVER },
    [['group.silenced', { ...g, until: -1 }]],
  ],
  [
    'the end of a silence',
    'group',
    { ...G, mutedUntil: FOR_EVER },
    { ...G, mutedUntil: 0 },
    [['group.unsilenced', { ...g, until: 0 }]],
  ],
  ['the end of a silence that has passed', 'group', { ...G, mutedUntil: NOW - 1 }, { ...G, mutedUntil: 0 }, []],
  [
    'another owner',
    'group',
    G,
    { ...G, owner: BOB },
    [['group.owner_changed', { ...g, owner_id: BOB, previous_owner_id: ANN, reason: 'transferred' }]],
    { reason: 'transferred' },
  ],
  [
    'a successor',
    'group',
    G,
    { ...G, owner: BOB },
    [['group.owner_changed', { ...g, owner_id: BOB, previous_owner_id: ANN, reason: 'succeeded' }]],
    { reason: 'succeeded' },
  ],
  ['a dissolution', 'group', G, { ...G, status: 'dissolved', count: 0 }, [['group.dissolved', g]]],

  // ——— members ———
  [
    'a user who applied to an open group',
    'membership',
    undefined,
    MEMBER,
    [['group.member.added', { ...bob, via: 'applied' }]],
    { via: 'applied' },
  ],
  [
    'a user who returns by an invitation',
    'membership',
    { ...GONE, invited: 5 },
    MEMBER,
    [['group.member.added', { ...bob, via: 'invitation', by: ANN }]],
    { via: 'invitation', by: ANN },
  ],
  [
    'the owner of a new group',
    'membership',
    undefined,
    { ...MEMBER, role: 2 },
    [['group.member.added', { ...bob, via: 'created' }]],
    { via: 'created' },
  ],
  [
    'a member who let in itself',
    'membership',
    undefined,
    MEMBER,
    [['group.member.added', { ...bob, via: 'application' }]],
    { via: 'application', by: BOB },
  ],
  [
    'an imported admin with a name',
    'membership',
    undefined,
    { ...MEMBER, role: 1, name: 'Bobby', push: 2 },
    [
      ['group.member.added', { ...bob, via: 'imported' }],
      ['group.member.updated', { ...bob, changed: ['role', 'display_name', 'push_mode'], role: 1 }],
    ],
    { via: 'imported' },
  ],
  [
    'a member who returns with a ban',
    'membership',
    { ...GONE, ...BAN },
    { ...MEMBER, ...BAN },
    [
      ['group.member.added', { ...bob, via: 'qrcode', by: ANN }],
      ['group.member.banned', { ...bob, until: BAN.bannedUntil }],
    ],
    { via: 'qrcode', by: ANN },
  ],
  [
    'one who left',
    'membership',
    MEMBER,
    GONE,
    [['group.member.removed', { ...bob, reason: 'left' }]],
    { reason: 'left' },
  ],
  [
    'one who was kicked, and whose ban stays',
    'membership',
    { ...MEMBER, ...BAN },
    { ...BAN, ...GONE },
    [['group.member.removed', { ...bob, reason: 'kicked' }]],
    { reason: 'kicked' },
  ],
  [
    'one who was deleted, with the ban',
    'membership',
    { ...MEMBER, ...BAN },
    GONE,
    [
      ['group.member.removed', { ...bob, reason: 'deleted' }],
      ['group.member.unbanned', { ...bob, until: 0 }],
    ],
    { reason: 'deleted' },
  ],
  [
    'a member who is blocked',
    'membership',
    MEMBER,
    { state: 'blocked', blocked: NOW },
    [
      ['group.member.removed', { ...bob, reason: 'blocked' }],
      ['group.user.blocked', bob],
    ],
  ],
  ['a stranger who is blocked', 'membership', undefined, { state: 'blocked' }, [['group.user.blocked', bob]]],
  ['one who is unblocked', 'membership', { state: 'blocked' }, GONE, [['group.user.unblocked', bob]]],
  [
    'a new admin',
    'membership',
    MEMBER,
    { ...MEMBER, role: 1, adminSince: 5 },
    [['group.member.updated', { ...bob, changed: ['role'], role: 1 }]],
  ],
  [
    'a former admin',
    'membership',
    { ...MEMBER, role: 1 },
    MEMBER,
    [['group.member.updated', { ...bob, changed: ['role'], role: 0 }]],
  ],
  [
    'an admin who becomes owner, which the group tells',
    'membership',
    { ...MEMBER, role: 1 },
    { ...MEMBER, role: 2 },
    [],
  ],
  [
    'a former owner',
    'membership',
    { ...MEMBER, role: 2 },
    MEMBER,
    [['group.member.updated', { ...g, user_id: BOB, changed: ['role'], role: 0 }]],
  ],
  [
    'own settings, without their values',
    'membership',
    MEMBER,
    { ...MEMBER, name: 'Bobby', mute: 1, push: 2 },
    [['group.member.updated', { ...bob, changed: ['display_name', 'mute_mode', 'push_mode'] }]],
  ],
  ['settings at their defaults', 'membership', MEMBER, { ...MEMBER, name: '', mute: 0, push: 0 }, []],
  ['a ban', 'membership', MEMBER, { ...MEMBER, ...BAN }, [['group.member.banned', { ...bob, until: BAN.bannedUntil }]]],
  [
    'another ban without end',
    'membership',
    { ...MEMBER, banned: 1, bannedUntil: FOR_EVER },
    { ...MEMBER, banned: NOW, bannedUntil: FOR_EVER },
    [['group.member.banned', { ...bob, until: -1 }]],
  ],
  ['the end of a ban', 'membership', { ...MEMBER, ...BAN }, MEMBER, [['group.member.unbanned', { ...bob, until: 0 }]]],
  ['a ban that had passed', 'membership', { ...MEMBER, banned: 1, bannedUntil: NOW - 1 }, MEMBER, []],
  ['a ban beside another change', 'membership', { ...MEMBER, ...BAN }, { ...MEMBER, ...BAN, applied: 3 }, []],
  [
    'an owner whose ban ends',
    'membership',
    { ...MEMBER, ...BAN },
    { ...MEMBER, role: 2 },
    [['group.member.unbanned', { ...bob, until: 0 }]],
  ],
  ['the mark of an application', 'membership', undefined, { applied: 3, applicationExpiresAt: 9, ttl: 1 }, []],

  // ——— applications and invitations ———
  ['an application', 'application', undefined, { status: 0, createdAt: 1 }, [['group.application.created', bob]]],
  [
    'a renewed application',
    'application',
    { status: 0, createdAt: 1 },
    { status: 0, createdAt: 2 },
    [['group.application.created', bob]],
  ],
  [
    'an approved application',
    'application',
    { status: 0, createdAt: 1 },
    { status: 1, createdAt: 1 },
    [['group.application.approved', bob]],
  ],
  [
    'a rejected application',
    'application',
    { status: 0, createdAt: 1 },
    { status: 2, createdAt: 1 },
    [['group.application.rejected', bob]],
  ],
  ['an invitation', 'invitation', undefined, { status: 0, createdAt: 1 }, [['group.invitation.created', invitation]]],
  [
    'an invitation after one that was declined',
    'invitation',
    { status: 2, createdAt: 1 },
    { status: 0, createdAt: 2 },
    [['group.invitation.created', invitation]],
  ],
  [
    'an accepted invitation',
    'invitation',
    { status: 0, createdAt: 1 },
    { status: 1, createdAt: 1 },
    [['group.invitation.accepted', invitation]],
  ],
  [
    'a declined invitation',
    'invitation',
    { status: 0, createdAt: 1 },
    { status: 2, createdAt: 1 },
    [['group.invitation.declined', invitation]],
  ],

  // ——— announcements and files ———
  [
    'an announcement',
    'announcement',
    undefined,
    { id: 3, title: 'secret', author: ANN },
    [['group.announcement.published', { ...g, announcement_id: 3, author: ANN }]],
  ],
  [
    'deleted announcements',
    'sequence',
    { announcement: 9, deleted: [{ id: 1, author: BOB }] },
    {
      announcement: 9,
      deleted: [
        { id: 2, author: ANN },
        { id: 3, author: BOB },
      ],
    },
    [
      ['group.announcement.deleted', { ...g, announcement_id: 2, author: ANN }],
      ['group.announcement.deleted', { ...g, announcement_id: 3, author: BOB }],
    ],
  ],
  [
    'a file number after a deleted announcement',
    'sequence',
    { file: 1, deleted: [{ id: 1, author: BOB }] },
    { file: 2, deleted: [{ id: 1, author: BOB }] },
    [],
  ],
  ['a reserved file', 'file', undefined, { ...FILE, expiresAt: 9, random: 'r' }, []],
  [
    'an upload that has come',
    'file',
    { ...FILE, size: 21, expiresAt: 9, random: 'r' },
    { ...FILE, published: 8, random: 'r' },
    [['group.file.published', file]],
  ],
  ['a link', 'file', undefined, { ...FILE, published: 8, url: 'u' }, [['group.file.published', file]]],
  [
    'a renamed file',
    'file',
    { ...FILE, published: 8 },
    { ...FILE, published: 8, name: 'b' },
    [['group.file.renamed', { ...file, name: 'b' }]],
  ],
  ['a deleted file', 'file', { ...FILE, published: 8 }, { id: 5, ttl: 1 }, [['group.file.deleted', file]]],
];

describe('facts of a group', () => {
  test.for(ROWS)('%s', ([, kind, before, after, told, why]) => {
    const key = keys[kind];
    const stamp = stampText({ type: 'user', id: 11, cause: 'c' }, NOW, why);
    const facts = factsOf(key, before && { ...before, ...key, stamp: 'old' }, { ...after, ...key, stamp });
    expect(facts.map(({ type, data }) => [type, data])).toEqual(told);
    for (const fact of facts) {
      expect(fact).toMatchObject({ app: 'shop', stamp: { type: 'user', id: '11', cause: 'c', at: NOW } });
      checkFact(fact);
    }
    expect(factsOf(key, { ...after, ...key, stamp }, { ...after, ...key, stamp }), 'written again').toEqual([]);
    expect(factsOf(key, { ...after, ...key, stamp }, undefined), 'removed').toEqual([]);
  });
});
