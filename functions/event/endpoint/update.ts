import { setEndpoint } from '../../../shared/domain/event/endpoints.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointUpdate } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointUpdate, (call, { endpoint_id, ...given }) =>
  setEndpoint(call, endpoint_id, given),
);
