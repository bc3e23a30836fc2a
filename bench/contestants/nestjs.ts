import 'reflect-metadata';
import { Controller, Get, Module, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';
import serverless from 'serverless-http';
import { getItem } from './get-item.ts';

@Controller()
class UserController {
  @Get('/user/profile')
  profile(key: string) {
    return getItem(key);
  }
}

// Same as `profile(@Query('key') key: string)`, which esbuild and tsc accept but linters do not.
Query('key')(UserController.prototype, 'profile', 0);

@Module({ controllers: [UserController] })
class AppModule {}

const started = (async () => {
  const server = express();
  const app = await NestFactory.create(AppModule, new ExpressAdapter(server), { logger: false });
  await app.init();
  return serverless(server);
})();

/** The same read behind NestJS on express, deployed as in the NestJS documentation. */
export const handler = async (event: object, context: object) => (await started)(event, context);
