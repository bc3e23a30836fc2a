import type { Route } from './route.ts';

const area = 'account';

/** Passwords cost processor time: a whole virtual processor (1,769 MiB) makes the call about three times faster. */
export const PASSWORD_MEMORY = 1769;
const memory = PASSWORD_MEMORY;

export const accountRoutes = [
  {
    id: 'token/user',
    path: '/token/user',
    methods: ['POST'],
    area,
    access: 'public',
    section: 'token',
    summary: 'Log in by username or mobile number',
    grants: ['query', 'put', 'update', 'delete', 'check'],
    memory,
  },
  {
    id: 'token/id',
    path: '/token/id',
    methods: ['POST'],
    area,
    access: 'public',
    section: 'token',
    summary: 'Log in by user id',
    grants: ['query', 'put', 'update', 'delete', 'check'],
    memory,
  },
  {
    id: 'token/login',
    path: '/token/login',
    methods: ['POST'],
    area,
    access: 'public',
    section: 'token',
    summary: 'Log in by login name: username or mobile number',
    grants: ['query', 'put', 'update', 'delete', 'check'],
    memory,
  },
  {
    id: 'user/register/v2',
    path: '/user/register/v2',
    methods: ['POST'],
    area,
    access: 'public',
    section: '1.34',
    summary: 'Register user',
    grants: ['put', 'update'],
    memory,
  },
  {
    id: 'user/register/push',
    path: '/user/register/push',
    methods: ['POST'],
    area,
    access: 'public',
    section: '1.33',
    summary: 'Register push user',
    grants: ['put', 'update'],
    memory,
  },
  {
    id: 'user/register/batch',
    path: '/user/register/batch',
    methods: ['POST'],
    area,
    access: 'actor',
    section: '1.32',
    summary: 'Register user in batch',
    grants: ['query', 'put'],
    // The most that a new account's functions may have, 1.7 virtual processors, and time for a hundred passwords.
    memory: 3008,
    timeout: 29,
  },
] as const satisfies readonly Route[];
