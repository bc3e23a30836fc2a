import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { getItem } from './get-item.ts';

const app = new Hono();
app.get('/user/profile', async (context) => context.json((await getItem(context.req.query('key') ?? '')) as object));

/** The same read behind hono. */
export const handler = handle(app);
