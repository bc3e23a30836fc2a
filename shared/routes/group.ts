import type { Route } from './route.ts';

const area = 'group';
const access = 'actor';

export const groupRoutes = [
  {
    id: 'group/create',
    path: '/group/create',
    methods: ['POST'],
    area,
    access,
    section: '7.19',
    summary: 'Create group',
    grants: ['put', 'check'],
  },
  {
    id: 'group/destroy',
    path: '/group/destroy',
    methods: ['POST', 'DELETE'],
    area,
    access,
    section: '7.20, 7.21',
    summary: 'Disband group',
    grants: ['put', 'delete', 'check'],
  },
  {
    id: 'group/info',
    path: '/group/info',
    methods: ['GET'],
    area,
    access,
    section: '7.31',
    summary: 'Get group information by group id',
    grants: [],
  },
  {
    id: 'group/settings',
    path: '/group/settings',
    methods: ['GET'],
    area,
    access,
    section: '7.58',
    summary: 'Get group settings',
    grants: [],
  },
  {
    id: 'group/user-joined',
    path: '/group/user_joined',
    methods: ['GET'],
    area,
    access,
    section: '7.76',
    summary: 'Get the list of groups for the user',
    grants: ['query', 'query-lsi1'],
  },
] as const satisfies readonly Route[];
