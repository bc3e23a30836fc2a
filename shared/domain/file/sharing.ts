import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import { type Step, withProof } from '../../call/transact.ts';
import { FILE_BYTES, type NewFile, type SharedFile } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { type Sequence, sequenceOf } from '../../data/sequence-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { GroupId } from '../../ids.ts';
import { actorMembership, permit, proofOf } from '../group/permissions.ts';

/** What a caller says of the file that it shares. */
export interface GivenFile {
  name: string;
  size: number;
  type: string;
  /** Empty: the file is still to be uploaded. */
  url: string;
}

/** The steps that give the file its number; pure, as they may be asked again. */
type Add = (sequence: Sequence | undefined, file: NewFile) => { file: SharedFile; steps: Step[] };

const readsOf = (call: Call, group: GroupId, idempotency: Idempotency | undefined) => ({
  group: groupOf(call.app, group),
  me: actorMembership(call, group),
  sequence: sequenceOf(call.app, group),
  earlier: idempotency ? [idempotency.part(0, FILE_BYTES)] : [],
});

/** What every way of sharing a file has in common: who may do it, how many files there may be, repeated calls. */
export class Sharing {
  readonly group: GroupId;
  /** The call must be opened with these first. */
  readonly reads: ReturnType<typeof readsOf>;
  readonly #call: Call;
  readonly #given: GivenFile;
  readonly #idempotency: Idempotency | undefined;

  constructor(call: Call, group: GroupId, given: GivenFile) {
    this.group = group;
    this.#call = call;
    this.#given = given;
    this.#idempotency = Idempotency.of(call, 'group/file/upload');
    this.reads = readsOf(call, group, this.#idempotency);
  }

  /** The file that this very request has shared before, as far as the records show it. */
  get before(): SharedFile | undefined {
    const { earlier } = this.#call.db.records(this.reads);
    return this.#idempotency?.value<SharedFile>(earlier[0]);
  }

  /** The same, read again. */
  async lookAgain(): Promise<SharedFile | undefined> {
    if (this.#idempotency) await this.#call.open(this.reads.earlier);
    return this.before;
  }

  /** @throws ApiError groupMissing, needsMember; badParameter where the group has no room for another file */
  permit() {
    const { group, me, sequence } = this.#call.db.records(this.reads);
    const permitted = permit(this.#call, 'upload_file', group, me);
    if (sequence?.closed) throw new ApiError('groupMissing');
    const { files } = this.#call.limits;
    if ((sequence?.files ?? 0) >= files)
      throw badParameter('group_id', `the group has as many files as allowed: ${files}`);
    return { ...permitted, sequence };
  }

  /** Gives the file its number, in a call that is open. @throws ApiError as `permit` */
  share(add: Add): Promise<SharedFile> {
    const { now } = this.#call;
    return this.#call.transact(this.reads, () => {
      const { before } = this;
      if (before) return { steps: [], answer: () => before };
      const { sequence, ...permitted } = this.permit();
      const { name, size, type } = this.#given;
      const uploader = permitted.actor.user;
      const { file, steps } = add(sequence, { name, size, type, uploader, createdAt: now, updatedAt: now });
      const idempotency = this.#idempotency ? [this.#idempotency.step(0, file)] : [];
      const proof = proofOf(this.#call, 'upload_file', permitted);
      return { steps: withProof([...steps, ...idempotency], proof), answer: () => file };
    });
  }
}
