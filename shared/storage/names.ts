/**
 * Keys of the bucket's objects. Their random part has 128 bits, and they hold nothing that a user wrote. This file
 * imports nothing, because infra grants access by these prefixes.
 *
 * | what                            | key                                 |                                           |
 * | ------------------------------- | ----------------------------------- | ----------------------------------------- |
 * | upload of a reserved file       | incoming/app/group/id.random        | its event publishes the file; gone in a day |
 * | upload that a form may make     | incoming/app/group/random           | until it is registered; gone in a day     |
 * | upload of an avatar             | incoming/app/avatars/random         | its event publishes it; gone in a day     |
 * | file of a group                 | files/app/group/random.etag         | written once, by us, never by a client    |
 * | avatar                          | files/app/avatars/random            | the same                                  |
 * | lines that are to be imported   | imports/app/job/parts/step/lane/part.gz | until they are imported; gone in 14 days |
 * | lines that an import refused    | imports/app/job/refused/step/lane/part/chunk.ndjson | gone in 14 days        |
 * | events of an hour                | events/app/2026/11/29/08/first.ndjson.gz | the archive; `first`: the number of the first event |
 */

/** Clients upload here. */
export const INCOMING = 'incoming/';
/** Files are served from here. Only functions write it. */
export const FILES = 'files/';

/** The archive of events. Only the function that archives writes it, and operators. */
export const EVENTS = 'events/';

/** Lines that are imported, and those that were refused. Operators write and read them, and the function that imports. */
export const IMPORTS = 'imports/';

/** What the keys of an import begin with; those of an app's. */
export const importPrefix = (app: string, job?: string) => `${IMPORTS}${app}/${job === undefined ? '' : `${job}/`}`;
export const importParts = (app: string, job: string) => `${importPrefix(app, job)}parts/`;
export const importRefusals = (app: string, job: string) => `${importPrefix(app, job)}refused/`;
/** @param place step, lane and part */
export const importPart = (app: string, job: string, ...place: number[]) =>
  `${importParts(app, job)}${place.join('/')}.gz`;
/** @param place the same, and the chunk; or `file` for those that were refused before */
export const importRefused = (app: string, job: string, ...place: (number | 'file')[]) =>
  `${importRefusals(app, job)}${place.join('/')}.ndjson`;

export const reservedName = (id: number, random: string) => `${id}.${random}`;
export const incomingObject = (app: string, group: number, name: string) => `${INCOMING}${app}/${group}/${name}`;
/** The etag gives other content another name: a second upload never replaces what is published. */
export const publishedName = (random: string, etag: string) => `${random}.${etag}`;
export const fileObject = (app: string, group: number, name: string) => `${FILES}${app}/${group}/${name}`;
/** The prefix of all uploads to a group. */
export const groupIncoming = (app: string, group: number) => incomingObject(app, group, '');
/** The random part that an upload and its copy have in common. */
export const randomOf = (key: string) => /[\w-]{22}/.exec(key.slice(key.lastIndexOf('/')))?.[0] ?? '';
export const incomingAvatar = (app: string, random: string) => `${INCOMING}${app}/avatars/${random}`;
export const avatarObject = (app: string, random: string) => `${FILES}${app}/avatars/${random}`;

export interface ReservedFile {
  app: string;
  group: number;
  id: number;
  random: string;
}

/** The reserved file that a key below `incoming/` names; undefined for every other upload. */
export function reservedFile(key: string): ReservedFile | undefined {
  const [, app, group, id, random] = /^incoming\/([\w-]+)\/(\d{1,16})\/(\d{1,16})\.([\w-]{22})$/.exec(key) ?? [];
  return app && group && id && random ? { app, group: Number(group), id: Number(id), random } : undefined;
}

/** The avatar that a key below `incoming/` names; undefined for every other upload. */
export function uploadedAvatar(key: string): { app: string; random: string } | undefined {
  const [, app, random] = /^incoming\/([\w-]+)\/avatars\/([\w-]{22})$/.exec(key) ?? [];
  return app && random ? { app, random } : undefined;
}

/** The hour of the archive in which a time lies, as a part of keys: `2026/11/29/08`. UTC. @param time ms */
const hourText = (time: number) => new Date(time).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
/** What the keys of an app's events begin with; of one hour. @param hour a time within it (ms) */
export const archivePrefix = (app: string, hour?: number) =>
  `${EVENTS}${app}/${hour === undefined ? '' : `${hourText(hour)}/`}`;
/** An object of the archive. The order of keys is the order of events. @param first the number of its first event */
export const archiveObject = (app: string, hour: number, first: number) =>
  `${archivePrefix(app, hour)}${String(first).padStart(16, '0')}.ndjson.gz`;

/** What the key of an archive's object says: the beginning of its hour (ms), and the number of its first event. */
export function archivedObject(key: string): { hour: number; first: number } | undefined {
  const [, date, first] = /^events\/[\w-]+\/(\d{4}\/\d\d\/\d\d\/\d\d)\/(\d{16})\.ndjson\.gz$/.exec(key) ?? [];
  const [year, month, day, hour] = date?.split('/').map(Number) ?? [];
  return first === undefined ? undefined : { hour: Date.UTC(year!, month! - 1, day, hour), first: Number(first) };
}
