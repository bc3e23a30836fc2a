/** Of the 64 characters of a username, `_` and the id of the user take 11 where the name is taken. */
const MOST = 53;

/**
 * The username of a user whom an issuer's token registers: the claim `preferred_username`, or `email`, or the name that
 * the issuer has for the user; of each, what comes before an `@`. Characters that no username has become `_`.
 */
export function drawnUsername(claims: { preferred_username?: unknown; email?: unknown }, subject: string): string {
  const wished = [claims.preferred_username, claims.email].find((claim) => typeof claim === 'string' && nameIn(claim));
  const name = nameIn(typeof wished === 'string' ? wished : subject);
  // All digits would be a mobile number or an id, and some beginnings are reserved.
  const isFree = /[^0-9]/.test(name) && !/^(maxim|mta)/i.test(name);
  return isFree ? name : [...(name ? `user_${name}` : 'user')].slice(0, MOST).join('');
}

const nameIn = (claim: string): string => {
  const [local = ''] = claim.normalize('NFKC').split('@');
  const name = local.replaceAll(/[^A-Za-z0-9_\p{Script=Han}]+/gu, '_').replaceAll(/^_+|_+$/g, '');
  return [...name].slice(0, MOST).join('');
};
