import type { App } from '../data/app-repo.ts';

/** How long an instance uses an app's record without reading it again (ms). */
const CACHED = 30_000;

const apps = new Map<string, { app: App; readAt: number }>();

/** The app's record, where this instance has read it within the last 30 seconds. */
export function cachedApp(id: string, now: number): App | undefined {
  const cached = apps.get(id);
  return cached && cached.readAt > now - CACHED ? cached.app : undefined;
}

/** The app's record as this instance read it last, however long ago. */
export const lastReadApp = (id: string): App | undefined => apps.get(id)?.app;

export const cacheApp = (app: App, now: number): unknown => apps.set(app.app, { app, readAt: now });

/** Forgets what the instance keeps between calls. For tests that change an app. */
export function forgetCachedApps() {
  apps.clear();
}
