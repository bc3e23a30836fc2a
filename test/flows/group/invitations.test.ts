import { expect } from 'vitest';
import { userMembershipOf } from '../../../shared/data/membership-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { update } from '../../../shared/data/step.ts';
import { meanwhile } from '../../support/meanwhile.ts';
import { type Actor, inBothWorlds, inThisProcess, type Person } from '../../support/story.ts';

const userIds = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);

inBothWorlds('Invitations', (story) => {
  story('a user who asked for consent lists each invitation and answers it once (invitationGone)', async (given) => {
    const [alice, adam] = (await given.users(2)) as [Person, Person];
    const bob = await given.user('bob', { confirm: true });
    const group_id = await given.group(alice, { admins: [adam] });
    expect(await alice.does('POST /group/invite', { group_id, user_list: [bob.id], reason: 'come' })).toEqual([
      { user_id: bob.id, result: 'success', reason: '' },
    ]);
    expect(userIds(await alice.does('GET /group/member_list', { group_id }))).not.toContain(bob.id);
    await adam.does('POST /group/invite', { group_id, user_list: [bob.id], reason: 'please' });
    const { body } = await bob.asks('GET /group/invitation_list');
    expect(body).toMatchObject({ total: 2, version: 0 });
    expect(body.data).toMatchObject([
      { group_id, inviter_id: adam.id, invitee_id: bob.id, reason: 'please', status: 0 },
      { group_id, inviter_id: alice.id, invitee_id: bob.id, reason: 'come', status: 0 },
    ]);
    for (const { expired_time, updated_at } of body.data) {
      expect(expired_time).toBeGreaterThan(Date.now() + 6 * 86_400_000);
      expect(new Date(updated_at).toISOString()).toBe(updated_at);
    }
    // A second invitation by the same inviter renews the first, and is the newest.
    await alice.does('POST /group/invite', { group_id, user_list: [bob.id], reason: 'again' });
    const renewed = await bob.lists('GET /group/invitation_list', { limit: 1 });
    expect(renewed).toMatchObject([{ reason: 'again' }, { reason: 'please' }]);
    const answer = (user_id: number, approval: unknown, method: 'POST' | 'PUT' = 'POST') =>
      bob.asks(`${method} /group/invite/handle`, { group_id, user_id, approval });
    expect((await answer(adam.id, false)).body).toMatchObject({ code: 200, data: {} });
    expect((await answer(adam.id, true)).outcome).toBe('invitationGone');
    expect((await answer(12345, true)).outcome).toBe('invitationGone');
    expect((await answer(alice.id, 'true', 'PUT')).body).toMatchObject({ code: 200, data: {} });
    expect(userIds(await alice.does('GET /group/member_list', { group_id }))).toContain(bob.id);
    expect((await answer(alice.id, true)).outcome).toBe('invitationGone');
    expect(await bob.does('GET /group/invitation_list')).toMatchObject([{ status: 1 }, { status: 2 }]);
    // It is not valid again after the invitee has left.
    await bob.does('POST /group/leave', { group_id });
    expect((await answer(bob.id, true)).outcome).toBe('invitationGone');
  });

  story('an invitee who gives their own id answers the newest invitation to the group', async (given) => {
    const [alice, adam] = (await given.users(2)) as [Person, Person];
    const bob = await given.user('bob', { confirm: true });
    const group_id = await given.group(alice, { admins: [adam] });
    const answer = (approval: boolean) =>
      bob.asks('POST /group/invite/handle', { group_id, user_id: bob.id, approval });
    expect((await answer(true)).outcome).toBe('invitationGone');
    for (const inviter of [alice, adam]) await inviter.does('POST /group/invite', { group_id, user_list: [bob.id] });
    await answer(false);
    expect(await bob.does('GET /group/invitation_list')).toMatchObject([
      { inviter_id: adam.id, status: 2 },
      { inviter_id: alice.id, status: 0 },
    ]);
    expect((await answer(true)).outcome).toBe('success');
    expect(userIds(await alice.does('GET /group/member_list', { group_id }))).toContain(bob.id);
  });

  story('an invitee who gives their own id answers the newest invitation, even behind 24 others', async (given) => {
    const alice = await given.user();
    const bob = await given.user('bob', { confirm: true });
    const [group_id, stranger, ...others] = await Promise.all(Array.from({ length: 25 }, () => given.group(alice)));
    const invites = (to: number) => alice.does('POST /group/invite', { group_id: to, user_list: [bob.id] });
    await invites(group_id!);
    for (const other of others) await invites(other);
    const answer = (to: number) =>
      bob.asks('POST /group/invite/handle', { group_id: to, user_id: bob.id, approval: true });
    expect((await answer(stranger!)).outcome).toBe('invitationGone');
    const { body, log } = await answer(group_id!);
    expect(body.code).toBe(200);
    expect(log?.trips ?? 3).toBe(3);
    expect((await answer(group_id!)).outcome).toBe('invitationGone');
  });
});

