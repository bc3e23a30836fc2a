import type { Route } from './route.ts';

const area = 'user';
const access = 'actor';

export const userRoutes = [
  {
    id: 'user/profile/get',
    path: '/user/profile',
    methods: ['GET'],
    area,
    access,
    section: '1.18',
    summary: 'Get user information',
    grants: [],
  },
  {
    id: 'user/profile/set',
    path: '/user/profile',
    methods: ['PUT', 'POST'],
    area,
    access,
    section: '1.19',
    summary: 'Update user information',
    grants: ['check'],
  },
  {
    id: 'user/settings/get',
    path: '/user/settings',
    methods: ['GET'],
    area,
    access,
    section: '1.35',
    summary: 'Get user settings',
    grants: [],
  },
  {
    id: 'user/settings/set',
    path: '/user/settings',
    methods: ['PUT', 'POST'],
    area,
    access,
    section: '1.36',
    summary: 'Modify user settings',
    grants: ['check'],
  },
] as const satisfies readonly Route[];
