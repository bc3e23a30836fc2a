/** Signs that may stand in a quoted file name and mean themselves to every browser. */
const PLAIN = /[^\x20-\x7e]+|["\\%/]/g;

/** A text as part of a query: all but letters, digits and `-._~` becomes percent-escapes of UTF-8. */
export const escaped = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * The Content-Disposition of a file that is downloaded under this name (RFC 6266, RFC 8187), never shown in place:
 * what somebody shares may be a page with scripts. Any Unicode name; programs that know no `filename*` get the ASCII of
 * it, the rest as `_`.
 */
export const attachment = (name: string): string =>
  `attachment; filename="${name.replace(PLAIN, '_')}"; filename*=UTF-8''${escaped(name)}`;

/** What a disposition adds to the length of a query. */
const lengthOf = (name: string) => escaped(attachment(name)).length;
const EMPTY = lengthOf('');

/** A dot and up to 15 code points at the end of a name. */
const EXTENSION = /\.[^.]{1,15}$/u;

/**
 * The name, or as many code points of its beginning as fit, and its extension: escaped in a query, `attachment` of it
 * has at most `room` characters. An emoji takes 21 of them, a letter 2.
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
