import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import type { NewFile, SharedFile } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import type { Records } from '../../data/read.ts';
import { type Sequence, sequenceOf } from '../../data/sequence-repo.ts';
import { MOST_BYTES } from '../../data/sizes.ts';
import type { Step } from '../../data/step.ts';
import { ApiError, badParameter } from '../../errors.ts';
import { actorMembership, permit, sameRole } from '../group/permissions.ts';

export interface Upload {
  name: string;
  size: number;
  type: string;
  /** Empty: the file is still to be uploaded. */
  url: string;
}

/** The steps that give the file its number. */
type Add = (sequence: Sequence | undefined, file: NewFile) => { file: SharedFile; steps: Step[] };

const readsOf = (call: Call, group: number, idempotency: Idempotency | undefined) => ({
  group: groupOf(call.app, group),
  me: actorMembership(call, group),
  sequence: sequenceOf(call.app, group),
  earlier: idempotency ? [idempotency.part(0, MOST_BYTES.file)] : [],
});

/** What is the same whichever way a file comes into a group: who may share it, how many there may be, repeated calls. */
export class Sharing {
  readonly group: number;
  /** To be opened with the call, before all else. */
  readonly reads: ReturnType<typeof readsOf>;
  readonly #call: Call;
  readonly #given: Upload;
  readonly #idempotency: Idempotency | undefined;

  constructor(call: Call, group: number, given: Upload) {
    this.group = group;
    this.#call = call;
    this.#given = given;
    this.#idempotency = Idempotency.of(call, 'group/file/upload');
    this.reads = readsOf(call, group, this.#idempotency);
  }

  /** What this very request has shared before, as far as the records show it. */
  get before(): SharedFile | undefined {
    const { earlier } = this.#call.db.records(this.reads);
    return this.#idempotency?.value<SharedFile>(earlier[0]);
  }

  /** The same, looked up now: another run may have finished meanwhile. */
  async meanwhile(): Promise<SharedFile | undefined> {
    if (this.#idempotency) await this.#call.open({ earlier: this.reads.earlier });
    return this.before;
  }

  /**
   * Who shares it.
   * @throws ApiError groupMissing, needsMember; badParameter where the group has no room for another file
   */
  permit() {
    const { group, me, sequence }: Records<Sharing['reads']> = this.#call.db.records(this.reads);
    const { actor } = permit(this.#call, 'upload_file', group, me);
    if (sequence?.closed) throw new ApiError('groupMissing');
    const { files } = this.#call.limits;
    if ((sequence?.files ?? 0) >= files)
      throw badParameter('group_id', `the group has as many files as allowed: ${files}`);
    return { actor, sequence };
  }

  /** Shares it. @throws ApiError as `permit` */
  share(add: Add): Promise<SharedFile> {
    const { app, now } = this.#call;
    return this.#call.transact(this.reads, () => {
      const { before } = this;
      if (before) return { steps: [], answer: () => before };
      const { actor, sequence } = this.permit();
      const { name, size, type } = this.#given;
      const { file, steps } = add(sequence, { name, size, type, uploader: actor.user, createdAt: now, updatedAt: now });
      const idempotency = this.#idempotency ? [this.#idempotency.step(0, file)] : [];
      return { steps: [...steps, ...sameRole(app, this.group, actor), ...idempotency], answer: () => file };
    });
  }
}
