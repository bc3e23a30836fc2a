/** A handler that does nothing: the cost of the runtime itself. */
export const handler = async () => ({ statusCode: 200, body: '{"code":200}' });
