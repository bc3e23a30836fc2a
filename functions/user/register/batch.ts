import { registerBatch } from '../../../shared/domain/user/registration.ts';
import { entryOf } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userRegisterBatch } from '../../../shared/routes/account.ts';

const entry = userRegisterBatch.entry();

export const handler = operation(userRegisterBatch, (call, input) =>
  registerBatch(
    call,
    input.list.map((given) => {
      const checked = entryOf(entry, given);
      return 'password' in checked
        ? { ...checked, error: undefined }
        : { username: given.username, password: '', error: checked };
    }),
  ),
);
