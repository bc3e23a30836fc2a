import { changeOwnSettings } from '../../shared/domain/user/settings.ts';
import { operation } from '../../shared/http/operation.ts';
import { userDownload } from '../../shared/routes/user.ts';

export const handler = operation(userDownload, (call, input) =>
  changeOwnSettings(call, { auto_download: input.value }),
);
