import { isDeepStrictEqual } from 'node:util';
import { type Application, applicationOf } from '../../shared/data/application-repo.ts';
import { type Contact, contactIn, contactOf } from '../../shared/data/contact-repo.ts';
import { fileOf, registrationOf, type SharedFile } from '../../shared/data/file-repo.ts';
import { type Group, groupOf } from '../../shared/data/group-repo.ts';
import { type Invitation, invitationOf } from '../../shared/data/invitation-repo.ts';
import { groupIn, invitationsToGroup, type Key } from '../../shared/data/keys.ts';
import {
  type GroupMembership,
  groupMembershipOf,
  type UserMembership,
  userMembershipOf,
} from '../../shared/data/membership-repo.ts';
import { settingsOf, type Verification } from '../../shared/data/profile-repo.ts';
import { type Get, type Item, keyText } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import { type Sequence, sequenceOf } from '../../shared/data/sequence-repo.ts';
import { type User, userOf } from '../../shared/data/user-repo.ts';
import type { AppId } from '../../shared/ids.ts';
import { groupId, userId } from '../support/ids.ts';
import type { Stored } from './bucket.ts';
import type { Statement, Write } from './scheduler.ts';

type Whole = Item & Key;
/** Of each item what it was from a version on, the oldest first; undefined: it was not there. */
type Versions = Map<string, { version: number; item: Whole | undefined }[]>;

const objectKey = (key: string): Key => ({ pk: 'S3', sk: key });
const kickKey = (group: number, user: number): Key => ({ pk: 'kicks', sk: `${group} ${user}` });

/** A write of a call that began at this time (ms). */
export interface Event {
  version: number;
  clock: number;
}

/**
 * The simulation's model: what the table and the bucket held after each write of a run. Version 0 is the beginning, each
 * write makes the next one: so the oracle can be asked about the moment of a write, or about any moment of a call.
 */
export class Model {
  version = 0;
  readonly #app: AppId;
  readonly #versions: Versions = new Map();

  constructor(app: AppId) {
    this.#app = app;
  }

  begin(items: readonly (Item & Key)[]): void {
    for (const item of items) this.#versions.set(keyText(item), [{ version: 0, item: item as Whole }]);
  }

  /** Does to its items what a write did to those of the table. `differences` compares both. */
  follow(writes: Write[]): void {
    this.version++;
    for (const { verb, statement, key } of writes) {
      if (verb === 'ConditionCheck') continue;
      if (verb === 'Delete') this.#set(key, undefined);
      else this.#set(key, verb === 'Put' ? whole(statement.Item) : this.#updated(key, statement));
    }
  }

  /** The same for a change of the bucket. */
  followObject(key: string, object: Stored | undefined): void {
    this.version++;
    this.#set(objectKey(key), object && { ...objectKey(key), ...object });
  }

  /** The last write expelled this member; its call began at this time (ms). */
  followKick(group: number, user: number, clock: number): void {
    const key = kickKey(group, user);
    this.#set(key, { ...key, clock });
  }

