import type { Route } from './route.ts';

const area = 'file';
const access = 'actor';

export const fileRoutes = [
  {
    id: 'group/file',
    path: '/group/file',
    methods: ['GET'],
    area,
    access,
    section: '7.24',
    summary: 'Download group file',
    grants: ['presign-get'],
  },
  {
    id: 'group/file/delete',
    path: '/group/file/delete',
    methods: ['POST', 'DELETE'],
    area,
    access,
    section: '7.25, 7.26',
    summary: 'Delete group file',
    grants: ['put', 'delete', 'check', 'delete-object'],
  },
  {
    id: 'group/file/list',
    path: '/group/file/list',
    methods: ['GET'],
    area,
    access,
    section: '7.27',
    summary: 'Get the list of group files',
    grants: ['query-lsi1', 'presign-get'],
  },
  {
    id: 'group/file/update-name',
    path: '/group/file/update_name',
    methods: ['POST', 'PUT'],
    area,
    access,
    section: '7.28, 7.29',
    summary: 'Update group file name',
    grants: ['check', 'presign-get'],
  },
  {
    id: 'group/file/upload',
    path: '/group/file/upload',
    methods: ['POST'],
    area,
    access,
    section: '7.30',
    summary: 'Upload group file',
    grants: ['put', 'check', 'presign-put'],
  },
] as const satisfies readonly Route[];
