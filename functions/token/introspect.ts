import { introspect } from '../../shared/domain/access/introspection.ts';
import { operation } from '../../shared/http/operation.ts';
import { tokenIntrospect } from '../../shared/routes/access.ts';

export const handler = operation(tokenIntrospect, introspect);