inThisProcess('Invitations over time', (story) => {
  story('rejecting an invitation to a group that is dissolved meanwhile is groupMissing', async (given) => {
    const alice = await given.user();
    const bob = await given.user('bob', { confirm: true });
    const group_id = await given.group(alice);
    await alice.does('POST /group/invite', { group_id, user_list: [bob.id], reason: '' });
    const answer = { group_id, user_id: alice.id, approval: false };
    const rejects = () => bob.fails('POST /group/invite/handle', answer);
    const dissolves = () => alice.does('POST /group/destroy', { group_id });
    expect(await meanwhile(rejects, dissolves)).toBe('groupMissing');
  });

  story('a user who joins an open group that closes meanwhile stays outside, or applies', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const [closing, asking] = [await given.group(alice), await given.group(alice)];
    const approve = (group_id: number, apply_approval: number) =>
      alice.does('POST /group/settings/require_admin_approval', { group_id, apply_approval });
    for (const [group_id, then, result] of [
      [closing, 2, 'fail'],
      [asking, 1, 'success'],
    ] as const) {
      await approve(group_id, 0);
      const applies = () => bob.does('POST /group/apply', { group_id });
      expect(await meanwhile(applies, () => approve(group_id, then))).toMatchObject({ result });
      expect(userIds(await alice.does('GET /group/member_list', { group_id }))).toEqual([alice.id]);
    }
  });

  story('an invitation ends when it expires, its inviter leaves or its group ends', async (given) => {
    const [alice, adam] = (await given.users(2)) as [Person, Person];
    const bob = await given.user('bob', { confirm: true });
    const group_id = await given.group(alice, { members: [adam] });
    const answer = (inviter: Person, approval = true) =>
      bob.fails('POST /group/invite/handle', { group_id, user_id: inviter.id, approval });
    await alice.does('POST /group/invite', { group_id, user_list: [bob.id] });
    const until = Date.now() - 1;
    await given.db.write([
      update(schema.invitation.key(given.app, bob.id, group_id, alice.id), { set: { expiresAt: until } }),
    ]);
    expect(await answer(alice)).toBe('invitationGone');
    expect(await answer(bob)).toBe('invitationGone');
    expect(await bob.does('GET /group/invitation_list')).toMatchObject([{ status: 0, expired_time: until }]);
    await adam.does('POST /group/invite', { group_id, user_list: [bob.id] });
    await adam.does('POST /group/leave', { group_id });
    expect(await answer(adam)).toBe('invitationGone');
    expect(await answer(adam, false)).toBe('invitationGone');
    expect(await answer(bob)).toBe('invitationGone');
    await alice.does('POST /group/invite', { group_id, user_list: [bob.id] });
    await alice.does('POST /group/destroy', { group_id });
    expect(await answer(alice)).toBe('groupMissing');
  });

  story('joining in any way settles the invitations and applications of a user', async (given) => {
    const [alice, adam] = (await given.users(2)) as [Person, Person];
    const doors: ((group_id: number, bob: Person) => Promise<unknown>)[] = [
      async (group_id, bob) => {
        await given.setUser(bob.id, { confirm: false });
        await alice.does('POST /group/invite', { group_id, user_list: [bob.id] });
      },
      (group_id, bob) => bob.does('POST /group/invite/handle', { group_id, user_id: alice.id, approval: true }),
      (group_id, bob) => alice.does('POST /group/apply/handle', { group_id, user_id: bob.id, approval: true }),
      async (group_id, bob) => {
        await alice.does('POST /group/settings/require_admin_approval', { group_id, apply_approval: 0 });
        await bob.does('POST /group/apply', { group_id });
      },
      async (group_id, bob) => {
        const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
        await bob.does('POST /group/qrcode/invite', { qr_info });
      },
    ];
    for (const enter of doors) {
      const bob = await given.user('bob', { confirm: true });
      const group_id = await given.group(alice, { admins: [adam] });
      for (const inviter of [alice, adam]) await inviter.does('POST /group/invite', { group_id, user_list: [bob.id] });
      await bob.does('POST /group/apply', { group_id });
      await enter(group_id, bob);
      expect(await bob.does('GET /group/invitation_list')).toMatchObject([{ status: 1 }, { status: 1 }]);
      expect(await alice.does('POST /group/application_list', { group_list: [group_id] })).toMatchObject([
        { applicant_id: bob.id, status: 1 },
      ]);
      await bob.does('POST /group/leave', { group_id });
      for (const inviter of [alice, adam])
        expect(await bob.fails('POST /group/invite/handle', { group_id, user_id: inviter.id, approval: true })).toBe(
          'invitationGone',
        );
      expect(await alice.fails('POST /group/apply/handle', { group_id, user_id: bob.id, approval: true })).toBe(
        'applicationGone',
      );
    }
  });

  story('an invitation leaves the list after thirty days', async (given) => {
    const alice = await given.user();
    const bob = await given.user('bob', { confirm: true });
    const group_id = await given.group(alice);
    await alice.does('POST /group/invite', { group_id, user_list: [bob.id] });
    const made = Date.now() - 31 * 86_400_000;
    const order = `I#${made}#${group_id}#${alice.id}`;
    await given.db.write([
      update(schema.invitation.key(given.app, bob.id, group_id, alice.id), {
        set: { createdAt: made, lsi1sk: order, lsi2sk: order },
      }),
      update(schema.userMembership.key(given.app, bob.id, group_id), { set: { ttl: 1 } }),
    ]);
    expect((await bob.asks('GET /group/invitation_list')).body).toMatchObject({ data: [], total: 0 });
  });
});

