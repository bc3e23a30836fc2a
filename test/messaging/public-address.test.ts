import { describe, expect, test } from 'vitest';
import { isPublicAddress, targetProblem } from '../../shared/public-address.ts';

describe('addresses of webhooks', () => {
  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    '2606:4700::1%1',
    'fec0::1',
    'ff02::1',
    '',
    'example.com',
    '127.1',
    '0x7f.0.0.1',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '198.17.255.255',
    '223.255.255.255',
    '2001:4860:4860::8888',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    ['https://example.com/', undefined],
    ['https://1.1.1.1/', undefined],
    ['https://[2606:4700:4700::1111]/', undefined],
    ['http://example.com/', 'must begin with https://'],
    ['ftp://example.com/', 'must begin with https://'],
    ['https://127.0.0.1/', 'must lead to a public address'],
    // The forms in which a URL may write an address of IPv4.
    ['https://2130706433/', 'must lead to a public address'],
    ['https://0x7f000001/', 'must lead to a public address'],
    ['https://0177.0.0.1/', 'must lead to a public address'],
    ['https://127.1/', 'must lead to a public address'],
    ['https://127.0.0.1./', 'must lead to a public address'],
    ['https://[::1]/', 'must lead to a public address'],
    ['https://[::ffff:169.254.169.254]/', 'must lead to a public address'],
    ['https://localhost/', 'must lead to a public address'],
    ['https://a.localhost/', 'must lead to a public address'],
    ['http://localhost:3000/', 'must lead to a public address'],
    ['https://10.1.2.3/', 'must lead to a public address'],
  ])('on AWS %s: %s', (url, problem) => {
    expect(targetProblem(new URL(url), false)).toBe(problem);
  });

  test.each([
    ['http://127.0.0.1:3000/', undefined],
    ['http://localhost:3000/', undefined],
    ['http://[::1]:3000/', undefined],
    ['https://127.0.0.1/', undefined],
    ['http://example.com/', 'must begin with https://'],
    ['http://10.0.0.1/', 'must begin with https://'],
    ['https://10.0.0.1/', 'must lead to a public address'],
    ['https://[::ffff:127.0.0.1]/', 'must lead to a public address'],
  ])('on the laptop %s: %s', (url, problem) => {
    expect(targetProblem(new URL(url), true)).toBe(problem);
  });
});