  #set(key: Key, item: Whole | undefined): void {
    const versions = this.#versions.get(keyText(key)) ?? [];
    versions.push({ version: this.version, item });
    this.#versions.set(keyText(key), versions);
  }

  #updated(key: Key, { UpdateExpression = '', ...statement }: Statement): Whole {
    const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = statement;
    const item: Whole = { ...this.#versions.get(keyText(key))?.at(-1)?.item, ...key };
    for (const clause of UpdateExpression.split(/ (?=(?:SET|REMOVE|ADD) )/)) {
      const [verb, list] = [clause.slice(0, clause.indexOf(' ')), clause.slice(clause.indexOf(' ') + 1)];
      for (const part of list.split(', ')) {
        const [placeholder = '', value = ''] = part.split(/ (?:= )?/);
        const name = names[placeholder] ?? placeholder;
        if (verb === 'REMOVE') delete item[name];
        else item[name] = verb === 'SET' ? values[value] : Number(item[name] ?? 0) + Number(values[value]);
      }
    }
    return whole(item);
  }

  /** Keys of items that the table and the model do not hold alike: the oracle would have looked at something else. */
  differences(found: readonly (Item & Key)[]): string[] {
    const items = new Map(found.map((item) => [keyText(item), item]));
    const own = [...this.#versions.keys()].filter((key) => key.split(/[#|]/)[1] === this.#app);
    return [...new Set([...own, ...items.keys()])].filter(
      (key) => !isDeepStrictEqual(items.get(key), this.#versions.get(key)?.at(-1)?.item),
    );
  }

  /** @param groupsAt the version of the groups' own records */
  at(version: number, groupsAt = version): Moment {
    return new Moment(this.#app, this.#versions, version, groupsAt);
  }
}

/** As the database keeps it: without undefined attributes. */
const whole = (item: Item | undefined): Whole => JSON.parse(JSON.stringify(item));

/** A contact, and the user it is about. */
export interface Known {
  other: number;
  contact: Contact;
}

/** The records of one moment. */
export class Moment {
  readonly app: AppId;
  readonly #versions: Versions;
  readonly #version: number;
  readonly #groupsAt: number;

  constructor(app: AppId, versions: Versions, version: number, groupsAt: number) {
    this.app = app;
    this.#versions = versions;
    this.#version = version;
    this.#groupsAt = groupsAt;
  }

  #entries(key: Key) {
    return (this.#versions.get(keyText(key)) ?? []).filter(({ version }) => version <= this.#version);
  }

  #record<T>({ get, parse }: Get<T>): T {
    return parse(this.#entries(get).at(-1)?.item);
  }

  /** The item itself. */
  item = (key: Key): Item | undefined => this.#entries(key).at(-1)?.item;

  group(id: number): Group | undefined {
    const { get, parse } = groupOf(this.app, groupId(id));
    const versions = this.#versions.get(keyText(get)) ?? [];
    return parse(versions.findLast(({ version }) => version <= this.#groupsAt)?.item);
  }

  user = (id: number): User | undefined => this.#record(userOf(this.app, userId(id)));
  membership = (group: number, user: number): GroupMembership | undefined =>
    this.#record(groupMembershipOf(this.app, groupId(group), userId(user)));
  userMembership = (user: number, group: number): UserMembership | undefined =>
    this.#record(userMembershipOf(this.app, userId(user), groupId(group)));
  application = (group: number, user: number): Application | undefined =>
    this.#record(applicationOf(this.app, groupId(group), userId(user)));
  invitation = (user: number, group: number, inviter: number): Invitation | undefined =>
    this.#record(invitationOf(this.app, userId(user), groupId(group), userId(inviter)));

  invitations(user: number, group: number): Invitation[] {
    const start = `${schema.user.partition(this.app, userId(user))}|${invitationsToGroup(groupId(group))}`;
    return [...this.#versions.keys()]
      .filter((key) => key.startsWith(start))
      .flatMap((key) => {
        const [pk = '', sk = ''] = key.split('|');
        return (this.#entries({ pk, sk }).at(-1)?.item as Invitation | undefined) ?? [];
      });
  }

  contact = (user: number, other: number): Contact | undefined =>
    this.#record(contactOf(this.app, userId(user), userId(other)));
  verification = (user: number): Verification | undefined => this.#record(settingsOf(this.app, userId(user)));

  /** All contacts of a user. */
  contacts(user: number): Known[] {
    const start = `${schema.user.partition(this.app, userId(user))}|${schema.contact.sk.prefix}`;
    return [...this.#versions.keys()]
      .filter((key) => key.startsWith(start))
      .flatMap((key) => {
        const other = contactIn({ sk: key.split('|')[1]! })!;
        const contact = this.contact(user, other);
        return contact ? [{ other, contact }] : [];
      });
  }

  file = (group: number, id: number): SharedFile | undefined => this.#record(fileOf(this.app, groupId(group), id));
  sequence = (group: number): Sequence | undefined => this.#record(sequenceOf(this.app, groupId(group)));

  /** As of the version of the groups' records. */
  sequenceThen(group: number): Sequence | undefined {
    return new Moment(this.app, this.#versions, this.#groupsAt, this.#groupsAt).sequence(group);
  }

  /** The group's files, reserved and published, in order of their numbers. */
  files(group: number): SharedFile[] {
    const start = `${schema.file.partition(this.app, groupId(group))}|`;
    const keys = [...this.#versions.keys()].filter((key) => key.startsWith(start)).sort();
    return keys.flatMap((key) => this.file(group, Number(key.slice(start.length))) ?? []);
  }

  published = (group: number): SharedFile[] => this.files(group).filter((file) => file.published !== undefined);

  /** Groups that have or had files. */
  get groupsWithFiles(): number[] {
    const partitions = [...this.#versions.keys()].map((key) => key.split('|')[0] ?? '');
    return [...new Set(partitions.filter((pk) => /^G#[^#]*#\d+#F$/.test(pk)).map(groupIn))];
  }

  object = (key: string): Stored | undefined => this.item(objectKey(key)) as Stored | undefined;

  /** Whether a form's upload ever became a file. */
  registered = (random: string): boolean =>
    this.#entries(registrationOf(random).get).some(({ item }) => item !== undefined);

  /** The version since which the invitation or application is pending; −1 where there is none. */
  madeAt({ get }: Get<unknown>): number {
    let was: Item | undefined;
    let at = -1;
    for (const { version, item } of this.#entries(get)) {
      // One that is made again in the same millisecond, after an answer, is another one.
      if (item?.createdAt !== was?.createdAt || (item?.status === 0 && was?.status !== 0)) at = version;
      was = item;
    }
    return was?.createdAt === undefined ? -1 : at;
  }

  invitationMadeAt = (user: number, group: number, inviter: number) =>
    this.madeAt(invitationOf(this.app, userId(user), groupId(group), userId(inviter)));
  applicationMadeAt = (group: number, user: number) =>
    this.madeAt(applicationOf(this.app, groupId(group), userId(user)));

  /** When the user was kicked out of the group, or blocked as a member. */
  kicks = (group: number, user: number): Event[] =>
    this.#entries(kickKey(group, user)).map(({ version, item }) => ({ version, clock: Number(item?.clock) }));

  /** When the member joined last. */
  lastJoin(group: number, user: number): Event {
    return {
      version: this.#lastChange(group, user, (state) => state === 'member'),
      clock: this.membership(group, user)?.joined ?? 0,
    };
  }

  /** When the user last joined the group or was blocked there: older invitations and applications are void. −1: never. */
  voidedAt(group: number, user: number): number {
    return this.#lastChange(group, user, (state) => state !== undefined);
  }

  /** The version that last changed the state of the user in the group to such a one; −1: none. */
  #lastChange(group: number, user: number, matches: (state: unknown) => boolean): number {
    let state: unknown;
    let at = -1;
    for (const { version, item } of this.#entries(groupMembershipOf(this.app, groupId(group), userId(user)).get)) {
      if (item?.state !== state && matches(item?.state)) at = version;
      state = item?.state;
    }
    return at;
  }
}
