import { randomBytes } from 'node:crypto';
import { type NewFile, reserveSteps, type SharedFile, shareSteps } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import type { Records } from '../../data/read.ts';
import { type Sequence, sequenceOf } from '../../data/sequence-repo.ts';
import { RESERVATION_LIFE } from '../../limits.ts';
import { badParameter, Refusal } from '../../refusal.ts';
import { incomingObject, reservedName } from '../../storage/names.ts';
import { presignPut } from '../../storage/presign.ts';
import type { Call } from '../call.ts';
import { actorRelation, permit, sameRole } from '../group/permissions.ts';
import { Repetition } from '../repetition.ts';
import { fileRecord } from './record.ts';

export interface Upload {
  name: string;
  size: number;
  type: string;
  /** Empty: the file is still to be uploaded. */
  url: string;
}

/** 128 bits, base64url. */
const newRandom = () => randomBytes(16).toString('base64url');

/**
 * Section 7.30: shares a file. Without `url` its number is reserved, and `url` of the answer takes the upload of exactly
 * this size and type; it appears in the list once it is there. With an address of another server it is a link.
 * @throws Refusal 10002 20001 20011
 */
export async function upload(call: Call, id: number, given: Upload) {
  const link = given.url !== '';
  if (link && !isLink(given.url)) {
    await call.open([]);
    throw badParameter('url', 'must be an https address');
  }
  const random = newRandom();
  const repetition = Repetition.of(call, 'group/file/upload');
  const reads = {
    group: groupOf(call.app, id),
    me: actorRelation(call, id),
    sequence: sequenceOf(call.app, id),
    earlier: repetition ? [repetition.part(0)] : [],
  };
  const decide = ({ group, me, sequence, earlier }: Records<typeof reads>) => {
    if (!link && given.size > call.limits.file_size)
      throw badParameter('size', `must be at most ${call.limits.file_size}`);
    const again = repetition?.value<SharedFile>(earlier[0]);
    if (again) return { steps: [], answer: () => again };
    const { actor } = permit(call, 'upload_file', group, me);
    const { name, size, type, url } = given;
    const next: NewFile = { name, size, type, uploader: actor.user, made: call.now, changed: call.now };
    mayAdd(call, sequence);
    const { file, steps } = link
      ? shareSteps(call.app, id, sequence, { ...next, url }, call.limits.files)
      : reserveSteps(call.app, id, sequence, { ...next, random }, call.now + RESERVATION_LIFE * 1000);
    return {
      steps: [...steps, ...sameRole(call.app, id, actor), ...(repetition ? [repetition.step(0, file)] : [])],
      answer: () => file,
    };
  };
  const file = await call.change(reads, decide);
  return fileRecord(id, file, file.url ?? (await uploadUrl(call, id, file)));
}

/** @throws Refusal 20001 where the group is going, 10002 where it has no room for another file */
export function mayAdd({ limits }: Call, sequence: Sequence | undefined): void {
  if (sequence?.closed) throw new Refusal('groupMissing');
  if ((sequence?.files ?? 0) >= limits.files)
    throw badParameter('group_id', `the group has as many files as allowed: ${limits.files}`);
}

function uploadUrl(call: Call, group: number, file: SharedFile): Promise<string> {
  const key = incomingObject(call.app, group, reservedName(file.id, file.random ?? ''));
  return presignPut(key, file, call.limits.upload_life);
}

/** Whatever a browser takes for an address of another server, and nothing that it would run. */
function isLink(url: string): boolean {
  return URL.parse(url)?.protocol === 'https:';
}
