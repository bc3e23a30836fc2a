/** Stories that every test run tells against an unkind database too; `npm run test:unkind` tells all of them so. */
import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.UNKIND ??= '1';
});

import '../support/cheap-hashing.ts';
import '../flows/user/uniqueness.test.ts';
