/** Signs that may stand in a quoted file name and mean themselves to every browser. */
const PLAIN = /[^\x20-\x7e]+|["\\%/]/g;

/**
 * The Content-Disposition of a file that is downloaded under this name (RFC 6266, RFC 8187), never shown in place:
 * what somebody shares may be a page with scripts. Any Unicode name; programs that know no `filename*` get the ASCII of
 * it, the rest as `_`.
 */
export function attachment(name: string): string {
  const whole = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${name.replace(PLAIN, '_')}"; filename*=UTF-8''${whole}`;
}
