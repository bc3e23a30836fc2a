import type { Call } from '../../call/call.ts';
import { keyFor, mac, sameText } from '../../call/token.ts';

/**
 * Stable addresses of files: they stay the same for as long as the file is there, carry no right, and are answered by a
 * redirect to an address that is good for a while. Their opaque part is `f.group.file.mac` of a file,
 * `u.group.user.random.mac` of an upload that this person (0: the app) may register in this group, `a.random.mac` of an
 * avatar; numbers in base 36. Nothing is stored of them, and nothing in them can be changed.
 */
export type FileAddress = { group: number; file: number } | { group: number; user: number; random: string };

const FILE = /^f\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.[\w-]{22}$/;
const UPLOAD = /^u\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([\w-]{22})\.[\w-]{22}$/;
const AVATAR = /^a\.([\w-]{22})\.[\w-]{22}$/;

const signature = (call: Call, body: string) => mac(keyFor(call.appRecord, 'file'), `${call.app}|${body}`);
/** The opaque part of an address, with its signature. */
export const signed = (call: Call, body: string) => `${body}.${signature(call, body)}`;

/** The opaque part was made here, for this app. Known only after the call has been opened. */
export const isOurs = (call: Call, text: string) => sameText(signed(call, text.slice(0, text.lastIndexOf('.'))), text);

/** What the opaque part of an address says, unverified: see `isOurs`. Undefined where it has not the form of one. */
export function parseFileAddress(text: string): FileAddress | undefined {
  const [, group, other, random] = FILE.exec(text) ?? UPLOAD.exec(text) ?? [];
  const [first = 0, second = 0] = [group, other].map((part) => Number.parseInt(part ?? '', 36));
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second)) return undefined;
  return random === undefined ? { group: first, file: second } : { group: first, user: second, random };
}

/** The random part of an avatar's address, unverified: see `isOurs`. */
export const parseAvatarAddress = (text: string): string | undefined => AVATAR.exec(text)?.[1];

const CHAT = '/file/download/chat';
const DOWNLOAD_AVATAR = '/file/download/avatar';
const base36 = (number: number) => number.toString(36);

/** Of a published file, in lists. */
export const fileAddress = (call: Call, group: number, file: number) =>
  `${call.origin}${CHAT}?file_sign=${signed(call, `f.${base36(group)}.${base36(file)}`)}`;
/** Of what somebody (0: the app) uploads by a form, to be registered. */
export const uploadAddress = (call: Call, group: number, user: number, random: string) =>
  `${call.origin}${CHAT}?file_sign=${signed(call, `u.${base36(group)}.${base36(user)}.${random}`)}`;
export const avatarAddress = (call: Call, random: string) =>
  `${call.origin}${DOWNLOAD_AVATAR}?object_name=${signed(call, `a.${random}`)}`;

/**
 * The opaque part of an address with the path of a download, whatever clients have appended to it; undefined for every
 * other address. `here`: it leads to the very server that is asked, though what it says may be forged.
 */
export function downloadPart(call: Call, address: string): { text: string; here: boolean } | undefined {
  const { origin, pathname, searchParams } = URL.parse(address) ?? {};
  const name = { [CHAT]: 'file_sign', [DOWNLOAD_AVATAR]: 'object_name' }[pathname ?? ''];
  return name === undefined ? undefined : { text: searchParams?.get(name) ?? '', here: origin === call.origin };
}
