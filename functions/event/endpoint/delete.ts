import { deleteEndpoint } from '../../../shared/domain/event/endpoints.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointDelete } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointDelete, (call, { endpoint_id }) => deleteEndpoint(call, endpoint_id));
