import { type BatchPlan, type Entry, transactEach } from '../../call/transact.ts';
import {
  announcementOf,
  announcementTextOf,
  bringAnnouncementSteps,
  bringAnnouncementsStep,
} from '../../data/announcement-repo.ts';
import { type App, limitsOf } from '../../data/app-repo.ts';
import * as bans from '../../data/ban-repo.ts';
import * as blocks from '../../data/block-repo.ts';
import { count, countersOf, SHARDS, totalOf } from '../../data/counter-repo.ts';
import { Database } from '../../data/database.ts';
import { all, atMost, equal, missing } from '../../data/expression.ts';
import { type Group, groupInfoOf, groupOf, groupTextOf, NEW_GROUP, updateGroup } from '../../data/group-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import { groupInfoKey, groupKey, groupTextKey, mobileKey, profileKey, settingsKey, tagsKey } from '../../data/keys.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  groupMembershipOf,
  importOwner,
  isMember,
  MEMBER_ROLE,
  runningBanEnd,
} from '../../data/membership-repo.ts';
import type { OperatorTable } from '../../data/operator-queries.ts';
import { profileOf, settingsOf, tagsOf } from '../../data/profile-repo.ts';
import { fillShape, type Get, type Item, isGet, keyText, type Reads, type Records } from '../../data/read.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import { check, itemAfter, put, type Step } from '../../data/step.ts';
import { mobileOf, type PasswordHash, putUser, type User, usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { admit } from '../group/admission.ts';
import { foundingSteps } from '../group/creation.ts';
import { existingGroup } from '../group/permissions.ts';
import { hashPassword } from '../user/password.ts';
import {
  type AnnouncementLine,
  announcementLine,
  type BanLine,
  type BlockLine,
  banLine,
  blockLine,
  differing,
  type GroupLine,
  groupLine,
  type Line,
  type MemberLine,
  memberLine,
  storedTime,
  type UserLine,
  userLine,
} from './import-lines.ts';

/** A line of a file, and its number there, from 1 on. */
export interface Numbered<L extends Line = Line> {
  line: L;
  number: number;
}

/** What became of a line: written, there already with the same content, or refused. */
export type Outcome = 'written' | 'there' | ApiError;

/** Items as the lines of a rehearsal would have left them. */
type Written = Map<string, Item | undefined>;

/**
 * Moves users and groups into an app, some lines of one kind a call. Each line is decided as an operation of the API
 * decides, by the records that are there, and written with conditions that prove them, so that users may work meanwhile;
 * what is there already with the same content is left as it is, which makes every line repeatable. Nothing that is
 * there is ever changed. A rehearsal decides the same and writes nothing: it remembers what it would have written, as
 * far as later lines look at it.
 */
export class Import {
  readonly #table: OperatorTable;
  readonly #app: string;
  readonly #limits: Limits;
  readonly #rehearsed: Written | undefined;

  constructor(table: OperatorTable, app: App, { rehearsal = false } = {}) {
    this.#table = table;
    this.#app = app.app;
    this.#limits = limitsOf(app);
    this.#rehearsed = rehearsal ? new Map() : undefined;
  }

  /**
   * Moves lines of one kind in, those but users and groups of one group. No two of them may be of the same record.
   * @throws Unavailable where the database does not answer; the lines written by then stay, and all may be repeated
   */
  move(lines: readonly Numbered[]): Promise<Outcome[]> {
    switch (lines[0]?.line.kind) {
      case 'user':
        return this.#users(lines as readonly Numbered<UserLine>[]);
      case 'group':
        return this.#groups(lines as readonly Numbered<GroupLine>[]);
      case 'member':
        return this.#members(lines as readonly Numbered<MemberLine>[]);
      case 'block':
        return this.#blocks(lines as readonly Numbered<BlockLine>[]);
      case 'ban':
        return this.#bans(lines as readonly Numbered<BanLine>[]);
      case 'announcement':
        return this.#announcements(lines as readonly Numbered<AnnouncementLine>[]);
      case undefined:
        return Promise.resolve([]);
    }
  }

  get #scope() {
    return { app: this.#app, limits: this.#limits, now: Date.now() };
  }

  #open(): Database {
    const { client, name } = this.#table;
    return this.#rehearsed ? new Rehearsal(this.#table, this.#rehearsed) : new Database(client, name);
  }

  /** Reads, and settles each line on its own; one that needs no steps is there already. */
  async #each<R extends Reads, L extends Line>(
    db: Database,
    reads: R,
    lines: readonly Numbered<L>[],
    plan: Pick<BatchPlan<R, Numbered<L>>, 'entry' | 'shared'>,
  ): Promise<Outcome[]> {
    const there = new Set<number>();
    const errors = await transactEach(db, reads, lines, {
      permit: () => {},
      entry: (records, entry, batch) => {
        const steps = plan.entry(records, entry, batch);
        if (steps.length === 0) there.add(entry.index);
        else there.delete(entry.index);
        return steps;
      },
      shared: (records, batch) => (batch.length > 0 ? plan.shared(records, batch) : []),
    });
    return lines.map((_, index) => errors[index] ?? (there.has(index) ? 'there' : 'written'));
  }

  async #users(lines: readonly Numbered<UserLine>[]): Promise<Outcome[]> {
    const app = this.#app;
    const most = this.#limits.users;
    const reads = {
      people: lines.map(({ line: { user_id, username, mobile } }) => ({
        user: userOf(app, user_id),
        profile: profileOf(app, user_id),
        settings: settingsOf<Item>(app, user_id),
        tags: tagsOf(app, user_id),
        name: usernameOf(app, username),
        mobile: mobile === undefined ? [] : [mobileOf(app, mobile)],
      })),
      counters: most > 0 ? countersOf(app) : [],
    };
    const db = this.#open();
    const { people } = await db.read(reads);
    const hashes: (PasswordHash | undefined)[] = [];
    // One after the other: a chunk's hashes would keep the threads from everybody else's look-ups.
    for (const [index, { line }] of lines.entries())
      hashes[index] =
        line.password === undefined || people[index]?.user || this.#rehearsed
          ? line.password_hash
          : await hashPassword(line.password);
    const { now } = this.#scope;
    return this.#each(db, reads, lines, {
      entry: ({ people, counters }, { entry: { line }, index }, batch) => {
        const { user, profile, settings, tags, name, mobile } = people[index]!;
        if (user?.status === 'deleted') throw badParameter('user_id', 'belonged to a user who was deleted');
        if (user) return unlessDiffering(line, userLine(user, profile, settings, tags));
        if (name) throw badParameter('username', `is taken by user ${name.user}`);
        if (mobile[0]) throw badParameter('mobile', `is bound to user ${mobile[0].user}`);
        if ((line.tags?.length ?? 0) > this.#limits.tags)
          throw badParameter('tags', `a user has at most ${this.#limits.tags}`);
        if (most > 0 && totalOf(counters, 'users') + batch.length >= most) throw new ApiError('tooManyUsers');
        return userSteps(app, line, hashes[index], now + index);
      },
      shared: (_, batch) => (most > 0 ? [count(app, 'users', batch.length, lines[0]!.line.user_id % SHARDS)] : []),
    });
  }

  async #groups(lines: readonly Numbered<GroupLine>[]): Promise<Outcome[]> {
    const scope = this.#scope;
    const { app, limits, now } = scope;
    const reads = {
      groups: lines.map(({ line: { group_id, owner_id } }) => ({
        group: groupOf(app, group_id),
        info: groupInfoOf(app, group_id),
        text: groupTextOf(app, group_id),
        owner: userOf(app, owner_id),
      })),
      counters: limits.groups > 0 ? countersOf(app) : [],
    };
    const db = this.#open();
    await db.load([reads]);
    return this.#each(db, reads, lines, {
      entry: ({ groups, counters }, { entry: { line }, index }, batch) => {
        const { group, info, text, owner } = groups[index]!;
        if (group?.status === 'dissolved') throw badParameter('group_id', 'belonged to a group that was dissolved');
        if (group) return unlessDiffering(line, groupLine(group, info, text, now));
        if (!owner || owner.status === 'deleted') throw missingUser('owner_id', line.owner_id);
        if (limits.groups > 0 && totalOf(counters, 'groups') + batch.length >= limits.groups)
          throw new ApiError('tooManyGroups');
        const made = newGroup(line, limits.group_capacity, now);
        const { avatar = '', description, ext } = line;
        const { updatedAt } = made;
        return [
          ...foundingSteps(scope, made, owner),
          put(groupKey(app, made.group), made, missing),
          put(groupInfoKey(app, made.group), { name: line.name, avatar, updatedAt }),
          ...(description || ext ? [put(groupTextKey(app, made.group), { description, ext, updatedAt })] : []),
        ];
      },
      shared: (_, batch) =>
        limits.groups > 0 ? [count(app, 'groups', batch.length, lines[0]!.line.owner_id % SHARDS)] : [],
    });
  }

  /** Reads of lines that are all about people of one group. */
  async #ofGroup<L extends MemberLine | BlockLine | BanLine>(lines: readonly Numbered<L>[]) {
    const app = this.#app;
    const id = lines[0]!.line.group_id;
    const reads = {
      group: groupOf(app, id),
      people: lines.map(({ line: { user_id } }) => ({
        user: userOf(app, user_id),
        membership: groupMembershipOf(app, id, user_id),
      })),
    };
    const db = this.#open();
    await db.load([reads]);
    return { db, id, reads };
  }

  async #members(lines: readonly Numbered<MemberLine>[]): Promise<Outcome[]> {
    const scope = this.#scope;
    const { app, limits, now } = scope;
    const { db, id, reads } = await this.#ofGroup(lines);
    const joining = (group: Group, batch: readonly Entry<Numbered<MemberLine>>[]) =>
      batch.filter(({ entry: { line } }) => line.user_id !== group.owner);
    const admins = (batch: readonly Entry<Numbered<MemberLine>>[]) =>
      batch.filter(({ entry: { line } }) => line.role === 'admin').length;
    return this.#each(db, reads, lines, {
      entry: (records, { entry: { line, number }, index }, batch) => {
        const group = groupNamed(records.group, id);
        const { user, membership } = records.people[index]!;
        const place = number % 10_000;
        const own = {
          joined: line.join_time,
          name: line.display_name || undefined,
          mute: line.msg_mute_mode || undefined,
          push: line.msg_push_mode || undefined,
        };
        if (isMember(membership)) {
          const different = differing(line, memberLine(id, membership));
          if (different === undefined) return [];
          const owner = line.user_id === group.owner;
          if (!owner || different === 'role' || !asFounded(group, membership)) throw thereOtherwise(different);
          return importOwner(
            app,
            id,
            line.user_id,
            membership,
            { ...own, joined: own.joined ?? group.createdAt },
            place,
          );
        }
        if (line.role === 'owner') throw badParameter('role', `the owner of group ${id} is user ${group.owner}`);
        if (!user || user.status === 'deleted') throw missingUser('user_id', line.user_id);
        const admin = line.role === 'admin';
        if (admin && group.admins + admins(batch) >= limits.group_admins)
          throw badParameter('role', `a group has at most ${limits.group_admins} admins`);
        return admit(
          scope,
          group,
          { id: line.user_id, user, membership },
          {
            index: place,
            nth: joining(group, batch).length,
            imported: { ...own, role: admin ? ADMIN_ROLE : MEMBER_ROLE, adminSince: line.admin_since ?? now + index },
          },
        );
      },
      shared: ({ group: found }, batch) => {
        const group = groupNamed(found, id);
        const more = { count: joining(group, batch).length, admins: admins(batch) };
        if (more.count === 0) return [check(groupKey(app, id), equal('status', 'normal'))];
        const room = all(
          equal('status', 'normal'),
          atMost('count', group.capacity - more.count),
          ...(more.admins > 0 ? [atMost('admins', limits.group_admins - more.admins)] : []),
        );
        return [updateGroup(app, id, { add: more }, room)];
      },
    });
  }

  async #blocks(lines: readonly Numbered<BlockLine>[]): Promise<Outcome[]> {
    const { app, now } = this.#scope;
    const { db, id, reads } = await this.#ofGroup(lines);
    return this.#each(db, reads, lines, {
      entry: (records, { entry: { line }, index }) => {
        groupNamed(records.group, id);
        const { user, membership } = records.people[index]!;
        if (membership?.state === 'blocked') return unlessDiffering(line, blockLine(id, membership));
        if (!user || user.status === 'deleted') throw missingUser('user_id', line.user_id);
        if (isMember(membership)) throw badParameter('user_id', 'is a member of the group, and nobody is both');
        return blocks.set(app, id, line.user_id, membership, now, line.created_at);
      },
      shared: (_, batch) => [
        updateGroup(app, id, { add: { blocks: batch.length } }, equal('status', 'normal')),
        putJob({
          kind: 'blocked users',
          app,
          group: id,
          users: batch.map(({ entry }) => entry.line.user_id),
          createdAt: now,
        }),
      ],
    });
  }

  async #bans(lines: readonly Numbered<BanLine>[]): Promise<Outcome[]> {
    const { app, now } = this.#scope;
    const { db, id, reads } = await this.#ofGroup(lines);
    return this.#each(db, reads, lines, {
      entry: (records, { entry: { line }, index }) => {
        const group = groupNamed(records.group, id);
        const { user, membership } = records.people[index]!;
        const bannedUntil = storedTime(line.expired_time);
        if (bannedUntil <= now) throw badParameter('expired_time', 'has passed');
        if (membership && runningBanEnd(membership, now) !== undefined)
          return unlessDiffering(line, banLine(id, membership, now)!);
        if (!user || user.status === 'deleted') throw missingUser('user_id', line.user_id);
        if (line.user_id === group.owner) throw badParameter('user_id', 'owns the group and cannot be banned');
        return [bans.setImported(app, id, line.user_id, membership, { banned: line.created_at ?? now, bannedUntil })];
      },
      shared: () => [check(groupKey(app, id), equal('status', 'normal'))],
    });
  }

  async #announcements(lines: readonly Numbered<AnnouncementLine>[]): Promise<Outcome[]> {
    const { app, limits, now } = this.#scope;
    const id = lines[0]!.line.group_id;
    const reads = {
      group: groupOf(app, id),
      sequence: sequenceOf(app, id),
      announcements: lines.map(({ line }) => ({
        head: announcementOf(app, id, line.id),
        text: announcementTextOf(app, id, line.id),
      })),
    };
    const db = this.#open();
    await db.load([reads]);
    return this.#each(db, reads, lines, {
      entry: ({ group, sequence, announcements }, { entry: { line }, index }, batch) => {
        groupNamed(group, id);
        const { head, text } = announcements[index]!;
        if (head)
          return unlessDiffering(line, announcementLine(id, { ...head, content: head.content ?? text?.content ?? '' }));
        if ((sequence?.announcements ?? 0) + batch.length >= limits.announcements)
          throw badParameter('id', `a group keeps at most ${limits.announcements} announcements`);
        const { title, content, author, created_at: createdAt = now } = line;
        return bringAnnouncementSteps(app, id, { id: line.id, title, content, author, createdAt });
      },
      shared: ({ sequence }, batch) => [
        check(groupKey(app, id), equal('status', 'normal')),
        bringAnnouncementsStep(
          app,
          id,
          sequence,
          batch.map(({ entry }) => entry.line.id),
        ),
      ],
    });
  }
}

