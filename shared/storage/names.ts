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
 */

/** Clients upload here. */
export const INCOMING = 'incoming/';
/** Files are served from here. Only functions write it. */
export const FILES = 'files/';

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
