import type { SharedFile } from '../../../shared/data/file-repo.ts';
import type { ErrorName } from '../../../shared/errors.ts';
import type { Draw } from '../draw.ts';
import { type Call, GROUP_ERRORS, type KeyParts, type Success } from './command.ts';

/** What the commands of files share. */
export const FILE = { name: 'file', type: 'text/plain' };
export const FILE_ERRORS: readonly ErrorName[] = [...GROUP_ERRORS, 'badParameter', 'fileMissing', 'fileRight'];

/** As far as it is looked at. */
export type FileReply = { file_id: number; name: string; size: number; uploader: number; url: string };

/** A file of the group, and an actor who may change it: its uploader, or an admin. */
export function drawFile({ random, moment, group, anyone, admin }: Draw) {
  const files = moment.files(group);
  const { uploader = anyone, id = 1 } = files.length > 0 ? random.one(files) : {};
  return { id, ids: files.map((file) => file.id), actor: random.chance(0.5) ? uploader : admin };
}

export const changesFile = ({ kind, part, sk }: KeyParts): number | undefined =>
  kind === 'G' && part === 'F' ? Number(sk) : undefined;

/** A command that changes no file. */
export const READ_ONLY = { changed: changesFile, effect: () => false };

/** The owner counts as the uploader of what the app shares, as of some moment of the call. */
export const isUploader = ({ actor }: Call, { uploader }: SharedFile): boolean =>
  actor === undefined || actor === uploader;

/** A file as texts that can be compared: by its record, and by an answer. */
export const shown = (file: SharedFile | undefined): string | undefined =>
  file && [file.id, file.name, file.size, file.uploader].join();
export const answered = ({ file_id: id, name, size, uploader }: FileReply): string => [id, name, size, uploader].join();

/** The answer names the file that the call's writes made. */
export function answersNewFile({ data, changed, wrong }: Success): FileReply {
  const file = data as FileReply;
  if (!changed.has(file.file_id)) wrong(`answers file ${file.file_id} and has made ${[...changed]}`);
  return file;
}
