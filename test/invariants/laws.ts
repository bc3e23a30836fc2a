import type { SharedFile } from '../../shared/data/file-repo.ts';
import type { Invitation } from '../../shared/data/invitation-repo.ts';
import { partiesOf } from '../../shared/data/invitation-repo.ts';
import type { Limits } from '../../shared/limits.ts';
import { incomingObject } from '../../shared/storage/names.ts';
import type { Outcome } from '../support/api.ts';
import type { Event, Moment } from './truth.ts';

/** What a form was issued for; `user` 0: the app. `url` is the address that its upload is registered by. */
export interface Form {
  group: number;
  user: number;
  random: string;
  url: string;
}

/** A code that was signed while the table was at these versions, by this clock (ms). */
export interface QrCode {
  group: number;
  signer: number;
  signed: number;
  versions: [from: number, to: number];
  /** Seconds. */
  expires: number;
  code: string;
}

/** A call of a history: who asks for what. `me` undefined: the app itself. */
export type Ask = { me: number | undefined; group: number } & (
  | { op: 'create'; users: number[] }
  | { op: 'invite' | 'kick' | 'ban' | 'unban' | 'block' | 'unblock' | 'admin/add' | 'admin/remove'; users: number[] }
  | { op: 'invite/handle'; inviter: number; approval: boolean }
  | { op: 'apply' | 'leave' | 'destroy' | 'qrcode/sign' | 'user/delete' }
  | { op: 'apply/handle'; user: number; approval: boolean }
  | ({ op: 'qrcode/invite' } & QrCode)
  | { op: 'transfer'; user: number }
  | { op: 'approval'; value: number }
  | { op: 'member_invite' | 'group_confirm'; value: boolean }
  | { op: 'file/reserve'; size: number }
  | { op: 'file/link' | 'file/form' | 'file/list' }
  | { op: 'file/register'; form: Form; size: number }
  | { op: 'file/info'; file: number }
  | { op: 'file/update_name'; file: number; name: string }
  | { op: 'file/delete'; files: number[] }
);

/** The entries that a call with a list is about: people, or files. */
export const entriesOf = (ask: Ask): number[] | undefined =>
  'users' in ask ? ask.users : 'files' in ask ? ask.files : undefined;

export const isOfFiles = ({ op }: Ask): boolean => op.startsWith('file/');

/** What a call, or an entry of its list, may answer at a moment. Several outcomes where two rules apply at once. */
export interface Verdict {
  outcomes: Outcome[];
  /** A success changes something. */
  changes: boolean;
}

const is = (...outcomes: Outcome[]): Verdict => ({ outcomes, changes: outcomes.includes('success') });
const success = is('success');
const nothing: Verdict = { outcomes: ['success'], changes: false };

/**
 * How groups behave (docs/behaviour.md, Groups) once more, in the simplest words: what is right at one moment, with all
 * records before one's eyes. It knows nothing of how the product reads, writes and conditions.
 */
export class Laws {
  readonly #now: number;
  readonly #limits: Limits;
  readonly #at: Moment;

  /** @param now the call's clock (ms) */
  constructor(moment: Moment, now: number, limits: Limits) {
    this.#at = moment;
    this.#now = now;
    this.#limits = limits;
  }

