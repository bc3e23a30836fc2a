import type { Random } from '../../infra/local/random.ts';
import type { QrCode } from './commands/command.ts';
import type { Form } from './files.ts';
import type { Moment } from './model.ts';

interface World {
  random: Random;
  /** How everything is now. */
  moment: Moment;
  users: number[];
  groups: number[];
  codes: QrCode[];
  forms: Form[];
  /** The number of the call. */
  nth: number;
}

/**
 * The actors and objects that a command chooses from: mostly those who may do it and to whom it can be done, sometimes
 * any.
 */
export class Draw {
  readonly world: World;
  readonly random: Random;
  readonly moment: Moment;
  readonly group: number;
  readonly members: number[];
  readonly others: number[];
  readonly anyone: number;
  readonly owner: number;
  readonly admin: number;
  /** Up to three, mostly members. */
  readonly users: number[];
  readonly #byApp: boolean;

  constructor(world: World, group: number) {
    const { random, moment, users } = world;
    this.world = world;
    this.random = random;
    this.moment = moment;
    this.group = group;
    this.members = users.filter((id) => moment.membership(group, id)?.state === 'member');
    this.others = users.filter((id) => !this.members.includes(id));
    this.anyone = random.one(users);
    this.owner = this.likely([moment.group(group)?.owner ?? this.anyone]);
    this.admin = this.likely(this.adminsOf(group));
    this.#byApp = random.chance(0.15);
    this.users = random.some(random.chance(0.8) && this.members.length > 0 ? this.members : users, 3);
  }

  /** One of the list, mostly. */
  likely = (list: number[]): number =>
    list.length > 0 && this.random.chance(0.85) ? this.random.one(list) : this.anyone;

  /** Up to so many of the list, or of all users where it is empty. */
  someOf = (list: number[], most: number): number[] =>
    this.random.some(list.length > 0 ? list : this.world.users, most);

  /** The app acts instead of the user now and then. */
  by = (user: number): number | undefined => (this.#byApp ? undefined : user);

  adminsOf = (group: number): number[] =>
    this.world.users.filter((id) => {
      const membership = this.moment.membership(group, id);
      return membership?.state === 'member' && (membership.role ?? 0) > 0;
    });
}
