import type { Call } from '../../call/call.ts';
import { keyFor, mac, sameText } from '../../call/token.ts';
import type { GroupId, UserId } from '../../ids.ts';

/**
 * Stable addresses of files. They stay the same for as long as the file is there, carry no right, and redirect to a
 * temporary address. Their opaque part is `f.group.file.mac` for a file, `u.group.user.random.mac` for an upload that
 * this user (0: the app) may register in this group, and `a.random.mac` for an avatar, with numbers in base 36. The
 * service stores nothing of them and verifies their signature.
 */
export type FileAddress = { group: GroupId; file: number } | { group: GroupId; user: UserId | 0; random: string };

const FILE = /^f\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.[\w-]{22}$/;
const UPLOAD = /^u\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([\w-]{22})\.[\w-]{22}$/;
const AVATAR = /^a\.([\w-]{22})\.[\w-]{22}$/;

const signature = (call: Call, body: string) => mac(keyFor(call.appRecord, 'file'), `${call.app}|${body}`);
/** The opaque part of an address, with its signature. */
export const signed = (call: Call, body: string) => `${body}.${signature(call, body)}`;

/** Whether the opaque part was made here, for this app. The call must be open. */
export const isOurs = (call: Call, text: string) => sameText(signed(call, text.slice(0, text.lastIndexOf('.'))), text);

/** What the opaque part of an address says, unverified: see `isOurs`. Undefined where it has another form. */
export function parseFileAddress(text: string): FileAddress | undefined {
  const [, group, other, random] = FILE.exec(text) ?? UPLOAD.exec(text) ?? [];
  const [first, second] = [group, other].map((part) => Number.parseInt(part ?? '', 36)) as [GroupId, number];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second)) return undefined;
  return random === undefined ? { group: first, file: second } : { group: first, user: second as UserId, random };
}

/** The random part of an avatar's address, unverified: see `isOurs`. */
export const parseAvatarAddress = (text: string): string | undefined => AVATAR.exec(text)?.[1];

const CHAT = '/file/download/chat';
const DOWNLOAD_AVATAR = '/file/download/avatar';
const base36 = (number: number) => number.toString(36);

/** The address of a published file, in lists. */
export const fileAddress = (call: Call, group: GroupId, file: number) =>
  `${call.origin}${CHAT}?file_sign=${signed(call, `f.${base36(group)}.${base36(file)}`)}`;
/** The address of what a user (0: the app) uploads by a form, to be registered. */
export const uploadAddress = (call: Call, group: GroupId, user: UserId | 0, random: string) =>
  `${call.origin}${CHAT}?file_sign=${signed(call, `u.${base36(group)}.${base36(user)}.${random}`)}`;
export const avatarAddress = (call: Call, random: string) =>
  `${call.origin}${DOWNLOAD_AVATAR}?object_name=${signed(call, `a.${random}`)}`;

/**
 * The opaque part of an address with the path of a download, also where clients have appended to the address; undefined
 * for every other address. `here`: the address leads to this server, though its opaque part may be forged.
 */
export function downloadPart(call: Call, address: string): { text: string; here: boolean } | undefined {
  const { origin, pathname, searchParams } = URL.parse(address) ?? {};
  const name = { [CHAT]: 'file_sign', [DOWNLOAD_AVATAR]: 'object_name' }[pathname ?? ''];
  return name === undefined ? undefined : { text: searchParams?.get(name) ?? '', here: origin === call.origin };
}