  /** The call as a whole: what it answers, apart from the entries of a list. */
  call(ask: Ask): Verdict {
    if (ask.me !== undefined && this.#gone(ask.me)) return is('loginAgain', 'userMissing');
    return this.#or(this.permitted(ask), () => (this.uploaded(ask) ? this.permitted(ask) : is('badParameter')));
  }

  /** What a form's upload is registered as lies there, with that size. */
  uploaded(ask: Ask): boolean {
    if (ask.op !== 'file/register') return true;
    return this.#at.object(incomingObject(this.#at.app, ask.form.group, ask.form.random))?.size === ask.size;
  }

  /** The same for a call that has found its actor in order: who is deleted meanwhile may finish it. */
  permitted(ask: Ask): Verdict {
    const { me, group } = ask;
    switch (ask.op) {
      case 'create':
        if (this.#user(me).owned >= this.#limits.groups_owned) return is('tooManyOwned');
        return this.#user(me).joined >= this.#limits.groups_joined ? is('tooManyJoined') : success;
      case 'invite':
        return this.#permit(ask, 'admin', this.#at.group(group)?.member_invite);
      case 'kick':
      case 'ban':
      case 'unban':
      case 'block':
      case 'unblock':
      case 'approval':
      case 'member_invite':
        return this.#permit(ask, 'admin');
      case 'admin/add':
      case 'admin/remove':
      case 'destroy':
        return this.#permit(ask, 'owner');
      case 'transfer':
        return this.#or(this.#permit(ask, 'owner'), () => this.#transfer(group, ask.user));
      case 'leave':
        return this.#or(this.#permit(ask, 'member'), () =>
          this.#role(group, me) === 2 ? is('ownerCannotLeave') : success,
        );
      case 'qrcode/sign':
        return this.#permit(ask, 'admin', this.#at.group(group)?.member_invite);
      case 'apply':
        return this.#or(this.#living(group), () => this.#apply(group, me!));
      case 'apply/handle':
        return this.#or(this.#permit(ask, 'admin'), () => {
          if (!this.#applicationUsable(group, ask.user)) return is('applicationGone');
          return ask.approval ? this.#gate(group, ask.user) : success;
        });
      case 'invite/handle':
        return this.#or(this.#living(group), () => this.#handleInvitation(group, me!, ask.inviter, ask.approval));
      case 'qrcode/invite':
        if (ask.expires * 1000 <= this.#now) return is('qrExpired');
        return this.#joinByCode(ask, me!);
      case 'user/delete':
      case 'group_confirm':
        return success;
      case 'file/form':
      case 'file/list':
        return this.#or(this.#permit(ask, 'member'), () => nothing);
      case 'file/info':
        return this.#or(this.#permit(ask, 'member'), () =>
          this.#at.file(group, ask.file)?.published === undefined ? is('fileMissing') : nothing,
        );
      // No place is taken before the upload is there: how many files there are may have been read a moment before.
      case 'file/reserve':
        return this.#or(this.#permit(ask, 'member'), () => this.#room(this.#at.sequenceThen(group)?.files));
      case 'file/link':
        return this.#or(this.#permit(ask, 'member'), () => this.#room(this.#at.published(group).length));
      case 'file/register':
        return this.#or(this.#permit(ask, 'member'), () => {
          const { form } = ask;
          const issued = form.group === group && form.user === (me ?? 0);
          if (!issued || this.#at.registered(form.random)) return is('badParameter');
          return this.#room(this.#at.published(group).length);
        });
      case 'file/update_name':
        return this.#or(this.#permit(ask, 'member'), () => this.#changeFile(ask, ask.file, false));
      case 'file/delete':
        return this.#permit(ask, 'member');
    }
  }

  #room = (files = 0): Verdict => (files >= this.#limits.files ? is('badParameter') : success);

  /** Files are changed by whoever uploaded them and by admins; before they are there, for their uploader's delete alone. */
  #changeFile({ group, me }: Ask, id: number, deletes: boolean): Verdict {
    const file = this.#at.file(group, id);
    const own = file?.uploader === (me ?? this.#at.group(group)?.owner);
    if (!file || (file.published === undefined && !(deletes && own))) return is('fileMissing');
    return own || this.#role(group, me) >= 1 ? success : is('fileRight');
  }

  /**
   * An entry of the list of a call that itself is permitted.
   * @param user or the file
   * @param joined how many entries joined before it by the same transaction
   * @param invited it got an invitation, as one does who asks to consent: which may have changed meanwhile
   */
  entry(ask: Ask, user: number, joined = 0, invited = this.#user(user).confirm): Verdict {
    const { group, me } = ask;
    const state = this.#at.membership(group, user)?.state;
    const role = this.#role(group, user);
    const permitted = ask.op === 'create' ? success : this.permitted(ask);
    return this.#or(permitted, () => {
      switch (ask.op) {
        case 'create':
        case 'invite':
          if (this.#gone(user)) return is('userMissing');
          if (state === 'member') return is('alreadyMember');
          if (state === 'blocked') return is('blocked');
          return invited ? success : this.#gate(group, user, joined);
        case 'kick':
          return this.#or(this.#touch(ask, user), () => (role < 0 ? is('notMember') : success));
        case 'ban':
          return this.#or(this.#touch(ask, user), () => (role < 0 ? is('notMember') : success));
        case 'unban': {
          const banned = (this.#at.membership(group, user)?.bannedUntil ?? 0) > this.#now;
          if (!banned) return role < 0 ? is('notMember') : nothing;
          return this.#touch(ask, user);
        }
        case 'block':
          if (this.#gone(user)) return is('userMissing');
          return this.#or(this.#touch(ask, user), () => (state === 'blocked' ? nothing : success));
        case 'unblock':
          return state === 'blocked' ? success : nothing;
        case 'admin/add':
          if (role < 0) return is('notMember');
          if (role > 0) return nothing;
          return (this.#at.group(group)?.admins ?? 0) + joined >= this.#limits.group_admins
            ? is('badParameter')
            : success;
        case 'admin/remove':
          if (role < 0) return is('notMember');
          return role === 1 ? success : nothing;
        case 'file/delete':
          return this.#changeFile(ask, user, true);
        default:
          throw new Error(`${ask.op} of ${me} has no list`);
      }
    });
  }

  /** What must hold of the person, or the file, just after a write that changed it for this call. */
  effect(ask: Ask, user: number): boolean {
    const { group } = ask;
    if (isOfFiles(ask)) return this.#fileEffect(ask, this.#at.file(group, user));
    const membership = this.#at.membership(group, user);
    switch (ask.op) {
      case 'kick':
      case 'leave':
        return membership?.state === undefined;
      case 'ban':
        return membership?.state === 'member' && (membership.bannedUntil ?? 0) > this.#now;
      case 'unban':
        return membership?.bannedUntil === undefined;
      case 'block':
        return membership?.state === 'blocked';
      case 'unblock':
        return membership?.state === undefined;
      case 'admin/add':
        return membership?.role === 1;
      case 'admin/remove':
        return membership?.role === 0;
      case 'transfer':
        return this.#at.group(group)?.owner === ask.user && membership?.bannedUntil === undefined;
      case 'destroy':
        return this.#at.group(group)?.status === 'dissolved';
      case 'qrcode/invite':
        return membership?.state === 'member';
      default:
        return true;
    }
  }

  #fileEffect(ask: Ask, file: SharedFile | undefined): boolean {
    const { published, size, object, url, name } = file ?? {};
    switch (ask.op) {
      case 'file/reserve':
        return file !== undefined && published === undefined && size === ask.size && this.#isUploader(ask, file);
      case 'file/link':
        return file !== undefined && published !== undefined && url !== undefined && this.#isUploader(ask, file);
      case 'file/register':
        return published !== undefined && size === ask.size && object?.startsWith(ask.form.random) === true;
      case 'file/update_name':
        return name === ask.name;
      case 'file/delete':
        return file === undefined;
      default:
        return false;
    }
  }

  /** Of what the app shares it is the owner, as of some moment of the call. */
  #isUploader = ({ me }: Ask, { uploader }: SharedFile) => me === undefined || me === uploader;

  #or(first: Verdict, then: () => Verdict): Verdict {
    return first.outcomes[0] === 'success' ? then() : first;
  }

  #user = (id: number | undefined) => this.#at.user(id ?? 0) ?? { joined: 0, owned: 0, confirm: false };
  #gone = (id: number) => (this.#at.user(id)?.status ?? 'deleted') === 'deleted';
  #isMember = (group: number, user: number) => this.#at.membership(group, user)?.state === 'member';

  /** 0 member, 1 admin, 2 owner, −1 neither. The app has the owner's rights. */
  #role(group: number, user: number | undefined): number {
    if (user === undefined) return 2;
    return this.#isMember(group, user) ? (this.#at.membership(group, user)?.role ?? -1) : -1;
  }

  /** The owner's side of a dissolved group goes with it, and may be noticed first. */
  #living = (group: number): Verdict =>
    this.#at.group(group)?.status === 'normal' ? success : is('groupMissing', 'needsMember');

  #permit({ group, me }: Ask, least: 'member' | 'admin' | 'owner', open = false): Verdict {
    return this.#or(this.#living(group), () => {
      const role = this.#role(group, me);
      if (role < 0) return is('needsMember');
      if (least === 'owner' && role < 2) return is('needsOwner');
      return least === 'admin' && !open && role < 1 ? is('needsAdmin') : success;
    });
  }

  /** Nobody touches the owner or themselves, and admins only the owner. */
  #touch({ group, me }: Ask, user: number): Verdict {
    if (this.#at.group(group)?.owner === user || me === user) return is('noPermission');
    return this.#role(group, user) >= 1 && this.#role(group, me) < 2 ? is('needsOwner') : success;
  }

  #gate(group: number, user: number, joined = 0): Verdict {
    const { count, capacity } = this.#at.group(group) ?? { count: 0, capacity: this.#limits.group_capacity };
    const { state } = this.#at.membership(group, user) ?? {};
    if (this.#gone(user)) return is('userMissing');
    if (state === 'member') return is('alreadyMember');
    if (state === 'blocked') return is('blocked');
    if (this.#user(user).joined >= this.#limits.groups_joined) return is('tooManyJoined');
    return count + joined >= capacity ? is('groupFull') : success;
  }

  /** A code is dead once its signer has left or lost the right to sign, and for users who were kicked since. */
  #joinByCode({ group, signer, signed, versions: [from, to] }: QrCode, user: number): Verdict {
    if (this.#living(group).outcomes[0] !== 'success' || !this.#isMember(group, signer)) return is('qrIllegal');
    if (this.#role(group, signer) < 1 && !this.#at.group(group)?.member_invite) return is('qrIllegal');
    const kicks = this.#at.kicks(group, user);
    const rejoined = this.#at.lastJoin(group, signer);
    const isAfter = ({ version, clock }: Event) => version > to && clock > signed;
    if (isAfter(rejoined)) return is('qrIllegal');
    const { outcomes, changes } = this.#gate(group, user);
    // The gate is looked at first: nobody who cannot come in anyway is told of a kick.
    if (kicks.some(isAfter)) return is('qrIllegal', ...outcomes.filter((one) => one !== 'success'));
    // Of calls that ran at the same moment, either may have come first.
    const perhaps = [...kicks, rejoined].some(({ version, clock }) => version > from || clock >= signed);
    return { outcomes: perhaps ? [...outcomes, 'qrIllegal'] : outcomes, changes };
  }

  #apply(group: number, user: number): Verdict {
    const { state } = this.#at.membership(group, user) ?? {};
    const approval = this.#at.group(group)?.approval;
    if (state === 'member') return is('alreadyMember');
    if (state === 'blocked') return is('blocked');
    if (approval === 2) return nothing;
    return approval === 0 ? this.#gate(group, user) : success;
  }

  #transfer(group: number, user: number): Verdict {
    if (this.#at.group(group)?.owner === user) return nothing;
    if (!this.#isMember(group, user)) return is('newOwnerNotMember');
    if (this.#gone(user)) return is('userMissing');
    return this.#user(user).owned >= this.#limits.groups_owned ? is('tooManyOwned') : success;
  }

  #applicationUsable(group: number, user: number): boolean {
    const application = this.#at.application(group, user);
    return (
      application?.status === 0 &&
      application.expiresAt > this.#now &&
      this.#at.applicationMadeAt(group, user) > this.#at.voidedAt(group, user)
    );
  }

  #handleInvitation(group: number, me: number, named: number, approval: boolean): Verdict {
    const blocked = this.#at.membership(group, me)?.state === 'blocked';
    const usable = (invitation: Invitation | undefined) =>
      invitation?.status === 0 &&
      invitation.expiresAt > this.#now &&
      this.#at.invitationMadeAt(me, group, partiesOf(invitation).inviter) > this.#at.voidedAt(group, me);
    const all = named === me ? this.#at.invitations(me, group) : [this.#at.invitation(me, group, named)];
    const [newest] = all.filter(usable).sort((one, other) => other!.createdAt - one!.createdAt);
    if (blocked) return is('blocked', 'invitationGone');
    if (!newest || !this.#isMember(group, partiesOf(newest).inviter)) return is('invitationGone');
    const { outcomes, changes } = approval ? this.#gate(group, me) : success;
    // Made by a call that began before the join or the block that came in between: as if it had come before.
    const { settled = 0, blocked: voided = 0 } = this.#at.userMembership(me, group) ?? {};
    return {
      outcomes: newest.createdAt <= Math.max(settled, voided) ? [...outcomes, 'invitationGone'] : outcomes,
      changes,
    };
  }
}