/** Decides like the database it stands before, and writes into memory. What no line has read is not kept there. */
class Rehearsal extends Database {
  readonly #written: Written;

  constructor(table: OperatorTable, written: Written) {
    super(table.client, table.name);
    this.#written = written;
  }

  #item(get: Get<Item | undefined>['get']): Item | undefined {
    const key = keyText(get);
    return this.#written.has(key)
      ? this.#written.get(key)
      : this.cached<Item | undefined>({ get, parse: (item) => item })?.record;
  }

  override records<R extends Reads>(reads: R): Records<R> {
    return fillShape(reads, (read) => {
      if (!isGet(read)) throw new Error('lines are decided by single records');
      return read.parse(this.#item(read.get));
    }) as Records<R>;
  }

  override async write(steps: Step[]): Promise<boolean> {
    for (const step of steps)
      if (this.cached({ get: step.key, parse: () => true }))
        this.#written.set(keyText(step.key), itemAfter(step, this.#item(step.key)));
    return true;
  }
}

/** Nothing to do for a line whose record is there just so. */
function unlessDiffering(line: Line, there: Line): Step[] {
  const different = differing(line, there);
  if (different !== undefined) throw thereOtherwise(different);
  return [];
}

const thereOtherwise = (field: string) =>
  badParameter(field, 'the record is there already and has another value, which is kept');
