import type { SharedFile } from '../data/file-repo.ts';
import type { AppId, GroupId } from '../ids.ts';
import { presignForm, type UploadForm } from './form.ts';
import {
  archiveObject,
  avatarObject,
  fileObject,
  importPart,
  importRefused,
  incomingAvatar,
  incomingObject,
  publishedName,
  reservedFile,
  reservedName,
  uploadedAvatar,
} from './names.ts';
import { presignGet, presignPut } from './presign.ts';
import {
  copyObject,
  deleteObject,
  getObject,
  headObject,
  putNewObject,
  putObject,
  type WholeObject,
} from './requests.ts';

export type { UploadForm, WholeObject };

type Content = WholeObject['content'];

// ——— uploads, and the files that are made of them ———

/** What S3 says of a new object. */
export interface Arrival {
  key: string;
  size: number;
  etag: string;
}

/** An upload to a group, with the content that it has now. */
export interface Upload extends Arrival {
  app: AppId;
  group: GroupId;
  random: string;
}

/** The upload of the file that has this number in its group. */
export interface ReservedUpload extends Upload {
  id: number;
}

/** The upload of an avatar's form. */
export interface AvatarUpload {
  app: AppId;
  random: string;
}

/** The upload of a reserved file; undefined for every other arrival. */
export function reservedUpload(arrival: Arrival): ReservedUpload | undefined {
  const file = reservedFile(arrival.key);
  return file && ({ ...arrival, ...file } as ReservedUpload);
}

/** The upload of an avatar; undefined for every other arrival. */
export const avatarUpload = ({ key }: Arrival): AvatarUpload | undefined =>
  uploadedAvatar(key) as AvatarUpload | undefined;

/** Uploads what a client would upload by the form. */
export const putFormUpload = (app: AppId, group: GroupId, random: string, content: Content): Promise<void> =>
  putObject(incomingObject(app, group, random), content);

/** What lies where a form uploads to; undefined where nothing does. */
export async function formUpload(app: AppId, group: GroupId, random: string): Promise<Upload | undefined> {
  const key = incomingObject(app, group, random);
  const stored = await headObject(key);
  return stored && { app, group, random, key, size: stored.size, etag: stored.etag };
}

/** The name that a record gives the copy of an upload. Another content has another name. */
export const copyName = ({ random, etag }: Upload): string => publishedName(random, etag);

const copyKey = (upload: Upload) => fileObject(upload.app, upload.group, copyName(upload));

/** Copies an upload to where files are served from. @returns false where it is gone or has another content by now */
export const copyUpload = (upload: Upload): Promise<boolean> => copyObject(upload.key, copyKey(upload), upload.etag);
export const removeCopy = (upload: Upload): Promise<void> => deleteObject(copyKey(upload));
export const removeUpload = ({ key }: Pick<Arrival, 'key'>): Promise<void> => deleteObject(key);

/** The object that a file has: published, or uploaded and not yet published. Undefined for a link. */
export function objectOf(app: AppId, group: GroupId, { id, object, random }: SharedFile): string | undefined {
  if (object !== undefined) return fileObject(app, group, object);
  return random === undefined ? undefined : incomingObject(app, group, reservedName(id, random));
}

export const remove: (object: string) => Promise<void> = deleteObject;

/** Takes the upload of a reserved file, for so many seconds. */
export const uploadUrl = (app: AppId, group: GroupId, file: SharedFile, seconds: number): string =>
  presignPut(incomingObject(app, group, reservedName(file.id, file.random ?? '')), file, seconds);

/** Downloads a published file under its name, for so many seconds. */
export const downloadUrl = (app: AppId, group: GroupId, file: SharedFile, seconds: number): string =>
  presignGet(fileObject(app, group, file.object ?? ''), file, seconds);

/** Bytes that a form takes at most, and how long it takes them. */
interface FormLimits {
  size: number;
  seconds: number;
}

/** Takes the upload of what may become a file of the group. */
export const uploadForm = (app: AppId, group: GroupId, random: string, most: FormLimits): UploadForm =>
  presignForm(incomingObject(app, group, random), most.size, most.seconds);

// ——— avatars ———

export const avatarForm = (app: AppId, random: string, most: FormLimits): UploadForm =>
  presignForm(incomingAvatar(app, random), most.size, most.seconds);

/** Uploads what a client would upload by an avatar's form. */
export const putAvatarUpload = ({ app, random }: AvatarUpload, content: Content): Promise<void> =>
  putObject(incomingAvatar(app, random), content);

/** What was uploaded by an avatar's form; undefined where nothing was, or where it has been removed. */
export const readAvatarUpload = ({ app, random }: AvatarUpload): Promise<WholeObject | undefined> =>
  getObject(incomingAvatar(app, random));

/** Writes an avatar unless it is there. @returns false where it is there, perhaps by a request whose answer was lost */
export const putAvatar = ({ app, random }: AvatarUpload, content: WholeObject): Promise<boolean> =>
  putNewObject(avatarObject(app, random), content);

export const hasAvatar = async ({ app, random }: AvatarUpload): Promise<boolean> =>
  (await headObject(avatarObject(app, random))) !== undefined;

/** Downloads an avatar, for so many seconds. */
export const avatarUrl = ({ app, random }: AvatarUpload, seconds: number): string =>
  presignGet(avatarObject(app, random), { name: 'avatar' }, seconds);

// ——— the archive of events ———

/**
 * Writes events of an hour, as lines of JSON, unless it has been done. @param hour a time within it (ms)
 * @param first number of the first event @returns false where the object is there
 */
export const putArchivedEvents = (app: AppId, hour: number, first: number, lines: string): Promise<boolean> =>
  putNewObject(archiveObject(app, hour, first), {
    type: 'application/gzip',
    content: process.getBuiltinModule('node:zlib').gzipSync(lines),
  });

// ——— imports ———

/** Where the lines of a part are: its step, its lane, and its number there. */
export type PartPlace = [step: number, lane: number, part: number];

/** The text of a part; undefined where there is none. */
export async function importPartText(app: AppId, job: string, place: PartPlace): Promise<string | undefined> {
  const stored = await getObject(importPart(app, job, ...place));
  return stored && process.getBuiltinModule('node:zlib').gunzipSync(stored.content).toString();
}

export const removeImportPart = (app: AppId, job: string, place: PartPlace): Promise<void> =>
  deleteObject(importPart(app, job, ...place));

/** Keeps the refused lines of a chunk, as lines of JSON. Again with the same ones, where a run is repeated. */
export const putRefusedLines = (
  app: AppId,
  job: string,
  place: [...PartPlace, chunk: number],
  lines: string,
): Promise<void> => putObject(importRefused(app, job, ...place), Buffer.from(lines));
