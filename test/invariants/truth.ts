import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { type Application, applicationOf } from '../../shared/data/application-repo.ts';
import { type Group, groupOf } from '../../shared/data/group-repo.ts';
import { type Invitation, invitationOf } from '../../shared/data/invitation-repo.ts';
import { invitationsToGroup, type Key, userPartition } from '../../shared/data/keys.ts';
import { type Edge, edgeOf, type Relation, relationOf } from '../../shared/data/membership-repo.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { type Get, type Item, keyText } from '../../shared/data/read.ts';
import { type User, userOf } from '../../shared/data/user-repo.ts';
import { itemsOf } from '../support/invariants.ts';
import type { Write } from './scheduler.ts';

type Whole = Item & Key;
/** Of each item what it was from a version on, the oldest first; undefined: it was not there. */
type Versions = Map<string, { version: number; item: Whole | undefined }[]>;

/**
 * What the table held after each write of a history. Version 0 is the beginning, each write makes the next one: so a
 * law can be asked at the very moment of a write, or at any moment of a call.
 */
export class Truth {
  version = 0;
  readonly #table: OperatorTable;
  readonly #app: string;
  readonly #versions: Versions = new Map();

  constructor(table: OperatorTable, app: string) {
    this.#table = table;
    this.#app = app;
  }

  async begin(): Promise<void> {
    for (const item of await itemsOf(this.#table, this.#app))
      this.#versions.set(keyText(item), [{ version: 0, item: item as Whole }]);
  }

  /** Takes over what a write has made of its items. */
  async follow(writes: Write[]): Promise<void> {
    const keys = writes.filter(({ verb }) => verb !== 'ConditionCheck').map(({ key }) => key);
    this.version++;
    const { client, name } = this.#table;
    const { Responses } = await client.send(
      new BatchGetCommand({ RequestItems: { [name]: { Keys: keys, ConsistentRead: true } } }),
    );
    const found = new Map((Responses?.[name] ?? []).map((item) => [keyText(item as Whole), item as Whole]));
    for (const key of keys) {
      const versions = this.#versions.get(keyText(key)) ?? [];
      versions.push({ version: this.version, item: found.get(keyText(key)) });
      this.#versions.set(keyText(key), versions);
    }
  }

  /** @param groupsAt the records of groups alone as of that version */
  at(version: number, groupsAt = version): Moment {
    return new Moment(this.#app, this.#versions, version, groupsAt);
  }
}

/** The records of one moment. */
export class Moment {
  readonly #app: string;
  readonly #versions: Versions;
  readonly #version: number;
  readonly #groupsAt: number;

  constructor(app: string, versions: Versions, version: number, groupsAt: number) {
    this.#app = app;
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
    const { get, parse } = groupOf(this.#app, id);
    const versions = this.#versions.get(keyText(get)) ?? [];
    return parse(versions.findLast(({ version }) => version <= this.#groupsAt)?.item);
  }

  user = (id: number): User | undefined => this.#record(userOf(this.#app, id));
  relation = (group: number, user: number): Relation | undefined => this.#record(relationOf(this.#app, group, user));
  edge = (user: number, group: number): Edge | undefined => this.#record(edgeOf(this.#app, user, group));
  application = (group: number, user: number): Application | undefined =>
    this.#record(applicationOf(this.#app, group, user));
  invitation = (user: number, group: number, inviter: number): Invitation | undefined =>
    this.#record(invitationOf(this.#app, user, group, inviter));

  invitations(user: number, group: number): Invitation[] {
    const start = `${userPartition(this.#app, user)}|${invitationsToGroup(group)}`;
    return [...this.#versions.keys()]
      .filter((key) => key.startsWith(start))
      .flatMap((key) => {
        const [pk = '', sk = ''] = key.split('|');
        return (this.#entries({ pk, sk }).at(-1)?.item as Invitation | undefined) ?? [];
      });
  }

  /** Since which version the invitation or application is pending; −1 where there is none. */
  madeAt({ get }: Get<unknown>): number {
    const entries = this.#entries(get);
    const made = entries.at(-1)?.item?.made;
    return made === undefined ? -1 : (entries.find(({ item }) => item?.made === made)?.version ?? -1);
  }

  invitationMadeAt = (user: number, group: number, inviter: number) =>
    this.madeAt(invitationOf(this.#app, user, group, inviter));
  applicationMadeAt = (group: number, user: number) => this.madeAt(applicationOf(this.#app, group, user));

  /** When the person last joined the group or was blocked there: what is older cannot be used. −1: never. */
  voidedAt(group: number, user: number): number {
    let state: unknown;
    let at = -1;
    for (const { version, item } of this.#entries(relationOf(this.#app, group, user).get)) {
      if (item?.state !== state && item?.state !== undefined) at = version;
      state = item?.state;
    }
    return at;
  }
}