inBothWorlds('QR codes', (story) => {
  story('a QR code lets a user in without approval', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [carol], name: 'Chess' });
    await alice.does('POST /group/settings/require_admin_approval', { group_id, apply_approval: 2 });
    const { qr_info, create_at, expire_at } = await carol.does('GET /group/qrcode/sign', { group_id });
    expect(Math.abs(create_at - Date.now() / 1000)).toBeLessThan(5);
    expect(expire_at - create_at).toBe(604_800);
    expect(await bob.does('POST /group/qrcode/invite', { qr_info })).toEqual({ group_id, name: 'Chess' });
    expect(await bob.fails('POST /group/qrcode/invite', { qr_info })).toBe('alreadyMember');
    // The app signs in the owner's name.
    await bob.does('POST /group/leave', { group_id });
    const { qr_info: ofApp } = await given.admin({ group: group_id }).does('GET /group/qrcode/sign');
    await bob.does('POST /group/qrcode/invite', { qr_info: ofApp });
  });
});

inThisProcess('QR codes over time', (story) => {
  story('a QR code cannot be forged, and ends when its signer or its group is gone (qrIllegal)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [carol] });
    const sign = async (who: Person) => (await who.does('GET /group/qrcode/sign', { group_id })).qr_info as string;
    const join = (qr_info: unknown) => bob.fails('POST /group/qrcode/invite', { qr_info });
    const code = await sign(carol);
    for (const garbage of ['', 'x', '...', `${code}x`, code.slice(0, -1), code.toUpperCase(), 'é'.repeat(30)])
      expect(await join(garbage)).toBe('qrIllegal');
    const [group, signer, signed, expiry, mac] = code.split('.') as [string, string, string, string, string];
    const later = (number: string) => (Number.parseInt(number, 36) + 1).toString(36);
    const other = await given.group(alice);
    for (const forged of [
      [other.toString(36), signer, signed, expiry, mac],
      [group, alice.id.toString(36), signed, expiry, mac],
      [group, signer, later(signed), expiry, mac],
      [group, signer, signed, later(expiry), mac],
      [group, signer, signed, expiry, 'A'.repeat(22)],
      [group, signer, expiry, mac],
    ])
      expect(await join(forged.join('.'))).toBe('qrIllegal');
    // A code of another app.
    const elsewhere = await given.otherApp();
    const mallory = await elsewhere.user();
    const foreign = await elsewhere.group(mallory);
    expect(await join((await mallory.does('GET /group/qrcode/sign', { group_id: foreign })).qr_info)).toBe('qrIllegal');
    expect(await mallory.fails('POST /group/qrcode/invite', { qr_info: code })).toBe('qrIllegal');
    // A code whose signer left, and joined again.
    await carol.does('POST /group/leave', { group_id });
    expect(await join(code)).toBe('qrIllegal');
    await alice.does('POST /group/invite', { group_id, user_list: [carol.id] });
    expect(await join(code)).toBe('qrIllegal');
    const newer = await sign(carol);
    await bob.does('POST /group/qrcode/invite', { qr_info: newer });
    await bob.does('POST /group/leave', { group_id });
    await alice.does('POST /group/destroy', { group_id });
    expect(await join(newer)).toBe('qrIllegal');
  });

  story('a QR code is valid while its signer has the right to sign it (qrIllegal)', async (given) => {
    const [alice, bob, carol, dave] = (await given.users(4)) as [Person, Person, Person, Person];
    const group_id = await given.group(alice, { admins: [bob], members: [carol] });
    const membersInvite = (value: boolean) =>
      alice.does('POST /group/settings/allow_member_invitation', { group_id, value });
    const codes = new Map<Actor, string>();
    for (const who of [alice, bob, carol, given.admin({ group: group_id })])
      codes.set(who, (await who.does('GET /group/qrcode/sign', { group_id })).qr_info);
    const join = async (of: Actor) => {
      const { outcome } = await dave.asks('POST /group/qrcode/invite', { qr_info: codes.get(of) });
      if (outcome === 'success') await dave.does('POST /group/leave', { group_id });
      return outcome;
    };
    const [ofApp] = [...codes.keys()].slice(-1) as [Actor];
    expect([await join(alice), await join(bob), await join(carol), await join(ofApp)]).toEqual(
      Array(4).fill('success'),
    );
    await membersInvite(false);
    expect([await join(alice), await join(bob), await join(carol), await join(ofApp)]).toEqual([
      'success',
      'success',
      'qrIllegal',
      'success',
    ]);
    await alice.does('POST /group/admin/remove', { group_id, user_list: [bob.id] });
    expect(await join(bob)).toBe('qrIllegal');
    // A code of the app depends on the user who owned the group when it was signed.
    await alice.does('POST /group/transfer', { group_id, new_owner: bob.id });
    expect([await join(alice), await join(bob), await join(ofApp)]).toEqual(['qrIllegal', 'success', 'qrIllegal']);
    await bob.does('POST /group/settings/allow_member_invitation', { group_id, value: true });
    expect([await join(alice), await join(carol), await join(ofApp)]).toEqual(Array(3).fill('success'));
  });

  story('a QR code does not let in a user who was kicked after it was signed (qrIllegal)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const sign = async () => (await alice.does('GET /group/qrcode/sign', { group_id })).qr_info as string;
    const join = async (who: Person, qr_info: string) =>
      (await who.asks('POST /group/qrcode/invite', { qr_info })).outcome;
    const first = await sign();
    await alice.does('POST /group/kick', { group_id, user_list: [bob.id] });
    expect(await join(bob, first)).toBe('qrIllegal');
    // The code is dead for bob alone: others join by it, and bob joins by a newer one.
    expect(await join(carol, first)).toBe('success');
    const second = await sign();
    expect(await join(bob, second)).toBe('success');
    // A user who leaves may come back by a code that was signed after the kick, and by no older one.
    await bob.does('POST /group/leave', { group_id });
    expect([await join(bob, first), await join(bob, second)]).toEqual(['qrIllegal', 'success']);
    // The block of a member is a kick too, and its end revives no code.
    await alice.does('POST /group/block', { group_id, user_list: [bob.id] });
    expect(await join(bob, second)).toBe('blocked');
    await alice.does('POST /group/unblock', { group_id, user_list: [bob.id] });
    expect(await join(bob, second)).toBe('qrIllegal');
    expect(await join(bob, await sign())).toBe('success');
    // The block of a user who was no member is no kick.
    await carol.does('POST /group/leave', { group_id });
    await alice.does('POST /group/block', { group_id, user_list: [carol.id] });
    await alice.does('POST /group/unblock', { group_id, user_list: [carol.id] });
    expect(await join(carol, second)).toBe('success');
  });

  story('a user who is kicked while joining by a QR code stays out', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    for (let round = 0; round < 5; round++) {
      const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
      const joins = Array.from({ length: 4 }, () => () => bob.asks('POST /group/qrcode/invite', { qr_info }));
      await given.race(() => alice.asks('POST /group/kick', { group_id, user_list: [bob.id] }), ...joins);
      expect(await given.db.read(userMembershipOf(given.app, bob.id, group_id))).not.toHaveProperty('lsi1sk');
      expect(await bob.fails('POST /group/qrcode/invite', { qr_info })).toBe('qrIllegal');
      const { qr_info: newer } = await alice.does('GET /group/qrcode/sign', { group_id });
      expect(await bob.does('POST /group/qrcode/invite', { qr_info: newer })).toMatchObject({ group_id });
    }
  });

  story(
    'a QR code expires (qrExpired)',
    async (given) => {
      const [alice, bob] = (await given.users(2)) as [Person, Person];
      const group_id = await given.group(alice);
      const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect(await bob.fails('POST /group/qrcode/invite', { qr_info })).toBe('qrExpired');
    },
    { limits: { qrcode_life: 1 } },
  );
});
