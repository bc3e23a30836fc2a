import { exchangeToken } from '../../shared/domain/issuer/exchange.ts';
import { operation } from '../../shared/http/operation.ts';
import { tokenExchange } from '../../shared/routes/account.ts';

export const handler = operation(tokenExchange, (call, input) =>
  exchangeToken(call, input.subject_token, input.device_guid),
);
