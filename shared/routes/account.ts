import type { Route } from './route.ts';

const area = 'account';

/** Passwords cost processor time: a whole virtual processor (1,769 MiB) makes the call about three times faster. */
const memory = 1769;

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
] as const satisfies readonly Route[];
