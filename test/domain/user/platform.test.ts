import { expect, test } from 'vitest';
import { agentText, platformOf } from '../../../shared/domain/user/platform.ts';

const AGENTS: Record<number, string[]> = {
  1: [
    'Alamofire/5.9.1 (com.example.chat; build:12; iOS 17.4.1)',
    'Chat/3.1 (iPhone; iOS 17.2; Scale/3.00)',
    'Chat/3.1 (iPad; iPadOS 17.2)',
    'Chat/412 CFNetwork/1494.0.7 Darwin/23.4.0',
    'CFNetwork iOS',
  ],
  2: [
    'okhttp/4.12.0',
    'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240105.004)',
    'Chat/2.0 (Android 13; SM-G991B)',
    'ktor-client Android',
  ],
  3: [
    'Chat/2.0 (Windows NT 10.0; Win64; x64)',
    'WinHTTP/1.0 (Windows 11)',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chat/1.0 Chrome/120.0.6099.56 Electron/28.0.0 Safari/537.36',
  ],
  4: [
    'Chat/1.0 (Macintosh; Intel Mac OS X 14_4)',
    'Chat/1.0 CFNetwork/1494 Darwin/23.4.0 (x86_64)',
    'Chat/1.0 CFNetwork/1494 Darwin/23.4.0 (arm64)',
    'Chat/1.0 (macOS 14.4)',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chat/1.0 Chrome/120.0.0.0 Electron/28.0.0 Safari/537.36',
  ],
  5: ['Chat/1.0 (X11; Linux x86_64)', 'Chat/1.0 (Ubuntu 24.04)', 'libsoup/3.4 (Debian)'],
  6: [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
    'Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18',
    'axios/1.6.8',
    'node',
    'curl/8.6.0',
    'python-requests/2.31.0',
    'Dart/3.3 (dart:io)',
    'Go-http-client/2.0',
    '',
  ],
};

test.each(
  Object.entries(AGENTS).flatMap(([platform, agents]) => agents.map((agent) => [Number(platform), agent] as const)),
)('platform %i is derived from the user agent %j', (platform, agent) => expect(platformOf(agent)).toBe(platform));

test('a user agent of any length is handled fast, and at most 512 characters of it are kept', () => {
  const long = `cfnetwork/1 darwin/${'('.repeat(100_000)}`;
  const started = performance.now();
  expect(platformOf(agentText(long))).toBe(1);
  expect(performance.now() - started).toBeLessThan(50);
  expect(agentText(long)).toHaveLength(512);
});
