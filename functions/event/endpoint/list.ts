import { listEndpoints } from '../../../shared/domain/event/endpoints.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointList } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointList, listEndpoints);
