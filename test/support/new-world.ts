/** Vitest runs this before each file. */
import { forgetWorld } from './world.ts';

forgetWorld();
