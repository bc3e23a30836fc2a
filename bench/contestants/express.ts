import express from 'express';
import serverless from 'serverless-http';
import { getItem } from './get-item.ts';

const app = express();
app.use(express.json());
app.get('/user/profile', async (request, response) => {
  response.json(await getItem(String(request.query.key)));
});

/** The same read behind express and serverless-http. */
export const handler = serverless(app);