const missingUser = (field: string, id: number) => badParameter(field, `there is no user ${id}`);

function groupNamed(group: Group | undefined, id: number): Group {
  if (!group) throw badParameter('group_id', `there is no group ${id}`);
  return existingGroup(group);
}

/** The owner's membership is still just what the group's founding made it. */
const asFounded = ({ createdAt }: Group, { joined, name, mute, push }: GroupMembership) =>
  joined === createdAt && name === undefined && mute === undefined && push === undefined;

function userSteps(app: string, line: UserLine, password: PasswordHash | undefined, now: number): Step[] {
  const { user_id: id, username, mobile, status = 'active', group_confirm: confirm = false, created_at } = line;
  const { nick_name, avatar, description, email, private_info, public_info, settings, tags } = line;
  const createdAt = created_at ?? now;
  const user: User = {
    ...{ user: id, status, username, ...(mobile !== undefined && { mobile }), ...(password && { password }) },
    ...{ epoch: 0, confirm, joined: 0, owned: 0, createdAt },
  };
  const profile = { nick_name, avatar, description, email, private_info, public_info };
  return [
    ...putUser(app, user),
    ...(mobile === undefined ? [] : [put(mobileKey(app, mobile), { user: id }, missing)]),
    ...(Object.values(profile).some(Boolean) ? [put(profileKey(app, id), profile)] : []),
    ...(Object.keys(settings ?? {}).length > 0 ? [put(settingsKey(app, id), settings!)] : []),
    ...(tags && tags.length > 0 ? [put(tagsKey(app, id), { tags })] : []),
  ];
}

function newGroup(line: GroupLine, usual: number, now: number): Group {
  const { created_at: createdAt = now, updated_at: updatedAt = createdAt, ban_expire_time: mutedUntil = 0 } = line;
  return {
    ...NEW_GROUP,
    group: line.group_id,
    owner: line.owner_id,
    type: line.type ?? 0,
    capacity: line.capacity ?? usual,
    approval: line.apply_approval ?? NEW_GROUP.approval,
    member_invite: line.member_invite ?? NEW_GROUP.member_invite,
    member_modify: line.member_modify ?? NEW_GROUP.member_modify,
    history_visible: line.history_visible ?? NEW_GROUP.history_visible,
    read_ack: line.read_ack ?? NEW_GROUP.read_ack,
    mutedUntil: storedTime(mutedUntil),
    createdAt,
    updatedAt,
  };
}
