import { BlockList, isIP } from 'node:net';

/**
 * Which addresses a webhook may be sent to: only those of the public internet. IANA's registries of special addresses
 * say which are none: https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry.
 */

/** Not public. The metadata services of clouds are at 169.254.169.254 and 100.100.100.200, both among them. */
const IPV4_SPECIAL = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // shared address space of carriers
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // relays of 6to4
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
] as const;

/**
 * All public addresses of IPv6 are in 2000::/3. Outside it are loopback, link-local, unique-local (with the metadata
 * service at fd00:ec2::254), multicast, and the forms that contain an address of IPv4.
 */
const IPV6_GLOBAL = ['2000::', 3] as const;
const IPV6_SPECIAL = [
  ['2001::', 23], // protocol assignments, Teredo among them
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: contains an address of IPv4
  ['3fff::', 20], // documentation
] as const;

const blocks = (family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]) => {
  const list = new BlockList();
  for (const [net, bits] of subnets) list.addSubnet(net, bits, family);
  return list;
};
const special4 = blocks('ipv4', IPV4_SPECIAL);
const special6 = blocks('ipv6', IPV6_SPECIAL);
const global6 = blocks('ipv6', [IPV6_GLOBAL]);
const loopback4 = blocks('ipv4', [['127.0.0.0', 8]]);

/** Whether the address, without brackets, is one of the public internet. False for what is no address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special4.check(address, 'ipv4');
    case 6:
      // One with a zone is of a local link.
      return !address.includes('%') && global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
    default:
      return false;
  }
}

const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || (isIP(address) === 4 && loopback4.check(address, 'ipv4'));

/** @param loopback whether this is the laptop, where endpoints on it may be reached */
export const mayBeReached = (address: string, loopback: boolean): boolean =>
  isPublicAddress(address) || (loopback && isLoopbackAddress(address));

/** The host of a URL without the brackets of an IPv6 address. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/**
 * Whether this function runs on the laptop: there the database is at an address of its own, and webhooks may go to
 * servers beside it.
 */
export function onLaptop(): boolean {
  const { AWS_ENDPOINT_URL_DYNAMODB: database } = process.env;
  return database !== undefined && isLoopbackAddress(hostOf(new URL(database)));
}

/**
 * Why nothing may be sent to the URL, whatever its name resolves to; undefined where nothing is wrong.
 * @param loopback whether this is the laptop, where endpoints on it may be reached, also without TLS
 */
export function targetProblem(url: URL, loopback: boolean): string | undefined {
  const host = hostOf(url);
  const isLocal = isLoopbackAddress(host) || host === 'localhost' || host.endsWith('.localhost');
  if (isLocal && !loopback) return 'must lead to a public address';
  if (url.protocol !== 'https:' && !(isLocal && url.protocol === 'http:')) return 'must begin with https://';
  if (!isLocal && isIP(host) !== 0 && !isPublicAddress(host)) return 'must lead to a public address';
  return undefined;
}
