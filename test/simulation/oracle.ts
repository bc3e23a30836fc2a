import type { Limits } from '../../shared/limits.ts';
import type { Call, Entry } from './commands/command.ts';
import { commandOf } from './commands/index.ts';
import type { Moment } from './model.ts';
import { andThen, may, success, type Verdict } from './verdict.ts';

/**
 * What a call may answer and change at one moment, as docs/behaviour.md (Groups) says, with all records at hand. It knows
 * nothing of how the product reads, writes and conditions. Rules of one operation are in its command; those that several
 * share are here.
 */
export class Oracle {
  readonly at: Moment;
  /** The call's clock (ms). */
  readonly now: number;
  readonly limits: Limits;

  constructor(moment: Moment, now: number, limits: Limits) {
    this.at = moment;
    this.now = now;
    this.limits = limits;
  }

  /** The call as a whole, apart from the entries of a list. */
  call(call: Call): Verdict {
    if (call.actor !== undefined && this.isGone(call.actor)) return may('loginAgain', 'userMissing');
    return andThen(this.permitted(call), () => (this.uploaded(call) ? this.permitted(call) : may('badParameter')));
  }

  /** Whether the bucket holds what the call relies on. */
  uploaded = (call: Call): boolean => commandOf(call).uploaded?.(this, call) ?? true;

  /** The same for a call whose actor was verified: an actor who is deleted meanwhile may finish it. */
  permitted = (call: Call): Verdict => commandOf(call).permitted(this, call);

  /** One entry of the list of a call. */
  entry(call: Call, id: number, { joined = 0, confirms = this.user(id).confirm }: Partial<Entry> = {}): Verdict {
    const command = commandOf(call);
    if (!command.entry) throw new Error(`${call.op} has no list`);
    const permitted = command.createsGroup ? success : this.permitted(call);
    return andThen(permitted, () => command.entry!(this, call, id, { joined, confirms }));
  }

  /** What must hold of the user or the file just after a write that changed it for this call. */
  effect = (call: Call, id: number, before: Moment): boolean =>
    commandOf(call).effect?.(this, call, id, before) ?? true;

  user = (id: number | undefined) => this.at.user(id ?? 0) ?? { joined: 0, owned: 0, confirm: false };
  isGone = (id: number): boolean => (this.at.user(id)?.status ?? 'deleted') === 'deleted';
  isMember = (group: number, user: number): boolean => this.at.membership(group, user)?.state === 'member';

  /** 0 member, 1 admin, 2 owner, −1 none of them. The app has the owner's rights. */
  role(group: number, user: number | undefined): number {
    if (user === undefined) return 2;
    return this.isMember(group, user) ? (this.at.membership(group, user)?.role ?? -1) : -1;
  }

  /** The actor's membership goes with a dissolved group, and may be missed first. */
  living = (group: number): Verdict =>
    this.at.group(group)?.status === 'normal' ? success : may('groupMissing', 'needsMember');

  /** @param open every member may do what takes an admin otherwise */
  permit({ group, actor }: Call, least: 'member' | 'admin' | 'owner', open = false): Verdict {
    return andThen(this.living(group), () => {
      const role = this.role(group, actor);
      if (role < 0) return may('needsMember');
      if (least === 'owner' && role < 2) return may('needsOwner');
      return least === 'admin' && !open && role < 1 ? may('needsAdmin') : success;
    });
  }

  /** No call touches the owner or its own actor, and only the owner touches admins. */
  touch({ group, actor }: Call, user: number): Verdict {
    if (this.at.group(group)?.owner === user || actor === user) return may('noPermission');
    return this.role(group, user) >= 1 && this.role(group, actor) < 2 ? may('needsOwner') : success;
  }

  /** @param joined how many joined before by the same transaction */
  gate(group: number, user: number, joined = 0): Verdict {
    const { count, capacity } = this.at.group(group) ?? { count: 0, capacity: this.limits.group_capacity };
    const { state } = this.at.membership(group, user) ?? {};
    if (this.isGone(user)) return may('userMissing');
    if (state === 'member') return may('alreadyMember');
    if (state === 'blocked') return may('blocked');
    if (this.user(user).joined >= this.limits.groups_joined) return may('tooManyJoined');
    return count + joined >= capacity ? may('groupFull') : success;
  }

  /** Room for another file. */
  room = (files = 0): Verdict => (files >= this.limits.files ? may('badParameter') : success);

  /** Its uploader and admins change a file; before it is published only its uploader may delete it. */
  changeFile({ group, actor }: Call, id: number, { deletes }: { deletes: boolean }): Verdict {
    const file = this.at.file(group, id);
    const own = file?.uploader === (actor ?? this.at.group(group)?.owner);
    if (!file || (file.published === undefined && !(deletes && own))) return may('fileMissing');
    return own || this.role(group, actor) >= 1 ? success : may('fileRight');
  }
}
