import { variable } from '../aws-signing.ts';
import { REFRESH_FUNCTION } from '../environment.ts';
import type { AppId } from '../ids.ts';
import { invokeLater } from './requests.ts';

/**
 * The background fetches the keys of all issuers of the app.
 * @throws Unavailable where Lambda does not take the request, Error where it refuses it
 */
export const askForKeys = (app: AppId): Promise<void> => invokeLater(variable(REFRESH_FUNCTION), { app });
