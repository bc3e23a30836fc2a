/** Vitest runs this before each file of those that share a process. */
import './cheap-hashing.ts';
import { forgetWorld } from './world.ts';

forgetWorld();
