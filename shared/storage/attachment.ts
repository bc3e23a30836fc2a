import { escaped } from '../aws-signing.ts';

/** Characters that not every browser takes literally in a quoted file name. */
const SPECIAL = /[^\x20-\x7e]+|["\\%/]/g;

/**
 * The Content-Disposition of a file that is downloaded under any Unicode name (RFC 6266, RFC 8187). Browsers never show
 * it in place, since a shared file may be a page with scripts. Programs without `filename*` get `_` for other than ASCII.
 */
export const attachment = (name: string): string =>
  `attachment; filename="${name.replace(SPECIAL, '_')}"; filename*=UTF-8''${escaped(name)}`;

/** Characters that the disposition of a name adds to a query. */
const lengthOf = (name: string) => escaped(attachment(name)).length;
const EMPTY = /* @__PURE__ */ lengthOf('');

/** A dot and up to 15 code points at the end of a name. */
const EXTENSION = /\.[^.]{1,15}$/u;

/**
 * The name, or its extension and as many code points of its beginning as fit: in a query, its `attachment` takes at most
 * `room` characters. An emoji takes 21 of them, a letter 2.
 */
export function fitting(name: string, room: number): string {
  if (lengthOf(name) <= room) return name;
  const [extension = ''] = EXTENSION.exec(name) ?? [];
  let left = room - lengthOf(extension);
  let end = 0;
  for (const sign of name.slice(0, name.length - extension.length)) {
    left -= lengthOf(sign) - EMPTY;
    if (left < 0) break;
    end += sign.length;
  }
  return name.slice(0, end) + extension;
}
